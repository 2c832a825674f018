import pytest
from sqlalchemy import func, select, update

from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.issued_invoices import read_invoice
from bridge.billing.money import format_minor
from bridge.billing.price_run import tenant_of
from bridge.errors import Conflict, InvalidValue, NotFound, Stale
from bridge.journal.tables import JournalEntry
from bridge.mapping.rule_document import Limits
from bridge.mapping.set_override import WantedOverride, set_override
from bridge.oversight.apply_previewed import change_rules, switch_live
from bridge.oversight.preview_change import WantedRules, back_test, preview_live, preview_rules
from bridge.oversight.previews import find_preview, preview_page
from bridge.oversight.tables import Preview
from bridge.tenants.tables import Connection, Tenant
from config.catalogue import roles
from tests.oversight.company import OPERATOR, RULES, TENANT, Company, at

PLANS = {"standard", "premium", "admin"}
#: Analysts hold the plan of sales, sales hold nothing, whoever is called nobody is left alone.
OTHER = [
    {"name": "Analysts", "when": 'groups.value eq "analysts"', "plan": "standard", "roles": ["analyst"]},
    {"name": "Lab", "when": 'department eq "Lab" and groups.value eq "analysts"', "plan": "premium"},
    {"name": "Viewers", "when": "active eq true", "roles": ["viewer"]},
]


def wanted(rules=OTHER, *, since=None):
    return WantedRules(
        document={"rules": rules}, known_plans=PLANS, limits=Limits(),
        effective_from=since and at(since),
    )  # fmt: skip


def preview(company, rules=OTHER, *, since=None, now="2026-02-10"):
    return preview_rules(company.database, TENANT, wanted(rules, since=since), hours=24, now=at(now))


def apply(company, preview_id, rules=OTHER, *, since=None, now="2026-02-10"):
    with company.database.write(TENANT) as session:
        return change_rules(
            session, wanted(rules, since=since), author="grace", note="", preview_id=preview_id, hours=24,
            cause=OPERATOR, now=at(now),
        )  # fmt: skip


@pytest.fixture
def staffed(company: Company) -> Company:
    """Ann and Ada analyse, Sam sells, Vic does neither; January is invoiced."""
    for name in ("ann", "ada", "sam", "vic"):
        company.person(name)
    company.joins("ann", "analysts", "2026-01-01")
    company.joins("ada", "analysts", "2026-01-15")
    company.joins("sam", "sales", "2026-01-01")
    company.close()
    return company


def test_a_preview_tells_who_gains_loses_and_moves(staffed):
    found = preview(staffed)
    counts = {"affected": 3, "gains": 0, "loses": 1, "moves": 2, "roles": 0, "waits": 0, "unreadable": 0}
    assert found["people"] == counts
    analysts, sales = found["groups"]
    assert analysts["first"] == ["ada", "ann"]
    assert analysts["steps"] == [
        {
            "before": {"plan": "premium", "roles": ["analyst", "viewer"]},
            "after": {"plan": "standard", "roles": ["analyst", "viewer"]},
        }
    ]
    assert (sales["first"], sales["steps"][0]["after"]["plan"]) == (["sam"], "none")
    assert found["plans"] == [
        {"plan": "premium", "before": 2, "after": 0},
        {"plan": "standard", "before": 1, "after": 2},
    ]
    assert found["conflicts"] == [{"rules": ["Analysts", "Lab"], "people": 2, "first": ["ada", "ann"]}]
    assert found["unmatched"] == {"people": 0, "first": []}
    assert found["administrators"] == {"before": 0, "after": 0, "locks_out": False}
    assert found["invoice"]["period"] == {"start": "2026-02-01", "end": "2026-03-01"}


def test_who_is_matched_by_no_rule_is_named(staffed):
    found = preview(staffed, [OTHER[0]])
    assert found["unmatched"] == {"people": 2, "first": ["sam", "vic"]}
    assert found["groups"][-1]["steps"][0]["after"] == {"plan": "none", "roles": []}


def test_nothing_is_written_but_the_preview(staffed):
    def journal():
        with staffed.database.read(TENANT) as session:
            return session.scalar(select(func.count()).select_from(JournalEntry))

    before = journal()
    found = preview(staffed)
    assert journal() == before
    assert staffed.findings().findings == ()
    with staffed.database.read(TENANT) as session:
        kept = find_preview(session, found["id"], hours=24, now=at("2026-02-11"))
        assert kept.document["people"] == found["people"]
        first, more = preview_page(session, found["id"], 0)
        second, last = preview_page(session, found["id"], 1)
        assert [(row.person_ids, following) for row, following in ((first, more), (second, last))] == [
            (["ada", "ann"], True),
            (["sam"], False),
        ]
        assert preview_page(session, found["id"], 2) == (None, False)


