"""People who are in more groups than a token of Entra holds: asked for at a double of Microsoft Graph."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, select

import config.settings
from bridge.alerts.tables import Alert
from bridge.signin.fetch import FetchLimits, fetch
from bridge.signin.forget import forget_identities
from bridge.signin.graph import graph_url
from bridge.signin.group_questions import lease_questions, next_question
from bridge.signin.key_sets import KeySets
from bridge.signin.resolve_groups import resolve_groups
from bridge.signin.tables import GroupQuestion
from bridge.tenants.tables import DueTenant
from config.settings import Settings
from tests.signin.conftest import NOW
from tests.signin.provider_double import Told, site
from tests.signin.signing import rsa
from tests.signin.test_groups import PATCH, facts, group, groups_of, scim
from workers.groups import resolve_all

numbers = count(1)
OVERAGE = {
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {"src1": {"endpoint": "http://127.0.0.1:9/users/oid/getMemberObjects"}},
}


@pytest.fixture
def guid():
    return f"0c5a4d6e-1111-2222-3333-{next(numbers):012}"


@dataclass
class Graph:
    """Somebody whose groups are asked for, the double, and the bridge's settings."""

    play: object
    url: str = ""
    asked: list = field(default_factory=list)
    answer: Any = Told({"value": []})  # noqa: RUF009 - frozen
    chosen: Settings | None = None

    def __call__(self, asked):
        self.asked.append(asked)
        return self.answer(asked) if callable(self.answer) else self.answer

    def sign_in(self, who="ada", **claims):
        oid = {"ada": "00u1", "grace": "00u2"}[who]
        tid = self.play.provider.issuer.split("/")[-2]
        told = {"sub": f"sub-{oid}", "oid": oid, "tid": tid, "sid": f"overage-{next(numbers)}"}
        self.play.provider.claims = told | claims
        answer = self.play.sign_in()
        assert answer.status_code == 303, answer.text

    def work(self, at: datetime = NOW, **changed) -> int:
        running = self.play.running
        chosen = self.chosen.model_copy(update=changed)
        return resolve_groups(
            running.database, self.play.customer.tenant_id, seal=running.parts.seal,
            key_sets=KeySets(chosen), chosen=chosen, now=at,
        )  # fmt: skip

    def questions(self):
        return self.play.rows(GroupQuestion)

    def told(self):
        return [row.detail for row in self.play.rows(Alert) if row.closed_at is None]


@pytest.fixture
def graph(play, tmp_path):
    with play.running.database.write(play.customer.tenant_id) as session:
        session.execute(delete(GroupQuestion))
        session.execute(delete(Alert))
    with play.running.database.unscoped() as unscoped:
        unscoped.execute(delete(DueTenant).where(DueTenant.cause == "groups"))
    play.provider.entra = True
    play.set_oidc(preset="entra", issuer=play.provider.issuer)
    double = Graph(play)
    with site(double) as there:
        double.url = there.url
        double.chosen = Settings(
            var=tmp_path, secret_key="k" * 32, private_providers=True, graph_url=there.url,
            provider_seconds=2.0,
        )  # fmt: skip
        yield double


@pytest.mark.parametrize("claims", [OVERAGE, {"hasgroups": True}])
def test_groups_that_a_token_has_no_room_for_are_asked_for_at_graph(graph, guid, claims):
    graph.answer = Told({"value": [guid]})
    graph.sign_in(**claims)
    assert guid not in groups_of(graph.play)
    [question] = graph.questions()
    assert (question.object_id, question.attempts, question.failure) == ("00u1", 0, None)
    assert graph.work() == 1
    assert groups_of(graph.play) == {guid}
    [asked] = graph.asked
    assert (asked.method, asked.path) == ("POST", "/v1.0/users/00u1/getMemberGroups")
    assert asked.body == b'{"securityEnabledOnly":false}'
    assert asked.headers["Authorization"] == "Bearer app-1"
    [*_, form] = [each.form for each in graph.play.provider.site.asked if "scope" in each.form]
    assert form["scope"] == f"{graph.url}/.default"
    assert (graph.questions(), graph.told(), graph.work()) == ([], [], 0)


