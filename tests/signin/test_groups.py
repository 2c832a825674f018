"""Groups by the word of tokens, beside those that the provider provisions."""

import threading
from datetime import timedelta
from functools import partial
from itertools import count

import pytest
from sqlalchemy import func, select

import config.settings
from bridge.alerts.tables import Alert
from bridge.directory.tables import Group, GroupVersion, Membership
from bridge.journal.record import Cause
from bridge.journal.tables import JournalEntry
from bridge.seats.tables import Seat
from bridge.signin.group_claims import GroupName
from bridge.signin.take_groups import take_groups
from tests.signin.conftest import NOW
from workers.assignments import drain

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
GUID = "6f0a41fa-7c4f-4a0e-9d5c-{:012}".format
numbers = count(1)


@pytest.fixture
def name():
    """A name that no other test uses: the customer is the module's."""
    return f"Group {next(numbers)}"


def sign_in(play, who="ada", **claims):
    subject = {"ada": "00u1", "grace": "00u2"}[who]
    play.provider.claims = {"sub": subject, "sid": f"sid-{next(numbers)}"} | claims
    answer = play.sign_in()
    assert answer.status_code == 303, answer.text


def scim(play, method, path, body=None, status=200):
    answer = play.running.scim(play.customer, method, path, body)
    assert answer.status_code == status, answer.text
    return answer.json if answer.data else None


def group(name, *people, **more):
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": each} for each in people]} | more


def listed(play, name):
    found = scim(play, "GET", f'/Groups?filter=displayName eq "{name}"')["Resources"]
    return [{**each, "members": [member["value"] for member in each.get("members", [])]} for each in found]


def groups_of(play, who="ada"):
    shown = scim(play, "GET", f"/Users/{play.customer.ids[who]}")
    return {each["display"] for each in shown.get("groups", [])}


def facts(play):
    """How much has ever been written about groups."""
    with play.running.database.read(play.customer.tenant_id) as session:
        entries = select(func.count()).where(JournalEntry.action.like("%:group:%"))
        tables = [session.scalar(select(func.count()).select_from(each)) for each in (Group, Membership)]
        return [session.scalar(entries), *tables]


def spans(play, name, who="ada"):
    with play.running.database.read(play.customer.tenant_id) as session:
        rows = (
            select(Membership.start, Membership.end)
            .join(Group, (Group.tenant_id == Membership.tenant_id) & (Group.id == Membership.group_id))
            .where(Group.display_name == name, Membership.member_id == play.customer.ids[who])
        )
        return [(start, end) for start, end in session.execute(rows.order_by(Membership.start))]


def test_a_group_known_by_tokens_alone_is_made_marked_and_shown(play, name):
    sign_in(play, groups=[name])
    [shown] = listed(play, name)
    assert shown["members"] == [play.customer.ids["ada"]]
    told = play.running.api(play.customer, "GET", f"/groups/{shown['id']}").json
    assert (told["source"], told["members"]) == ("sign-ins", 1)
    with play.running.database.read(play.customer.tenant_id) as session:
        entries = session.scalars(select(JournalEntry).where(JournalEntry.subject_id == shown["id"]))
        told = {row.action: (row.actor_kind, row.actor_id) for row in entries}
        versions = session.scalars(select(GroupVersion).where(GroupVersion.group_id == shown["id"])).all()
    by = ("connection", play.connection)
    assert told == {"signin:group:create": by, "signin:group:members": by}
    assert [(row.display_name, row.start, row.end) for row in versions] == [(name, NOW, None)]


def test_whoever_is_no_longer_named_leaves_from_that_instant(play, name):
    begin, later = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    play.set_clock(begin)
    sign_in(play, groups=[name, f"{name} b"])
    play.set_clock(later)
    sign_in(play, groups=[f"{name} b"])
    made = begin + timedelta(microseconds=1)  # after the group itself
    assert spans(play, name) == [(made, later)]
    assert spans(play, f"{name} b") == [(made, None)]
    play.set_clock(later + timedelta(hours=1))
    sign_in(play, groups=[])
    assert groups_of(play) == set()
    sign_in(play, groups=[name])
    assert spans(play, name)[1:] == [(later + timedelta(hours=1), None)]