@pytest.mark.parametrize("since", [None, "2026-01-20", "2026-02-01", "2026-02-20", "2026-04-01"])
def test_the_next_invoice_is_what_the_preview_says(staffed, since):
    found = preview(staffed, since=since)
    with staffed.database.read(TENANT) as session:
        assert found["invoice"]["before"] == format_minor(preview_invoice(session).total_minor, "EUR")
    apply(staffed, found["id"], since=since)
    invoice = staffed.close("2026-03-02")
    with staffed.database.read(TENANT) as session:
        assert found["invoice"]["after"] == _total(session, invoice.invoice_id)
    assert staffed.findings().findings == ()


def _total(session, invoice_id):
    return read_invoice(session, invoice_id).document["total"]


def test_a_year_is_twelve_of_the_first_whole_month_afterwards(staffed):
    found = preview(staffed, since="2026-02-10")
    apply(staffed, found["id"], since="2026-02-10")
    staffed.close("2026-03-02")
    march = staffed.close("2026-04-02")
    with staffed.database.read(TENANT) as session:
        month = _total(session, march.invoice_id)
    assert float(found["year"]["after"]) == pytest.approx(12 * float(month))
    assert found["year"]["period"] == {"start": "2026-03-01", "end": "2026-04-01"}


def test_what_concerns_the_same_people_makes_a_preview_stale(staffed):
    found = preview(staffed)
    staffed.joins("vic", "sales", "2026-02-05")  # who now would lose a seat
    staffed.leaves("ada", "analysts", "2026-02-06", told="2026-02-06")  # who now is left alone
    with pytest.raises(Stale, match=r"2 people .* than previewed: ada, vic; preview again") as caught:
        apply(staffed, found["id"])
    assert caught.value.pointer == "/preview_id"
    again = preview(staffed)
    assert apply(staffed, again["id"], now="2026-02-11").applied


def test_what_concerns_others_does_not(staffed):
    found = preview(staffed)
    staffed.person("zoe", "2026-02-09")  # who would hold the same under both
    staffed.joins("ann", "sales", "2026-02-05")  # and no rule asks for it in her case
    assert apply(staffed, found["id"], now="2026-02-11").applied


def test_an_override_made_meanwhile_makes_a_preview_stale(staffed):
    found = preview(staffed)
    override = WantedOverride(
        person_id="sam", plan="standard", roles=None, reason="trial", start=None, end=None
    )
    with staffed.database.write(TENANT) as session:
        set_override(
            session, override, author="grace", known_plans=PLANS, known_roles=roles(), most=9,
            cause=OPERATOR, now=at("2026-02-10"),
        )  # fmt: skip
    with pytest.raises(Stale, match="sam"):
        apply(staffed, found["id"], now="2026-02-11")


def test_only_what_was_previewed_can_be_applied_with_it(staffed):
    found = preview(staffed)
    with pytest.raises(Conflict, match="something else"):
        apply(staffed, found["id"], RULES)
    with pytest.raises(Conflict, match="something else"):
        apply(staffed, found["id"], since="2026-02-20")
    with pytest.raises(NotFound, match="older than 24 hours"):
        apply(staffed, found["id"], now="2026-02-12")
    with pytest.raises(NotFound):
        apply(staffed, "unknown")


def test_old_previews_are_forgotten_when_a_new_one_is_made(staffed):
    preview(staffed, now="2026-02-10")
    kept = preview(staffed, now="2026-02-12")
    with staffed.database.read(TENANT) as session:
        assert session.scalars(select(Preview.id)).all() == [kept["id"]]


def test_a_past_month_is_told_under_other_rules(staffed):
    found = back_test(
        staffed.database, TENANT, wanted(), as_of=at("2026-01-20"), now=at("2026-02-10")
    )  # fmt: skip
    assert (found["id"], found["year"]) == (None, None)
    assert found["invoice"]["period"] == {"start": "2026-01-01", "end": "2026-02-01"}
    with staffed.database.read(TENANT) as session:
        issued = _total(session, "1")
    assert found["invoice"]["before"] == issued
    assert found["people"]["affected"] == 3
    # In January under these rules: Ann 31 days and Ada 17 of the standard plan, nobody else.
    undone = back_test(
        staffed.database, TENANT, wanted(RULES), as_of=at("2026-01-20"), now=at("2026-02-10")
    )  # fmt: skip
    assert undone["people"]["affected"] == 0
    assert undone["invoice"]["before"] == undone["invoice"]["after"] == issued


