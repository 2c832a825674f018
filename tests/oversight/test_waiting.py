"""People who wait for a seat: explained, priced before and after, reconciled, never billed."""

import pytest
from sqlalchemy import select

from bridge.billing.issued_invoices import invoice_people
from bridge.entitlements.read_entitlements import read_entitlements
from bridge.errors import Conflict, NotFound
from bridge.mapping.rule_document import Limits
from bridge.mapping.set_override import WantedOverride
from bridge.oversight.apply_previewed import change_rules
from bridge.oversight.explain import explain_invoice_person, explain_person
from bridge.oversight.limit_seats import limit_seats
from bridge.oversight.override_person import override_person
from bridge.oversight.preview_change import WantedRules, preview_limit, preview_rules
from bridge.oversight.reconcile import repair
from bridge.seats.due import take_due
from bridge.seats.seat_limits import LimitBounds, WantedLimit
from bridge.seats.tables import Seat
from tests.oversight.company import OPERATOR, TENANT, at

PLANS = {"standard", "premium", "admin"}
FIVE_ANALYSTS = ["ada", "bea", "cleo", "dora", "ella"]


def limit(company, seats, *, plan="premium", since=None, now="2026-01-01", access=None):
    wanted = WantedLimit(plan=plan, seats=seats, access=access, start=since and at(since))
    with company.database.write(TENANT) as session:
        return limit_seats(
            session, wanted, known_plans=PLANS, bounds=LimitBounds(), cause=OPERATOR, now=at(now)
        )  # fmt: skip


def work(company, now):
    while take_due(company.database, TENANT, now=at(now), limit=100, closed_until=lambda _session: None):
        pass


@pytest.fixture
def analysts(company):
    """Two seats of premium; Ada and Bea have them, Cleo, Dora and Ella come later, a day each."""
    limit(company, 2)
    for day, name in enumerate(FIVE_ANALYSTS, 1):
        company.person(name)
        company.joins(name, "analysts", f"2026-01-0{day}")
    work(company, "2026-01-06")
    return company


def explained(company, name, when):
    with company.database.read(TENANT) as session:
        return explain_person(session, name, at=at(when))


def test_who_waits_is_told_since_when_behind_whom_and_what_for(analysts):
    found = explained(analysts, "dora", "2026-01-06")
    assert (found.plan, found.roles) == ("none", ())
    assert found.because == (
        "waits for a seat of plan premium since 2026-01-04T00:00:00+00:00: 2 of 2 are held; number 2 in the "
        "queue; rule Analysts gives plan premium through Analysts"
    )
    document = found.document()
    assert document["waiting"] == {
        "plan": "premium", "since": "2026-01-04T00:00:00+00:00", "number": 2, "waiting": 3, "held": 2,
        "seats": 2,
    }  # fmt: skip
    assert (document["span"]["waits_for"], document["span"]["withheld_roles"]) == (
        "premium", ["analyst", "viewer"],
    )  # fmt: skip
    assert explained(analysts, "ada", "2026-01-06").document()["waiting"] is None


def test_who_has_waited_is_told_by_whom_the_seat_became_free(analysts):
    entry = analysts.leaves("ada", "analysts", "2026-01-10", told="2026-01-10")
    work(analysts, "2026-01-10")
    found = explained(analysts, "cleo", "2026-01-11")
    assert found.because == (
        "rule Analysts gives plan premium through Analysts, since a seat became free at "
        "2026-01-10T00:00:00+00:00"
    )
    assert found.span.started_by.entry_id == entry
    assert explained(analysts, "cleo", "2026-01-09").waiting.place.number == 1


