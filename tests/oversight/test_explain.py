"""Why does somebody hold a plan; why do they cost what they cost?"""

import json

import pytest
from sqlalchemy import update

from bridge.billing.price_book import apply_prices
from bridge.directory.tables import GroupVersion
from bridge.errors import NotFound
from bridge.oversight.explain import explain_invoice_person, explain_person
from bridge.tenants.tables import Connection
from tests.oversight.company import BEGINNING, OPERATOR, TENANT, Company, at


@pytest.fixture
def ada(company: Company) -> Company:
    company.person("ada")
    company.joins("ada", "sales", "2026-01-05", request="request-sales")
    company.joins("ada", "analysts", "2026-01-20", request="request-analysts")
    return company


def explained(company, name, when):
    with company.database.read(TENANT) as session:
        return explain_person(session, name, at=at(when))


def on_invoice(company, invoice_id, name):
    with company.database.read(TENANT) as session:
        return explain_invoice_person(session, invoice_id, name)


def test_a_seat_is_explained_by_rule_group_and_request(ada):
    ada.close()
    found = explained(ada, "ada", "2026-01-25")
    assert (found.plan, found.roles, found.span.start) == ("premium", ("analyst", "viewer"), at("2026-01-20"))
    assert (found.span.rule, found.span.rule_set_version) == ("Analysts", 1)
    assert [(group.id, group.name) for group in found.span.groups] == [("analysts", "Analysts")]
    assert (found.span.started_by.action, found.span.started_by.request_id) == (
        "scim:group:patch", "request-analysts",
    )  # fmt: skip
    assert (found.span.started_by.at, found.span.started_by.actor_id) == (at("2026-01-20"), "okta")
    assert found.because == "rule Analysts gives plan premium through Analysts"
    assert [(each.rule, each.outcome) for each in found.considered] == [
        ("Analysts", "won"),
        ("Sales", "lost: an earlier rule names a plan"),
        ("Viewers", "adds roles"),
        ("Nobody", "does not match"),
    ]


def test_an_earlier_instant_has_its_own_explanation(ada):
    ada.close()
    found = explained(ada, "ada", "2026-01-10")
    assert (found.plan, found.span.end, found.considered[0].outcome) == (
        "standard", at("2026-01-20"), "does not match",
    )  # fmt: skip
    assert found.span.ended_by.request_id == "request-analysts"
    assert json.loads(json.dumps(found.document()))["since"] == "2026-01-05T00:00:00+00:00"


def test_groups_in_groups_are_part_of_the_reason(company: Company):
    company.person("ada")
    company.group("trainees")
    company.joins("ada", "trainees", "2026-01-02")
    company.joins("trainees", "sales", "2026-01-03", kind="group")
    company.joins("sales", "trainees", "2026-01-03", kind="group")
    company.close()
    found = explained(company, "ada", "2026-01-10")
    assert (found.span.rule, [group.id for group in found.span.groups]) == ("Sales", ["sales"])
    assert found.considered[1].outcome == "won"


def test_a_group_that_was_deleted_is_no_reason(ada):
    with ada.database.write(TENANT) as session:
        session.execute(
            update(GroupVersion).where(GroupVersion.group_id == "analysts").values(end=at("2026-01-21"))
        )
    ada.close()
    found = explained(ada, "ada", "2026-01-25")
    assert (found.plan, found.considered[0].outcome) == ("standard", "does not match")


@pytest.mark.parametrize(
    ("name", "when", "because"),
    [
        ("idle", "2026-01-10", "inactive"),
        ("idle", "2025-12-31", "not known at that instant"),
        ("idle", "2025-11-01", "observed and not live"),
    ],
)
def test_who_holds_nothing_is_told_why(company: Company, name, when, because):
    company.person("idle", active=False)
    company.close()
    found = explained(company, name, when)
    assert (found.plan, found.span, found.roles) == ("none", None, ())
    assert because in found.because
    assert found.document()["span"] is None


def test_without_rules_nothing_is_held(company: Company):
    company.person("early", "2025-12-01")
    company.sql("DELETE FROM rule_sets")
    assert "no rule set" in explained(company, "early", "2026-01-10").because


def test_a_stranger_is_not_found(company: Company):
    with pytest.raises(NotFound, match="stranger"):
        explained(company, "stranger", "2026-01-10")


def test_who_was_there_before_the_connection_went_live_is_explained_by_that(company: Company):
    company.person("ada", "2025-12-10")
    with company.database.write(TENANT) as session:
        session.execute(update(Connection).values(live_from=at("2025-12-20")))
        company.told(session, "tenants:connection:live", ("connection", "okta"), "2025-12-20", request="live")
    company.close()
    found = explained(company, "ada", "2026-01-10")
    assert (found.plan, found.roles, found.span.started_by.request_id) == ("none", ("viewer",), "live")


def test_a_share_of_an_invoice_leads_to_its_spans_and_their_requests(ada):
    invoice_id = ada.close().invoice_id
    shares = on_invoice(ada, invoice_id, "ada")
    assert [(each.share.plan, each.share.billable_days) for each in shares] == [
        ("premium", 12), ("standard", 15),
    ]  # fmt: skip
    assert [span.started_by.request_id for span in shares[0].spans] == ["request-sales", "request-analysts"]
    assert shares[0].because == "12 billable days of plan premium from 2026-01-01 to 2026-02-01"
    assert shares[0].term["unit_amount"] == "79.00"
    assert json.loads(json.dumps(shares[1].document()))["amount"] == "18.87"


def test_an_adjustment_leads_to_the_late_fact(ada):
    ada.close()
    entry = ada.leaves("ada", "analysts", "2026-01-25", told="2026-02-10", request="request-late")
    invoice_id = ada.close("2026-03-02").invoice_id
    shares = {
        (each.share.plan, each.share.for_period_start.month): each
        for each in on_invoice(ada, invoice_id, "ada")
    }
    late = shares["premium", 1]
    assert (late.share.amount_minor, late.cause.entry_id, late.cause.request_id) == (
        -1784, entry, "request-late",
    )  # fmt: skip
    assert "before a late fact" in late.because
    assert late.spans[-1].start == at("2026-01-25")
    assert shares["standard", 2].cause is None


def test_money_without_a_person_is_explained_by_its_term(company: Company):
    prices = {"valid_from": "2026-01-01", "terms": [
        {"plan": "committed", "unit_amount": "10.00", "minimum": {"seats": 3}},
    ]}  # fmt: skip
    with company.database.write(TENANT) as session:
        apply_prices(session, prices, cause=OPERATOR, now=BEGINNING)
    invoice_id = company.close().invoice_id
    [share] = on_invoice(company, invoice_id, None)
    assert "whoever holds a seat" in share.because
    assert share.term["minimum"] == {"seats": 3}
    with pytest.raises(NotFound, match="no share of the person ada"):
        on_invoice(company, invoice_id, "ada")