def test_who_has_left_a_group_leaves_it_and_provisioned_ones_are_let_alone(graph, guid):
    play, other = graph.play, f"9{guid[1:]}"
    made = scim(play, "POST", "/Groups", group(f"Depot {guid}", externalId=other), 201)
    graph.answer = Told({"value": [guid, other]})
    graph.sign_in(**OVERAGE)
    graph.work()
    assert groups_of(play) == {guid}
    before = facts(play)
    graph.sign_in(**OVERAGE)
    graph.work()
    assert facts(play) == before
    graph.answer = Told({"value": [other]})
    graph.sign_in(**OVERAGE)
    graph.work()
    assert groups_of(play) == set()
    scim(play, "DELETE", f"/Groups/{made['id']}", status=204)


@pytest.mark.parametrize(
    ("answer", "reason", "advice"),
    [
        (
            Told({"error": {"code": "Authorization_RequestDenied"}}, 403),
            "not_allowed",
            "GroupMember.Read.All",
        ),
        (Told({}, 401), "not_allowed", "User.ReadBasic.All"),
        (Told({"error": {"code": "Request_ResourceNotFound"}}, 404), "unknown_person", "guest"),
        (Told({"error": {"code": "Directory_ResultSizeLimitExceeded"}}, 400), "too_many", "assigned"),
        (Told({"error": {"code": "BadRequest"}}, 400), "provider_status", None),
        (Told({}, 429), "throttled", None),
        (Told(b"oops", 503), "provider_status", None),
        (Told({}, 302, {"Location": "http://127.0.0.1:9/"}), "provider_redirects", None),
        (Told(b'{"value": ["'), "provider_answer", None),
        (Told({"value": ["a", 7]}), "provider_answer", None),
        (Told({"value": ["a"], "@odata.nextLink": "https://x"}), "incomplete", None),
        (Told({"value": ["a", " "]}), "too_many", "assigned"),
    ],
)
def test_what_fails_changes_nothing_and_is_tried_again(graph, guid, answer, reason, advice):
    graph.answer = Told({"value": [guid]})
    graph.sign_in(**OVERAGE)
    graph.work()
    before = facts(graph.play)
    graph.answer = answer
    graph.sign_in(**OVERAGE)
    assert graph.work() == 1
    assert facts(graph.play) == before
    [question] = graph.questions()
    assert (question.failure, question.attempts) == (reason, 1)
    assert question.next_attempt_at == NOW + timedelta(minutes=1)
    assert [advice in each for each in graph.told()] == ([True] if advice else [])
    assert graph.work(NOW + timedelta(seconds=59)) == 0
    graph.answer = Told({"value": []})
    assert graph.work(NOW + timedelta(minutes=1)) == 1
    assert (groups_of(graph.play), graph.questions(), graph.told()) == (set(), [], [])


def test_graph_is_given_the_pause_that_it_asks_for_by_everybody(graph):
    graph.answer = Told({}, 429, {"Retry-After": "600"})
    graph.sign_in("ada", **OVERAGE)
    graph.sign_in("grace", **OVERAGE)
    assert graph.work() == 2
    assert len(graph.asked) == 1
    assert {row.next_attempt_at for row in graph.questions()} == {NOW + timedelta(seconds=600)}
    graph.sign_in("ada", **OVERAGE)  # does not make it sooner
    assert graph.work(NOW + timedelta(seconds=599)) == 0
    assert graph.work(NOW + timedelta(seconds=600)) == 2