@pytest.mark.parametrize("claims", [{}, {"groups": 7}, {"groups": {}}, {"groups": ""}, {"groups": [None]}])
def test_what_is_unknown_takes_nobody_out_of_a_group(play, name, claims):
    sign_in(play, groups=[name])
    sign_in(play, **claims)
    assert groups_of(play) == {name}


def test_a_list_that_is_not_whole_lets_in_and_takes_nobody_out(play, name):
    sign_in(play, groups=[name])
    sign_in(play, groups=[f"{name} b", 7])
    assert groups_of(play) == {name, f"{name} b"}
    sign_in(play, groups=[f"{name} c", *(f"{name} {each}" for each in range(99))])
    assert {name, f"{name} b", f"{name} c"} <= groups_of(play)


def test_a_sign_in_while_nothing_changes_writes_nothing_of_groups(play, name):
    sign_in(play, groups=[name, f"{name} b"])
    before = facts(play)
    sign_in(play, groups=[f"{name} B", name, name.upper()])
    assert facts(play) == before
    sign_in(play)
    assert facts(play) == before


def test_a_group_that_is_provisioned_is_decided_by_scim_alone(play, name):
    ada, grace = play.customer.ids["ada"], play.customer.ids["grace"]
    sign_in(play, groups=[])
    made = scim(play, "POST", "/Groups", group(name, grace), 201)
    before = facts(play)
    sign_in(play, "ada", groups=[name])
    sign_in(play, "grace", groups=[])
    assert listed(play, name)[0]["members"] == [grace]
    assert facts(play) == before
    add = {"op": "add", "path": "members", "value": [{"value": ada}]}
    scim(play, "PATCH", f"/Groups/{made['id']}", {"schemas": [PATCH], "Operations": [add]})
    sign_in(play, "ada", groups=[])
    assert sorted(listed(play, name)[0]["members"]) == sorted([ada, grace])
    scim(play, "DELETE", f"/Groups/{made['id']}", status=204)


def test_a_group_that_was_deleted_comes_back_by_scim_alone(play, name):
    sign_in(play, groups=[name])
    scim(play, "DELETE", f"/Groups/{listed(play, name)[0]['id']}", status=204)
    before = facts(play)
    sign_in(play, groups=[name])
    assert (listed(play, name), facts(play)) == ([], before)
    scim(play, "POST", "/Groups", group(name), 201)
    sign_in(play, groups=[name])
    assert listed(play, name)[0]["members"] == []


@pytest.mark.parametrize("members", [[], ["grace"], ["ada", "grace"]])
def test_the_provider_adopts_a_group_by_creating_it(play, name, members):
    sign_in(play, groups=[name])
    [known] = listed(play, name)
    ids = [play.customer.ids[each] for each in members]
    made = scim(play, "POST", "/Groups", group(name.upper(), *ids, externalId=f"00g-{name}"), 201)
    assert (made["id"], made["displayName"], made["externalId"]) == (known["id"], name.upper(), f"00g-{name}")
    [shown] = listed(play, name)
    assert sorted(shown["members"]) == sorted(ids or [play.customer.ids["ada"]])
    assert play.running.api(play.customer, "GET", f"/groups/{known['id']}").json["source"] == "scim"
    before = facts(play)
    sign_in(play, groups=[])
    sign_in(play, "grace", groups=[name])
    assert facts(play) == before
    scim(play, "DELETE", f"/Groups/{known['id']}", status=204)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_the_provider_adopts_a_group_by_changing_it_even_to_what_it_is(play, name, method):
    sign_in(play, groups=[name])
    [known] = listed(play, name)
    ada = play.customer.ids["ada"]
    add = {"op": "add", "path": "members", "value": [{"value": ada}]}
    body = group(name, ada) if method == "PUT" else {"schemas": [PATCH], "Operations": [add]}
    scim(play, method, f"/Groups/{known['id']}", body)
    sign_in(play, groups=[])
    assert listed(play, name)[0]["members"] == [ada]
    with play.running.database.read(play.customer.tenant_id) as session:
        entries = select(JournalEntry.action).where(JournalEntry.subject_id == known["id"])
        assert "scim:group:adopt" in session.scalars(entries).all()
    scim(play, "DELETE", f"/Groups/{known['id']}", status=204)