def test_who_waits_is_entitled_to_nothing_or_to_the_roles_as_the_limit_says(analysts):
    with analysts.database.read(TENANT) as session:
        found = read_entitlements(session, "cleo", at=at("2026-01-06"))
        held = read_entitlements(session, "ada", at=at("2026-01-06"))
    assert (found.grants.plan, found.grants.roles, found.grants.features) == ("none", (), ())
    assert found.because.startswith("waits for a seat of plan premium since 2026-01-03")
    assert found.document()["waiting"]["number"] == 1
    assert (held.grants.plan, held.document()["waiting"]) == ("premium", None)
    limit(analysts, 2, access="roles", now="2026-01-07")
    work(analysts, "2026-01-07")
    with analysts.database.read(TENANT) as session:
        later = read_entitlements(session, "cleo", at=at("2026-01-07"))
    assert (later.grants.plan, later.grants.roles) == ("none", ("analyst", "viewer"))
    assert later.etag != found.etag


def shares(company, invoice_id):
    with company.database.read(TENANT) as session:
        return sorted(
            (share.person_id, share.plan, share.billable_days)
            for share in invoice_people(session, invoice_id)
        )


def test_a_wait_costs_nothing_and_the_invoice_tells_of_it(analysts):
    analysts.leaves("ada", "analysts", "2026-01-11", told="2026-01-11")
    closed = analysts.close()
    assert [each for each in shares(analysts, closed.invoice_id) if each[1] == "premium"] == [
        ("ada", "premium", 10), ("bea", "premium", 30), ("cleo", "premium", 21),
    ]  # fmt: skip
    with analysts.database.read(TENANT) as session:
        (share,) = explain_invoice_person(session, closed.invoice_id, "cleo")
        with pytest.raises(NotFound, match="has no share of the person dora"):
            explain_invoice_person(session, closed.invoice_id, "dora")
    assert [(span.plan, span.waits_for) for span in share.spans] == [("none", "premium"), ("premium", None)]


def test_a_limit_that_is_backdated_into_a_closed_month_is_adjusted_on_the_next_invoice(company):
    for day, name in enumerate(FIVE_ANALYSTS[:3], 1):
        company.person(name)
        company.joins(name, "analysts", f"2026-01-0{day}")
    first = company.close()
    limit(company, 2, since="2026-01-01", now="2026-02-05")
    second = company.close("2026-03-02")
    assert ("cleo", "premium", 29) in shares(company, first.invoice_id)
    assert ("cleo", "premium", -29) in shares(company, second.invoice_id)
    assert company.kinds() == []


def test_reconciliation_finds_nothing_and_what_was_tampered_with(analysts):
    assert analysts.kinds() == []
    analysts.sql("UPDATE seats SET plan = 'premium', waits_for = NULL WHERE person_id = 'dora'")
    found = analysts.findings().findings
    assert [(each.kind, each.subject.id) for each in found] == [("seats_differ", "dora")]
    assert "waiting for premium by Analysts from 2026-01-04" in found[0].expected
    repair(analysts.database, TENANT, found, cause=OPERATOR, now=at("2026-02-01"))
    work(analysts, "2026-02-01")
    assert analysts.kinds() == []


def test_reconciliation_leaves_those_out_who_are_still_to_be_computed(analysts):
    analysts.leaves("ada", "analysts", "2026-01-10", told="2026-01-10")
    assert analysts.kinds() == []
    limit(analysts, 5, now="2026-01-12")
    assert analysts.kinds() == []
    work(analysts, "2026-01-12")
    assert analysts.kinds() == []


def rules(*, when):
    everybody = [{"name": "Everybody", "when": "active eq true", "plan": "premium", "roles": ["viewer"]}]
    return WantedRules(
        document={"rules": everybody}, known_plans=PLANS, limits=Limits(), effective_from=at(when)
    )