def test_an_outage_is_told_of_when_it_lasts_and_given_up_in_the_end(graph):
    graph.answer = Told({}, 503)
    graph.sign_in(**OVERAGE)
    at, told = NOW, []
    for _ in range(12):
        assert graph.work(at) == 1
        told.append(len(graph.told()))
        [at] = [row.next_attempt_at for row in graph.questions()] or [at]
    assert told == [0, 0, *[1] * 10]
    assert graph.questions() == []
    assert at - NOW < timedelta(days=3)


def test_an_answer_that_takes_too_long_is_none(graph):
    graph.chosen = graph.chosen.model_copy(update={"graph_url": "http://127.0.0.1:9"})
    graph.sign_in(**OVERAGE)
    graph.work()
    assert [row.failure for row in graph.questions()] == ["provider_unreachable"]


@pytest.mark.parametrize(
    ("answer", "changed", "reason"),
    [
        (Told({"error": "invalid_client"}, 401), {}, "refused_client"),
        (Told({"error": "unauthorized_client"}, 400), {}, "refused_client"),
        (Told({"token_type": "Bearer"}), {}, "provider_answer"),
        (Told(b"oops", 500), {}, "provider_status"),
        (Told({"access_token": "a\nb"}), {}, "provider_answer"),
        (Told({"access_token": "a"}), {"client_secret": None, "public_client": True}, "no_secret"),
    ],
)
def test_without_a_token_of_its_own_graph_is_not_asked(graph, answer, changed, reason):
    graph.play.set_oidc(preset="entra", issuer=graph.play.provider.issuer, **changed)
    graph.play.provider.app_token = answer
    graph.sign_in("ada", **OVERAGE)
    graph.sign_in("grace", **OVERAGE)
    graph.work()
    assert [row.failure for row in graph.questions()] == [reason, reason]
    assert graph.asked == []


def test_a_private_key_asks_as_well_as_a_secret(graph, guid):
    pem = rsa().as_pem(private=True).decode()
    graph.play.set_oidc(
        preset="entra", issuer=graph.play.provider.issuer, client_secret=None, private_key=pem
    )
    graph.answer = Told({"value": [guid]})
    graph.sign_in(**OVERAGE)
    graph.work()
    assert groups_of(graph.play) == {guid}


def test_a_token_that_names_its_groups_answers_the_question(graph, guid):
    graph.sign_in(**OVERAGE)
    graph.sign_in(groups=[guid])
    assert graph.questions() == []
    assert (graph.work(), groups_of(graph.play)) == (0, {guid})


def test_an_answer_that_a_later_token_overtook_is_not_written(graph, guid):
    graph.sign_in(**OVERAGE)

    def slow(_asked):
        graph.play.set_clock(NOW + timedelta(seconds=1))
        graph.sign_in(groups=[guid])
        return Told({"value": []})

    graph.answer = slow
    graph.work()
    assert (groups_of(graph.play), graph.questions()) == ({guid}, [])


def test_what_a_later_token_asks_meanwhile_is_asked_at_once(graph, guid):
    graph.sign_in(**OVERAGE)

    def slow(_asked):
        graph.play.set_clock(NOW + timedelta(seconds=1))
        graph.sign_in(**OVERAGE)
        return Told({"value": [guid]})

    graph.answer = slow
    graph.work()
    assert guid not in groups_of(graph.play)
    [question] = graph.questions()
    assert (question.asked_at, question.next_attempt_at) == (NOW + timedelta(seconds=1), NOW)
    graph.answer = Told({"value": [guid]})
    assert graph.work(NOW + timedelta(seconds=1)) == 1
    assert groups_of(graph.play) == {guid}


def test_whoever_was_deactivated_meanwhile_keeps_their_groups_and_is_asked_for_no_more(graph, guid):
    play, path = graph.play, f"/Users/{graph.play.customer.ids['ada']}"
    graph.sign_in(groups=[guid])
    graph.sign_in(**OVERAGE)
    before = facts(play)
    for active in (False, True):
        change = {"op": "replace", "path": "active", "value": active}
        scim(play, "PATCH", path, {"schemas": [PATCH], "Operations": [change]})
        if not active:
            assert graph.work() == 1
    assert (facts(play), groups_of(play), graph.questions()) == (before, {guid}, [])


