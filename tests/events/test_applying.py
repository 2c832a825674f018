"""What events make of people, memberships, sign-ins; each once, in the order of its own time."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bridge.directory.tables import Membership, PersonVersion
from bridge.journal.tables import JournalEntry
from bridge.signin.events.forget_events import forget_events
from bridge.signin.events.tables import EventStanding, ReceivedEvent
from bridge.signin.tables import Identity
from bridge.usage.tables import SignIn
from tests.api.customers import OCTOBER, Running, group
from tests.events.firm import APP, Firm
from tests.events.org import delivery, lifecycle, log_event, membership, sign_in, user

SALES = ("00gSales", "Sales")


def minute(number: float) -> datetime:
    return OCTOBER + timedelta(minutes=number)


def test_a_suspended_person_is_inactive_and_comes_back_when_unsuspended(running: Running):
    firm = Firm.of(running, "ada", "bob")
    firm.tell(lifecycle("suspend", "ext-ada", minute(1)), at=minute(2))
    assert firm.active() == {"ada": False, "bob": True}
    assert firm.scim("GET", f"/Users/{firm.people['ada']}").json["active"] is False
    firm.tell(lifecycle("unsuspend", "ext-ada", minute(3)), at=minute(4))
    assert firm.active() == {"ada": True, "bob": True}


def test_what_an_event_changed_is_journalled_with_its_event_and_request(running: Running):
    firm = Firm.of(running, "ada")
    event = lifecycle("deactivate", "ext-ada", minute(1))
    request_id = firm.send(event, at=minute(2)).headers["X-Request-Id"]
    firm.apply(at=minute(3))
    [row] = firm.read(select(JournalEntry).where(JournalEntry.action == "events:person:deactivate"))
    entry = row[0]
    assert (entry.actor_kind, entry.actor_id) == ("connection", firm.connection_id)
    assert (entry.request_id, entry.details) == (request_id, {"event": event["uuid"]})
    [(ended_by, start)] = firm.read(
        select(PersonVersion.started_by, PersonVersion.start).where(PersonVersion.end.is_(None))
    )
    assert (ended_by, start) == (entry.id, minute(3))


def test_an_older_event_that_comes_after_a_newer_one_changes_nothing(running: Running):
    firm = Firm.of(running, "ada")
    newer, older = lifecycle("suspend", "ext-ada", minute(5)), lifecycle("unsuspend", "ext-ada", minute(4))
    firm.tell(newer, at=minute(6))
    firm.tell(older, at=minute(7))
    assert firm.active() == {"ada": False}
    assert firm.outcomes() == {newer["uuid"]: "applied", older["uuid"]: "superseded"}


def test_the_same_event_again_is_taken_once(running: Running):
    firm = Firm.of(running, "ada")
    event = lifecycle("suspend", "ext-ada", minute(1))
    firm.tell(event, event, at=minute(2))
    firm.set_active("ada", active=True, at=minute(3))
    firm.tell(event, at=minute(4))
    assert firm.active() == {"ada": True}
    assert firm.outcomes() == {event["uuid"]: "applied"}


def test_a_later_word_of_scim_stands_and_an_event_after_it_holds_again(running: Running):
    firm = Firm.of(running, "ada")
    firm.set_active("ada", active=False, at=minute(10))
    early = lifecycle("activate", "ext-ada", minute(9))
    firm.tell(early, at=minute(11))
    assert (firm.active(), firm.outcome(early)) == ({"ada": False}, "superseded")
    late = lifecycle("reactivate", "ext-ada", minute(12))
    firm.tell(late, at=minute(13))
    assert (firm.active(), firm.outcome(late)) == ({"ada": True}, "applied")


def test_an_event_from_before_somebody_was_provisioned_says_nothing_of_them(running: Running):
    firm = Firm.of(running, "ada")
    event = lifecycle("deactivate", "ext-ada", OCTOBER - timedelta(seconds=1))
    firm.tell(event, at=minute(1))
    assert (firm.active(), firm.outcome(event)) == ({"ada": True}, "superseded")


def test_nobody_is_found_by_an_email_or_on_another_connection(running: Running):
    firm, other = Firm.of(running, "ada"), Firm.of(running, "bob")
    by_mail = lifecycle("deactivate", "ada@lindqvist.example", minute(1))
    elsewhere = lifecycle("deactivate", "ext-bob", minute(1))
    firm.tell(by_mail, elsewhere, at=minute(2))
    assert (firm.active(), other.active()) == ({"ada": True}, {"bob": True})
    assert set(firm.outcomes().values()) == {"unknown_person"}
    assert other.outcomes() == {}


def test_a_linked_identity_tells_whom_an_event_means_where_no_external_id_does(running: Running):
    firm = Firm.of(running, "ada", "bob")
    row = {
        "tenant_id": firm.customer.tenant_id, "connection_id": firm.connection_id,
        "issuer": "https://okta.example", "subject": "00uAda", "person_id": firm.people["ada"],
        "linked_by": "administrator", "linked_at": minute(0), "cause_id": "cause",
    }  # fmt: skip
    with running.database.write(firm.customer.tenant_id) as session:
        session.add_rows(Identity, [row])
    firm.tell(lifecycle("suspend", "00uAda", minute(1)), at=minute(2))
    assert firm.active() == {"ada": False, "bob": True}


def test_a_deleted_person_is_unknown_to_events(running: Running):
    firm = Firm.of(running, "ada")
    firm.scim("DELETE", f"/Users/{firm.people['ada']}")
    event = lifecycle("activate", "ext-ada", minute(5))
    firm.tell(event, at=minute(6))
    assert (firm.active(), firm.outcome(event)) == ({"ada": False}, "unknown_person")


def test_who_joins_and_leaves_a_group_is_a_member_meanwhile(running: Running):
    firm = Firm.of(running, "ada", "bob", groups=["Sales"])
    firm.tell(membership("add", "ext-ada", SALES, minute(1)), at=minute(2))
    assert firm.members("Sales") == {"ada"}
    version = firm.scim("GET", f"/Groups/{firm.groups['Sales']}").json["meta"]["version"]
    again = membership("add", "ext-ada", SALES, minute(3))
    firm.tell(again, membership("add", "ext-bob", SALES, minute(3)), at=minute(4))
    assert (firm.members("Sales"), firm.outcome(again)) == ({"ada", "bob"}, "unchanged")
    firm.tell(membership("remove", "ext-ada", SALES, minute(5)), at=minute(6))
    assert firm.members("Sales") == {"bob"}
    shown = firm.scim("GET", f"/Groups/{firm.groups['Sales']}").json
    assert [each["value"] for each in shown["members"]] == [firm.people["bob"]]
    assert shown["meta"]["version"] != version
    [(start, end)] = firm.read(
        select(Membership.start, Membership.end).where(Membership.member_id == firm.people["ada"])
    )
    assert (start, end) == (minute(2), minute(6))


def test_a_membership_that_scim_ended_later_stays_ended(running: Running):
    firm = Firm.of(running, "ada", groups=["Sales"])
    firm.tell(membership("add", "ext-ada", SALES, minute(1)), at=minute(2))
    running.set_clock(minute(5))
    firm.scim("PUT", f"/Groups/{firm.groups['Sales']}", group("Sales"))
    early, late = (membership("add", "ext-ada", SALES, minute(at)) for at in (4, 6))
    firm.tell(early, at=minute(7))
    assert (firm.members("Sales"), firm.outcome(early)) == (set(), "superseded")
    firm.tell(late, at=minute(8))
    assert (firm.members("Sales"), firm.outcome(late)) == ({"ada"}, "applied")


def test_a_group_is_known_by_its_external_id_before_its_name(running: Running):
    firm = Firm.of(running, "ada", groups=["Sales"])
    made = firm.scim("POST", "/Groups", {**group("Sales of old"), "externalId": "00gOld"}).json["id"]
    firm.groups["Old"] = made
    firm.tell(membership("add", "ext-ada", ("00gOld", "Sales"), minute(1)), at=minute(2))
    assert (firm.members("Old"), firm.members("Sales")) == ({"ada"}, set())


@pytest.mark.parametrize("name", ["Nobody's", None, "x" * 4000])
def test_a_group_that_is_not_provisioned_is_unknown(running: Running, name: str | None):
    firm = Firm.of(running, "ada", groups=["Sales"])
    event = membership("add", "ext-ada", ("00gX", name), minute(1))
    firm.tell(event, at=minute(2))
    assert (firm.members("Sales"), firm.outcome(event)) == (set(), "unknown_group")


def test_two_groups_of_one_name_are_not_told_apart(running: Running):
    firm = Firm.of(running, "ada", groups=["Sales"])
    firm.groups["Namesake"] = firm.scim("POST", "/Groups", group("SALES")).json["id"]
    event = membership("add", "ext-ada", SALES, minute(1))
    firm.tell(event, at=minute(2))
    assert firm.outcome(event) == "unknown_group"


def test_a_sign_in_to_our_application_is_a_usage_fact_once(running: Running):
    firm = Firm.of(running, "ada")
    ours, others = sign_in("ext-ada", APP, minute(1)), sign_in("ext-ada", "0oaPayroll", minute(1))
    firm.tell(ours, others, at=minute(2))
    firm.tell(ours, at=minute(3))
    [row] = firm.read(select(SignIn.id, SignIn.person_id, SignIn.at, SignIn.connection_id))
    assert tuple(row) == (ours["uuid"], firm.people["ada"], minute(1), firm.connection_id)
    assert (firm.outcome(ours), firm.outcome(others)) == ("applied", "ignored")


def test_a_sign_in_that_is_too_late_to_be_billed_is_refused(running: Running):
    firm = Firm.of(running, "ada")
    event = sign_in("ext-ada", APP, minute(1))
    firm.tell(event, at=minute(1) + timedelta(days=36))
    assert (firm.outcome(event), firm.read(select(SignIn.id))) == ("refused", [])


def test_an_event_that_is_older_than_the_retention_is_not_applied(running: Running):
    firm = Firm.of(running, "ada")
    old, good = (lifecycle("suspend", "ext-ada", minute(at)) for at in (1, 2))
    firm.send(old, at=minute(1) + timedelta(days=90, microseconds=1))
    firm.send(good, at=minute(2) + timedelta(days=90))
    firm.apply(at=minute(3) + timedelta(days=90))
    assert (firm.outcome(old), firm.outcome(good)) == ("refused", "applied")


def test_what_is_settled_names_nobody_and_is_forgotten_while_its_word_stays(running: Running):
    firm = Firm.of(running, "ada")
    firm.tell(
        lifecycle("suspend", "ext-ada", minute(5)), lifecycle("suspend", "ext-eve", minute(5)), at=minute(6)
    )
    firm.send(lifecycle("unsuspend", "ext-ada", minute(7)), at=minute(8))
    rows = firm.read(select(ReceivedEvent.outcome, ReceivedEvent.subject, ReceivedEvent.person_id))
    assert sorted(map(tuple, rows)) == [
        ("applied", None, firm.people["ada"]), ("unknown_person", None, None), ("waiting", "ext-ada", None),
    ]  # fmt: skip
    later = minute(6) + timedelta(days=90)
    assert forget_events(running.database, firm.customer.tenant_id, days=90, now=later) == 0
    after = later + timedelta(microseconds=1)
    assert forget_events(running.database, firm.customer.tenant_id, days=90, now=after) == 2
    assert firm.outcomes().values() == {"x": "waiting"}.values() or list(firm.outcomes().values()) == [
        "waiting"
    ]
    assert firm.read(select(EventStanding.thing, EventStanding.at)) == [("active", minute(5))]


def test_a_reactivation_that_waited_over_the_retention_is_applied(running: Running):
    firm = Firm.of(running, "ada")
    firm.set_active("ada", active=False, at=minute(1))
    firm.send(lifecycle("unsuspend", "ext-ada", minute(7)), at=minute(8))
    firm.apply(at=minute(8) + timedelta(days=100))
    assert firm.active() == {"ada": True}


def test_events_of_two_connections_of_one_tenant_keep_apart(running: Running):
    firm = Firm.of(running, "ada")
    made = running.api(firm.customer, "POST", "/connections", {"name": "Okta of Bergen", "kind": "okta"}).json
    base = f"/connections/{made['id']}/okta-hooks"
    secret = running.api(firm.customer, "POST", f"{base}/secret").json["secret"]
    event = lifecycle("suspend", "ext-ada", minute(1))
    running.client.post(f"/events/{made['id']}/okta", json=delivery(event), headers={"Authorization": secret})
    firm.tell(event, at=minute(2))
    found = dict(firm.read(select(ReceivedEvent.connection_id, ReceivedEvent.outcome)))
    assert found == {made["id"]: "unknown_person", firm.connection_id: "applied"}


def test_a_suspension_ends_the_sessions_of_that_person_for_good(running: Running):
    firm = Firm.of(running, "ada", "bob")
    firm.sign_in("ada", at=minute(1))
    other = firm.sign_in("bob", at=minute(1))
    firm.tell(lifecycle("suspend", "ext-ada", minute(2)), at=minute(3))
    firm.tell(lifecycle("unsuspend", "ext-ada", minute(4)), at=minute(5))
    assert firm.open_sessions() == {other}


@pytest.mark.parametrize("kind", ["user.session.end", "user.session.clear"])
def test_the_end_of_oktas_session_ends_those_that_were_open_then(running: Running, kind: str):
    firm = Firm.of(running, "ada", "bob")
    firm.sign_in("ada", at=minute(1))
    later, other = firm.sign_in("ada", at=minute(3)), firm.sign_in("bob", at=minute(1))
    told = {"actor": user("ext-ada")} if kind.endswith("end") else {"target": [user("ext-ada")]}
    event, again = (log_event(kind, minute(2), **told) for _ in range(2))
    firm.tell(event, at=minute(4))
    assert firm.open_sessions() == {later, other}
    firm.tell(again, at=minute(5))
    assert (firm.outcome(event), firm.outcome(again)) == ("applied", "unchanged")


def test_a_suspension_that_was_lifted_before_it_was_told_still_ends_older_sessions(running: Running):
    firm = Firm.of(running, "ada")
    firm.sign_in("ada", at=minute(1))
    between = firm.sign_in("ada", at=minute(6))
    firm.tell(
        lifecycle("unsuspend", "ext-ada", minute(5)), lifecycle("suspend", "ext-ada", minute(4)), at=minute(7)
    )
    assert (firm.active(), firm.open_sessions()) == ({"ada": True}, {between})


NAMES = ("ada", "bob", "cyd")
GROUPS = {"Sales": "00gSales", "Lorry": "00gLorry"}
TOLD = st.tuples(
    st.sampled_from(["suspend", "unsuspend", "deactivate", "activate", "add", "remove", "sso"]),
    st.sampled_from(NAMES),
    st.sampled_from(sorted(GROUPS)),
    st.integers(0, 30),
)


def event_of(kind: str, name: str, group_name: str, at: int) -> dict[str, Any]:
    okta_id, instant = f"ext-{name}", minute(at)
    if kind in ("add", "remove"):
        return membership(kind, okta_id, (GROUPS[group_name], group_name), instant)
    return sign_in(okta_id, APP, instant) if kind == "sso" else lifecycle(kind, okta_id, instant)


def end_state(firm: Firm) -> tuple[Any, ...]:
    signed_in = firm.read(select(SignIn.id, SignIn.person_id, SignIn.at))
    return firm.active(), {name: firm.members(name) for name in GROUPS}, {row.id: row.at for row in signed_in}


def naive(events: list[dict[str, Any]]) -> tuple[Any, ...]:
    """Every event in the order of its own time, one after the other, on people who are active at first."""
    active, members = dict.fromkeys(NAMES, True), {name: set[str]() for name in GROUPS}
    signed_in = {}
    for told in sorted(events, key=lambda each: (each["published"], each["uuid"])):
        type_, verb = told["eventType"], told["eventType"].rpartition(".")[2]
        who = (told["actor"] if verb == "sso" else told["target"][0])["id"].removeprefix("ext-")
        at = datetime.fromisoformat(told["published"])
        if verb == "sso":
            signed_in[told["uuid"]] = at
        elif at <= OCTOBER and not type_.startswith("group."):
            continue  # what SCIM said when it made them is as late
        elif type_.startswith("group."):
            (set.add if verb == "add" else set.discard)(members[told["target"][1]["displayName"]], who)
        else:
            active[who] = verb in ("activate", "unsuspend")
    return active, members, signed_in


def play(firm: Firm, events: list[dict[str, Any]], chance: random.Random, *, most: int) -> None:
    """Send the events in deliveries of any size, with repetitions, and apply them now and then."""
    sent = [*events, *chance.sample(events, len(events) // 5)]
    chance.shuffle(sent)
    while sent:
        cut = chance.randint(1, most)
        batch, sent = sent[:cut], sent[cut:]
        assert firm.send(*batch, at=minute(60)).status_code == 204
        if chance.random() < 0.5:
            firm.apply(at=minute(61), limit=chance.randint(1, most))
    firm.apply(at=minute(62), limit=most)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(told=st.lists(TOLD, min_size=1, max_size=25), seed=st.integers(0, 2**32))
def test_shuffled_repeated_events_end_as_those_in_order_do(running: Running, told, seed: int):
    events = [event_of(*each) for each in told]
    firm = Firm.of(running, *NAMES, groups=sorted(GROUPS))
    play(firm, events, random.Random(seed), most=10)  # noqa: S311 (a test's own shuffling)
    assert end_state(firm) == naive(events)
    assert set(firm.outcomes()) == {each["uuid"] for each in events}
    assert "waiting" not in firm.outcomes().values()


def test_ten_thousand_events_with_repetitions_are_each_applied_once(running: Running):
    chance = random.Random(20)  # noqa: S311 (a test's own shuffling)
    kinds = ["suspend", "unsuspend", "deactivate", "activate", "add", "remove", "sso"]
    events = [
        event_of(
            chance.choice(kinds), chance.choice(NAMES), chance.choice(sorted(GROUPS)), chance.randint(0, 55)
        )
        for _ in range(10_000)
    ]
    firm = Firm.of(running, *NAMES, groups=sorted(GROUPS))
    play(firm, events, chance, most=1000)
    assert end_state(firm) == naive(events)
    outcomes = firm.outcomes()
    assert set(outcomes) == {each["uuid"] for each in events}
    [(signed_in,)] = firm.read(select(func.count()).select_from(SignIn))
    assert signed_in == sum(each["eventType"] == "user.authentication.sso" for each in events)
    changed = select(func.count()).where(JournalEntry.action.like("events:%"))
    [(applied,)] = firm.read(changed)
    assert applied == list(outcomes.values()).count("applied") - signed_in