def test_a_group_by_its_object_id_is_adopted_under_its_name(play):
    play.provider.entra = True
    play.set_oidc(preset="entra", issuer=play.provider.issuer)
    guid, other = GUID(next(numbers)), GUID(next(numbers))
    tid = play.provider.issuer.split("/")[-2]
    own = {"tid": tid, "oid": "00u1"}
    sign_in(play, groups=[guid.upper(), other], **own)
    [known] = listed(play, guid)
    made = scim(play, "POST", "/Groups", group("Depot", externalId=guid), 201)
    assert (made["id"], groups_of(play)) == (known["id"], {"Depot", other})
    sign_in(play, groups=[other], **own)
    assert groups_of(play) == {"Depot", other}
    sign_in(play, groups=[guid], **own)
    assert groups_of(play) == {"Depot"}
    scim(play, "DELETE", f"/Groups/{made['id']}", status=204)


def test_a_rename_by_scim_to_a_name_that_tokens_know_wins(play, name):
    sign_in(play, groups=[name])
    made = scim(play, "POST", "/Groups", group(f"{name} old"), 201)
    scim(play, "PUT", f"/Groups/{made['id']}", group(name))
    sign_in(play, groups=[name])
    assert [each["members"] for each in listed(play, name)] == [[], []]
    sign_in(play, "grace", groups=[name])
    assert [each["members"] for each in listed(play, name)] == [[], []]


@pytest.mark.parametrize(
    ("settings", "told", "joined"),
    [
        ({}, {"groups": True}, False),
        ({"groups_from_userinfo": True}, {"groups": True}, True),
        ({"group_claim": "teams"}, {"teams": True}, False),
        ({"group_claim": "teams", "groups_from_userinfo": True}, {"teams": True}, True),
    ],
)
def test_userinfo_tells_of_groups_only_where_the_connection_says_so(play, name, settings, told, joined):
    play.set_oidc(**settings)
    play.provider.metadata = {}
    play.provider.userinfo = {claim: [name] for claim in told}
    sign_in(play)
    assert (name in groups_of(play)) == joined
    play.provider.userinfo = {}


@pytest.mark.parametrize(
    ("settings", "claim"),
    [
        ({"preset": "okta"}, "groups"), ({"preset": "generic"}, None), ({"group_claim": ""}, None),
        ({"preset": "generic", "group_claim": "memberOf"}, "memberOf"),
    ],
)  # fmt: skip
def test_each_preset_has_its_claim_and_a_connection_may_have_another(play, name, settings, claim):
    play.set_oidc(**settings)
    shown = play.running.api(play.customer, "GET", f"/connections/{play.connection}/oidc").json
    assert (shown["group_claim"], shown["groups_from_userinfo"]) == (claim, False)
    sign_in(play, groups=[name], memberOf=[f"{name} m"])
    expected = {"groups": {name}, None: set(), "memberOf": {f"{name} m"}}[claim]
    assert groups_of(play) & {name, f"{name} m"} == expected


@pytest.mark.parametrize("claim", ["sub", "a\nb", "x" * 256])
def test_a_claim_that_can_be_none_of_groups_is_refused(play, claim):
    body = {"issuer": play.provider.issuer, "client_id": "c", "group_claim": claim}
    answer = play.running.api(play.customer, "PUT", f"/connections/{play.connection}/oidc", body)
    assert (answer.status_code, answer.json["pointer"]) == (422, "/group_claim")


