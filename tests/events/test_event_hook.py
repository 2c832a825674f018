"""Okta's event hook over HTTP: who is let in, what is taken, what is told of it afterwards."""

from datetime import timedelta

import pytest
from click.testing import CliRunner

import config.settings
from bridge.cli import commands
from bridge.cli.operator import parts
from bridge.errors import InvalidValue
from bridge.signin.events.identity_events import NOTE, IdentityEvent
from bridge.signin.events.okta_hooks import OktaHookSettings
from bridge.signin.events.take_events import take_events
from tests.api.customers import OCTOBER, Running
from tests.events.firm import Firm
from tests.events.org import delivery, lifecycle, log_event
from tests.events.test_applying import minute

CHALLENGE = "X-Okta-Verification-Challenge"


def verify(firm: Firm, challenge: str | None = "Me_rShK8", secret: str | None = None):
    headers = {"Authorization": firm.secret if secret is None else secret}
    if challenge is not None:
        headers[CHALLENGE] = challenge
    return firm.running.client.get(f"/events/{firm.connection_id}/okta", headers=headers)


def test_okta_verifies_the_hook_once_and_is_shown_its_challenge(running: Running):
    firm = Firm.of(running)
    assert running.api(firm.customer, "GET", hooks(firm)).json["verified_at"] is None
    running.set_clock(minute(1))
    answer = verify(firm)
    assert (answer.status_code, answer.json) == (200, {"verification": "Me_rShK8"})
    running.set_clock(minute(2))
    assert verify(firm, "another").json == {"verification": "another"}
    verified_at = running.api(firm.customer, "GET", hooks(firm)).json["verified_at"]
    assert verified_at == minute(1).isoformat().replace("+00:00", "Z")


def hooks(firm: Firm) -> str:
    return f"/connections/{firm.connection_id}/okta-hooks"


@pytest.mark.parametrize("challenge", [None, "", "x" * 513])
def test_without_a_challenge_nothing_is_verified(running: Running, challenge: str | None):
    assert verify(Firm.of(running), challenge).status_code == 400