def test_a_preview_counts_and_names_who_would_wait(analysts):
    for name in ("vic", "wim"):
        analysts.person(name, "2026-01-05")
    work(analysts, "2026-01-06")
    found = preview_rules(analysts.database, TENANT, rules(when="2026-02-01"), hours=24, now=at("2026-01-20"))
    assert found["people"]["waits"] == 2
    assert found["plans"] == [{"plan": "premium", "before": 2, "after": 2}]
    assert found["waiting"] == [
        {"plan": "premium", "before": 3, "people": 5, "first": ["cleo", "dora", "ella", "vic", "wim"]}
    ]
    assert [group["steps"][0]["after"] for group in found["groups"] if "vic" in group["first"]] == [
        {"plan": "none", "roles": [], "waits_for": "premium"}
    ]
    with analysts.database.write(TENANT) as session:
        change_rules(
            session, rules(when="2026-02-01"), author="grace", note="", preview_id=found["id"], hours=24,
            cause=OPERATOR, now=at("2026-01-21"),
        )  # fmt: skip
    work(analysts, "2026-02-01")
    with analysts.database.read(TENANT) as session:
        waiting = session.scalars(
            select(Seat.person_id).where(Seat.waits_for.is_not(None), Seat.end.is_(None))
        )
        assert sorted(waiting) == found["waiting"][0]["first"]


def previewed(company, seats, *, now, since=None):
    return preview_limit(
        company.database, TENANT, WantedLimit(plan="premium", seats=seats, start=since and at(since)),
        known_plans=PLANS, bounds=LimitBounds(), now=at(now),
    )  # fmt: skip


def test_a_limit_is_previewed_with_people_and_money(analysts):
    raised = previewed(analysts, 4, now="2026-01-20")
    assert raised["waiting"] == [{"plan": "premium", "before": 3, "people": 1, "first": ["ella"]}]
    assert (raised["people"]["gains"], raised["id"]) == (2, None)
    assert float(raised["invoice"]["difference"]) > 0
    lowered = previewed(analysts, 1, now="2026-01-20")
    assert lowered["people"]["affected"] == 0
    assert lowered["invoice"]["difference"] == "0.00"
    backdated = previewed(analysts, 1, since="2026-01-01", now="2026-01-20")
    assert (backdated["people"]["waits"], backdated["waiting"][0]["people"]) == (1, 4)


def test_a_first_limit_is_previewed_where_none_ever_was(company):
    for name in FIVE_ANALYSTS[:2]:
        company.person(name)
        company.joins(name, "analysts", "2026-01-02")
    backdated = previewed(company, 1, since="2026-01-01", now="2026-01-20")
    assert backdated["waiting"] == [{"plan": "premium", "before": 0, "people": 1, "first": ["bea"]}]


def override(company, name, *, now):
    wanted = WantedOverride(
        person_id=name, plan="admin", roles=("admin",), reason="runs it", start=None, end=None
    )
    with company.database.write(TENANT) as session:
        override_person(
            session, wanted, author="grace", known_plans=PLANS, most=10, cause=OPERATOR, now=at(now)
        )  # fmt: skip
    work(company, now)


def test_the_last_administrator_never_has_to_wait(company):
    company.person("ada")
    work(company, "2026-01-02")
    override(company, "ada", now="2026-01-03")
    with pytest.raises(Conflict, match="nobody would be left who may assign roles"):
        limit(company, 0, plan="admin", since="2026-01-02", now="2026-01-05")
    assert limit(company, 0, plan="admin", now="2026-01-05").applied
    work(company, "2026-01-05")
    assert explained(company, "ada", "2026-01-05").plan == "admin"


def test_an_administrator_who_waits_is_one_where_the_roles_are_kept(company):
    company.person("ada")
    work(company, "2026-01-02")
    override(company, "ada", now="2026-01-03")
    limit(company, 0, plan="admin", since="2026-01-02", access="roles", now="2026-01-05")
    work(company, "2026-01-05")
    found = explained(company, "ada", "2026-01-05")
    assert (found.plan, found.roles, found.waiting.place.number) == ("none", ("admin",), 1)


def test_who_would_only_wait_for_the_role_is_no_administrator_yet(company):
    for name in ("ada", "bea"):
        company.person(name)
    work(company, "2026-01-02")
    override(company, "ada", now="2026-01-03")
    limit(company, 1, plan="admin", now="2026-01-04")
    override(company, "bea", now="2026-01-05")
    assert explained(company, "bea", "2026-01-06").waiting.place.number == 1
    assert explained(company, "bea", "2026-01-06").span.withheld_roles == ("admin",)