def test_as_many_groups_as_the_limit_are_taken_and_one_more_changes_nothing(play, name, monkeypatch):
    monkeypatch.setenv("BRIDGE_CLAIM_GROUPS", "300")
    config.settings.settings.cache_clear()
    many = [f"{name} {each}" for each in range(301)]
    sign_in(play, groups=many[:300])
    assert groups_of(play) == set(many[:300])
    before = facts(play)
    sign_in(play, groups=many)
    assert facts(play) == before
    sign_in(play, groups=[])
    assert groups_of(play) == set()
    config.settings.settings.cache_clear()


def test_whoever_is_in_thousands_of_groups_signs_in_all_the_same(play, name):
    sign_in(play, groups=[name])
    before = facts(play)
    sign_in(play, groups=[GUID(each) for each in range(10_000)])
    assert facts(play) == before
    told = [row.detail for row in play.rows(Alert) if row.closed_at is None]
    assert any("BRIDGE_CLAIM_GROUPS" in each for each in told)
    sign_in(play, groups=[f"{each} {'x' * 1000}" for each in range(300)])
    assert len(groups_of(play)) == 300
    sign_in(play, groups=[])


def test_names_up_to_what_an_index_holds_are_groups_and_longer_ones_are_none(play, name):
    long = f"{name} {'x' * 990}"
    sign_in(play, groups=[long, "y" * 1025, "é" * 600])
    assert groups_of(play) == {long}


def test_two_who_sign_in_at_once_make_one_group(play, name):
    database, tenant_id = play.running.database, play.customer.tenant_id
    names = [GroupName(name), GroupName(f"{name} b")]
    start, errors = threading.Barrier(2), []

    def take(who):
        try:
            start.wait()
            with database.write(tenant_id) as session:
                take_groups(
                    session, play.connection, play.customer.ids[who], names, is_whole=True,
                    cause=Cause("connection", play.connection, who), now=NOW,
                )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - told by the other thread
            errors.append(error)

    threads = [threading.Thread(target=partial(take, who)) for who in ("ada", "grace")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert errors == []
    for each in (name, f"{name} b"):
        [shown] = listed(play, each)
        assert sorted(shown["members"]) == sorted([play.customer.ids["ada"], play.customer.ids["grace"]])


def test_another_connection_of_the_same_customer_has_groups_of_its_own(play, name):
    other = play.running.api(play.customer, "POST", "/connections", {"name": name, "kind": "okta"}).json["id"]
    sign_in(play, groups=[name])
    with play.running.database.write(play.customer.tenant_id) as session:
        take_groups(
            session, other, play.customer.ids["ada"], [], is_whole=True,
            cause=Cause("connection", other, ""), now=NOW,
        )  # fmt: skip
    assert groups_of(play) == {name}


def test_the_seat_follows_from_the_token(play, name):
    sign_in(play, groups=[name])
    [known] = listed(play, name)
    premium = {"name": "drivers", "when": f'groups.value eq "{known["id"]}"', "plan": "premium"}
    answer = play.running.api(play.customer, "POST", "/rule-sets", {"rules": [premium]})
    assert answer.status_code == 201, answer.json
    drain(play.running.database, play.customer.tenant_id)
    ada = play.customer.ids["ada"]
    assert seats(play, ada)[-1] == ("premium", None)
    play.set_clock(NOW + timedelta(hours=3))
    sign_in(play)
    drain(play.running.database, play.customer.tenant_id)
    assert seats(play, ada)[-1] == ("premium", None)
    sign_in(play, groups=[])
    drain(play.running.database, play.customer.tenant_id)
    assert seats(play, ada)[-1] == ("premium", NOW + timedelta(hours=3))
    answer = play.running.api(play.customer, "POST", "/rule-sets", {"rules": []})
    assert answer.status_code == 201, answer.json


def seats(play, person_id):
    with play.running.database.read(play.customer.tenant_id) as session:
        rows = select(Seat.plan, Seat.end).where(Seat.person_id == person_id).order_by(Seat.start)
        return [tuple(row) for row in session.execute(rows)]