@pytest.mark.parametrize(
    "secret", ["", "nonsense", "bridge_okta_" + "x" * 51, "Bearer bridge_okta_" + "x" * 51, "ä" * 20]
)
def test_another_secret_takes_and_shows_nothing(running: Running, secret: str):
    firm = Firm.of(running, "ada")
    shown = secret.encode().decode("latin-1")
    event = lifecycle("suspend", "ext-ada", minute(1))
    answers = [firm.send(event, at=minute(2), secret=shown), verify(firm, secret=shown)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert (firm.outcomes(), firm.active()) == ({}, {"ada": True})


def test_the_secret_may_stand_behind_the_word_bearer(running: Running):
    firm = Firm.of(running)
    assert firm.send(at=OCTOBER, secret=f"Bearer {firm.secret}").status_code == 204


def test_the_secret_of_one_connection_is_none_of_another(running: Running):
    firm, other = Firm.of(running, "ada"), Firm.of(running)
    assert (
        firm.send(lifecycle("suspend", "ext-ada", minute(1)), at=minute(2), secret=other.secret).status_code
        == 401
    )
    for credential in (firm.customer.token, firm.customer.key):
        assert firm.send(at=minute(2), secret=f"Bearer {credential}").status_code == 401


@pytest.mark.parametrize("place", ["nowhere", "%00", "x" * 500])
def test_an_address_of_no_connection_leads_nowhere(running: Running, place: str):
    firm = Firm.of(running)
    answer = running.client.post(
        f"/events/{place}/okta", json=delivery(), headers={"Authorization": firm.secret}
    )
    assert answer.status_code == 404


def test_a_connection_without_a_secret_takes_nothing(running: Running):
    firm = Firm.of(running)
    made = running.api(firm.customer, "POST", "/connections", {"name": "Okta of Bergen", "kind": "okta"}).json
    answer = running.client.post(
        f"/events/{made['id']}/okta", json=delivery(), headers={"Authorization": firm.secret}
    )
    assert answer.status_code == 404


def test_hooks_of_okta_belong_to_connections_of_okta(running: Running):
    firm = Firm.of(running)
    made = running.api(firm.customer, "POST", "/connections", {"name": "Entra", "kind": "entra"}).json
    base = f"/connections/{made['id']}/okta-hooks"
    assert running.api(firm.customer, "POST", f"{base}/secret").status_code == 409
    assert running.api(firm.customer, "PUT", base, {}).status_code == 409
    assert running.api(firm.customer, "GET", base).json["has_secret"] is False


def test_the_secret_before_holds_until_the_overlap_has_passed(running: Running):
    firm = Firm.of(running)
    running.set_clock(minute(10))
    new = running.api(firm.customer, "POST", f"{hooks(firm)}/secret").json["secret"]
    shown = running.api(firm.customer, "GET", hooks(firm)).json
    assert shown["previous_secret_until"] == minute(70).isoformat().replace("+00:00", "Z")
    last, after = minute(70) - timedelta(microseconds=1), minute(70)
    assert [firm.send(at=last, secret=each).status_code for each in (firm.secret, new)] == [204, 204]
    assert [firm.send(at=after, secret=each).status_code for each in (firm.secret, new)] == [401, 204]


@pytest.mark.parametrize(
    "body", [[], {}, {"data": None}, {"data": []}, {"data": {"events": None}}, {"data": {"events": {}}}]
)
def test_what_is_no_delivery_is_refused(running: Running, body: object):
    assert Firm.of(running).send(at=OCTOBER, body=body).status_code == 400


def test_a_delivery_of_nothing_is_taken(running: Running):
    firm = Firm.of(running)
    answer = firm.send(at=OCTOBER)
    assert (answer.status_code, answer.data, firm.outcomes()) == (204, b"", {})


def test_a_delivery_may_hold_so_many_events_and_no_more(running: Running):
    firm = Firm.of(running)
    note = log_event("user.account.lock", OCTOBER)
    most = running.parts.settings.identity_events
    assert firm.send(*[note] * most, at=OCTOBER).status_code == 204
    assert firm.send(*[note] * (most + 1), at=OCTOBER).status_code == 413
    assert firm.outcomes() == {note["uuid"]: "ignored"}


def test_what_cannot_be_read_does_not_keep_the_rest_from_being_taken(running: Running, capfd):
    firm = Firm.of(running, "ada")
    event = lifecycle("suspend", "ext-ada", minute(1))
    future = lifecycle("unsuspend", "ext-ada", minute(8))
    firm.tell({"uuid": 1}, event, "text", future, at=minute(2))
    assert firm.outcomes() == {event["uuid"]: "applied"}
    told = capfd.readouterr().err
    assert '"events": 3' in told or '"events":3' in told
    assert "ext-ada" not in told


def test_a_tenant_that_sends_faster_than_allowed_is_asked_to_wait(running: Running):
    firm = Firm.of(running)
    allowed = running.parts.settings.hook_requests_burst
    running.parts.rate_limits.admit(firm.customer.tenant_id, "hook_requests", count=allowed + 200)
    answer = firm.send(at=OCTOBER)
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)


def test_the_list_tells_what_became_of_each_event_page_by_page(running: Running):
    firm = Firm.of(running, "ada")
    applied, unknown = lifecycle("suspend", "ext-ada", minute(1)), lifecycle("suspend", "ext-eve", minute(1))
    ignored = log_event("user.account.lock", minute(3))
    firm.tell(applied, unknown, at=minute(2))
    firm.tell(ignored, at=minute(4))
    waiting = lifecycle("unsuspend", "ext-ada", minute(5))
    firm.send(waiting, at=minute(6))
    pages, cursor = [], ""
    while cursor is not None:
        query = f"?limit=2{f'&cursor={cursor}' if cursor else ''}"
        page = running.api(firm.customer, "GET", f"/identity-events{query}").json
        pages.append([(each["type"], each["outcome"], each["person_id"]) for each in page["items"]])
        cursor = page["next_cursor"]
    suspend = "user.lifecycle.suspend"
    first, second = pages
    assert first == [("user.lifecycle.unsuspend", "waiting", None), ("user.account.lock", "ignored", None)]
    together = {(suspend, "unknown_person", None), (suspend, "applied", firm.people["ada"])}
    assert set(second) == together
    chosen = running.api(firm.customer, "GET", "/identity-events?outcome=applied").json["items"]
    assert [each["id"] for each in chosen] == [applied["uuid"]]
    own = f"/identity-events?connection={firm.connection_id}&limit=50"
    assert len(running.api(firm.customer, "GET", own).json["items"]) == 4
    assert running.api(firm.customer, "GET", "/identity-events?connection=other").json["items"] == []
    assert running.api(firm.customer, "GET", "/identity-events?outcome=lost").status_code == 400
    assert running.api(Firm.of(running).customer, "GET", "/identity-events").json["items"] == []