def test_a_back_test_is_what_would_have_been_invoiced(company):
    """Two companies of the same people: one is billed under the other rules, one is asked about them."""
    for name in ("ann", "sam"):
        company.person(name)
    company.joins("ann", "analysts", "2026-01-10")
    company.joins("sam", "sales", "2026-01-05", "2026-01-25")
    asked = back_test(
        company.database, TENANT, wanted(), as_of=at("2026-01-31"), now=at("2026-01-31")
    )  # fmt: skip
    apply(company, None, since="2025-12-01", now="2026-01-31")
    invoice = company.close()
    with company.database.read(TENANT) as session:
        assert asked["invoice"]["after"] == _total(session, invoice.invoice_id)


def test_the_future_and_settled_time_are_not_back_tested(staffed):
    with pytest.raises(InvalidValue, match="an instant of the past"):
        back_test(staffed.database, TENANT, wanted(), as_of=at("2026-02-11"), now=at("2026-02-10"))
    with staffed.database.write(TENANT) as session:
        session.execute(update(Tenant).values(settled_until=at("2026-02-01")))
    with pytest.raises(InvalidValue, match="is settled"):
        back_test(staffed.database, TENANT, wanted(), as_of=at("2026-01-20"), now=at("2026-02-10"))
    with pytest.raises(InvalidValue, match="is settled"):
        preview(staffed, since="2026-01-20")
    with pytest.raises(NotFound, match="no subscription bills"):
        back_test(staffed.database, TENANT, wanted(), as_of=at("2020-01-20"), now=at("2026-02-10"))


def test_a_plan_without_a_price_is_told_with_the_people(staffed):
    found = preview(staffed, [{**OTHER[0], "plan": "admin"}])
    assert found["people"]["affected"] == 4
    assert found["invoice"]["before"] is not None
    assert found["invoice"]["problem"] is None or found["invoice"]["after"] is None


def test_rules_that_cannot_be_read_are_refused_with_their_place(staffed):
    with pytest.raises(InvalidValue) as caught:
        preview(staffed, [{**OTHER[0], "plan": "gold"}])
    assert caught.value.pointer == "/rules/0/plan"


@pytest.fixture
def observed(staffed: Company) -> Company:
    with staffed.database.write(TENANT) as session:
        session.add_rows(
            Connection,
            [{"tenant_id": TENANT, "id": "entra", "name": "Entra", "kind": "entra", "dialect": "entra",
              "live_from": None, "created_at": at("2026-01-01")}],
        )  # fmt: skip
    for name in ("eve", "eli"):
        staffed.person(name, "2026-02-01")
        staffed.sql("UPDATE people SET connection_id = 'entra' WHERE id = :id", id=name)
    staffed.joins("eve", "analysts", "2026-02-01")
    return staffed


def test_going_live_is_previewed_and_bound_like_rules_are(observed):
    def asked(now="2026-02-10"):
        return preview_live(
            observed.database, TENANT, "entra", live_from=None, hours=24, now=at(now)
        )  # fmt: skip

    def switch(preview_id, now="2026-02-10"):
        with observed.database.write(TENANT) as session:
            switch_live(
                session, "entra", live_from=None, preview_id=preview_id, hours=24, cause=OPERATOR, now=at(now)
            )

    found = asked()
    assert found["people"] | {"affected": 2, "gains": 1, "roles": 1} == found["people"]
    with pytest.raises(Conflict, match="something else"):
        switch(preview(observed)["id"])
    observed.joins("eli", "sales", "2026-02-09")
    with pytest.raises(Stale, match="eli"):
        switch(found["id"])
    found = asked()
    switch(found["id"])
    invoice = observed.close("2026-03-02")
    with observed.database.read(TENANT) as session:
        assert found["invoice"]["after"] == _total(session, invoice.invoice_id)
        assert tenant_of(session).currency == found["invoice"]["currency"]
    with pytest.raises(Conflict, match="is live from"):
        asked()
    with pytest.raises(NotFound):
        preview_live(
            observed.database, TENANT, "google", live_from=None, hours=24,
            now=at("2026-02-10"),
        )  # fmt: skip


def test_a_connection_cannot_go_live_before_it_was_made(observed):
    with pytest.raises(InvalidValue, match="name a later instant"):
        preview_live(
            observed.database, TENANT, "entra", live_from=at("2025-12-31"), hours=24,
            now=at("2026-02-10"),
        )  # fmt: skip