def test_what_is_leased_is_left_to_its_worker_until_the_lease_is_over(graph):
    graph.sign_in(**OVERAGE)
    database, tenant_id = graph.play.running.database, graph.play.customer.tenant_id
    [leased] = lease_questions(database, tenant_id, limit=10, now=NOW)
    assert (leased.attempt, lease_questions(database, tenant_id, limit=10, now=NOW)) == (1, [])
    [again] = lease_questions(database, tenant_id, limit=10, now=NOW + timedelta(minutes=10))
    assert again.attempt == 2


def test_nobody_is_asked_for_where_the_connection_wants_no_groups_any_more(graph):
    graph.sign_in(**OVERAGE)
    graph.play.set_oidc(preset="entra", issuer=graph.play.provider.issuer, group_claim="")
    assert graph.work() == 1
    assert (graph.questions(), graph.asked) == ([], [])


def test_an_erased_person_is_not_asked_for(graph):
    graph.sign_in("grace", **OVERAGE)
    with graph.play.running.database.write(graph.play.customer.tenant_id) as session:
        assert next_question(session) == NOW
        forget_identities(session, [graph.play.customer.ids["grace"]])
    assert graph.questions() == []


def test_the_workers_are_told_at_once(graph):
    graph.sign_in(**OVERAGE)
    assert NOW in due(graph)


def test_a_worker_asks_and_comes_back_for_what_is_put_off(graph, guid, monkeypatch):
    for name, value in (("SECRET_KEY", "k" * 32), ("PRIVATE_PROVIDERS", "1"), ("GRAPH_URL", graph.url)):
        monkeypatch.setenv(f"BRIDGE_{name}", value)
    config.settings.settings.cache_clear()
    database, tenant_id = graph.play.running.database, graph.play.customer.tenant_id
    graph.answer = Told({}, 503)
    graph.sign_in(**OVERAGE)
    resolve_all(database, tenant_id)
    assert due(graph) == {NOW + timedelta(minutes=1)}
    graph.answer = Told({"value": [guid]})
    graph.play.set_clock(NOW + timedelta(minutes=1))
    resolve_all(database, tenant_id)
    assert (groups_of(graph.play), due(graph)) == ({guid}, set())
    config.settings.settings.cache_clear()


def due(graph):
    with graph.play.running.database.unscoped_read() as session:
        rows = session.scalars(select(DueTenant).where(DueTenant.cause == "groups")).all()
    return {row.wake_at for row in rows if row.tenant_id == graph.play.customer.tenant_id}


def test_other_providers_that_point_elsewhere_are_told_of_and_change_nothing(graph):
    play = graph.play
    play.provider.entra = False
    play.set_oidc(preset="okta", issuer=play.provider.issuer)
    before = facts(play)
    play.provider.claims = {"sub": "00u1", **OVERAGE}
    assert play.sign_in().status_code == 303
    assert (facts(play), graph.questions()) == (before, [])
    [told] = graph.told()
    assert "Entra alone" in told


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://login.microsoftonline.com/x/v2.0", "https://graph.microsoft.com"),
        ("https://login.microsoftonline.us/x/v2.0", "https://graph.microsoft.us"),
        ("https://login.partner.microsoftonline.cn/x/v2.0", "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_each_cloud_has_its_graph(issuer, url):
    assert graph_url(issuer, Settings()) == url


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("9" * 40, 86_400),
        ("-1", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_a_pause_is_told_in_seconds_within_a_day(told, seconds):
    with site(lambda _asked: Told({}, 429, {"Retry-After": told})) as there:
        assert fetch(there.url, FetchLimits(2.0, 1000, private=True), headers={}).retry_after == seconds