def test_events_of_one_id_and_instant_are_each_listed_once_wherever_a_page_ends(running: Running):
    """Two connections may send the same id, and one connection's two receivers as well."""
    firm = Firm.of(running)
    made = running.api(firm.customer, "POST", "/connections", {"name": "Okta of Bergen", "kind": "okta"}).json
    told = [IdentityEvent(f"é {number} " + "x" * 240, "t", minute(1), NOTE) for number in range(3)]
    places = [(firm.connection_id, "okta"), (firm.connection_id, "set"), (made["id"], "okta")]
    with running.database.write(firm.customer.tenant_id) as session:
        for connection_id, source in places:
            take_events(
                session,
                told,
                connection_id=connection_id,
                source=source,
                request_id="r",
                days=90,
                now=minute(2),
            )
    listed, cursor = [], ""
    while cursor is not None:
        query = f"?limit=1{f'&cursor={cursor}' if cursor else ''}"
        page = running.api(firm.customer, "GET", f"/identity-events{query}").json
        listed += [(each["connection_id"], each["source"], each["id"]) for each in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(listed) == sorted((*place, event.id) for place in places for event in told)


@pytest.mark.parametrize(
    ("chosen", "pointer"),
    [
        ({"plan_claim": "sub"}, "/plan_claim"),
        ({"plan_claim": "a/b"}, "/plan_claim"),
        ({"roles_claim": "a~b"}, "/roles_claim"),
        ({"roles_claim": "a\nb"}, "/roles_claim"),
        ({"roles_claim": "held", "plan_claim": "held"}, "/roles_claim"),
    ],
)
def test_claims_that_are_not_ours_to_write_cannot_be_chosen(running: Running, chosen: dict, pointer: str):
    firm = Firm.of(running)
    answer = running.api(firm.customer, "PUT", hooks(firm), chosen)
    assert (answer.status_code, answer.json["pointer"]) == (422, pointer)
    assert running.api(firm.customer, "GET", hooks(firm)).json["plan_claim"] == "plan"


@pytest.mark.parametrize(
    "chosen", [{"sign_in_apps": ("a",) * 51}, {"sign_in_apps": ("",)}, {"sign_in_apps": ("a\0b",)},
               {"sign_in_apps": ("x" * 65,)}, {"tokens": ("refresh",)}, {"plan_claim": ""},
               {"plan_claim": "x" * 65}],
)  # fmt: skip
def test_what_is_chosen_has_limits(chosen: dict):
    with pytest.raises(InvalidValue):
        OktaHookSettings(**chosen).check()


def test_the_commands_make_a_secret_choose_claims_and_list_events(running: Running, monkeypatch, tmp_path):
    firm = Firm.of(running, "ada")
    event = lifecycle("suspend", "ext-ada", minute(1))
    firm.tell(event, at=minute(2))
    monkeypatch.setenv("BRIDGE_DATABASE_URL", running.parts.settings.database_url)
    monkeypatch.setenv("BRIDGE_SECRET_KEY", "k" * 32)
    monkeypatch.setenv("BRIDGE_VAR", str(tmp_path))
    config.settings.settings.cache_clear()
    parts.cache_clear()

    def run(*words: str) -> str:
        done = CliRunner().invoke(commands, ["events", *words], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output.strip()

    secret = run("okta-secret", firm.connection_id)
    assert firm.send(at=minute(3), secret=secret).status_code == 204
    assert "are set" in run("okta-claims", firm.connection_id, "--roles-claim", "held", "--token", "access")
    shown = running.api(firm.customer, "GET", hooks(firm)).json
    assert (shown["plan_claim"], shown["roles_claim"], shown["tokens"]) == (None, "held", ["access"])
    assert event["uuid"] in run("list", firm.connection_id, "--outcome", "applied")
    assert run("list", firm.connection_id, "--outcome", "waiting") == "[]"
    parts().request_log.close()
    parts().database.dispose()
    monkeypatch.undo()
    config.settings.settings.cache_clear()
    parts.cache_clear()
