"""Everything computed again equals what is stored, or it is a finding."""

import pytest

from bridge.directory.counts import count_living
from bridge.directory.join_accounts import Wanted, join_accounts
from bridge.errors import NotFound
from bridge.oversight.reconcile import reconcile, repair
from bridge.seats.due import take_due
from tests.oversight.company import OPERATOR, TENANT, Company, at


@pytest.fixture
def healthy(company: Company) -> Company:
    for name in ("ada", "bob"):
        company.person(name)
        company.joins(name, "sales", "2026-01-05")
    company.joins("ada", "analysts", "2026-01-20")
    company.close()
    return company


def test_a_healthy_tenant_has_no_findings(healthy: Company):
    found = healthy.findings()
    assert (found.findings, found.people, found.invoices, found.truncated) == ((), 2, 1, False)


def test_work_that_is_still_due_is_no_finding(healthy: Company):
    healthy.person("cleo", "2026-02-03")
    healthy.joins("cleo", "sales", "2026-02-03")
    assert healthy.kinds() == []


def test_a_joined_account_that_is_due_makes_no_finding_of_its_person(healthy: Company):
    with healthy.database.write(TENANT) as session:
        wanted = [Wanted("bob", "ada", "")]
        join_accounts(session, wanted, reason="", most=9, cause=OPERATOR, now=at("2026-02-03"))
    while take_due(healthy.database, TENANT, now=at("2026-02-03"), limit=10, closed_until=_end_of_january):
        pass
    assert healthy.kinds() == []
    healthy.leaves("ada", "analysts", "2026-02-04", told="2026-02-04")
    healthy.joins("bob", "analysts", "2026-02-05")
    assert healthy.kinds() == []
    healthy.sql("DELETE FROM changes_due")
    assert healthy.kinds() == [("seats_differ", "ada")]


def test_a_late_fact_that_waits_for_its_invoice_is_no_finding(healthy: Company):
    healthy.leaves("bob", "sales", "2026-01-10", told="2026-02-10")
    assert healthy.kinds() == []
    while take_due(healthy.database, TENANT, now=at("2026-02-10"), limit=10, closed_until=_end_of_january):
        pass
    assert healthy.kinds() == []
    healthy.close("2026-03-02")
    assert healthy.kinds() == []


def _end_of_january(_session):
    return at("2026-02-01")


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        (
            "UPDATE seats SET plan = 'premium' WHERE person_id = 'bob' AND plan = 'standard'",
            [("seats_differ", "bob"), ("amount_differs", "bob"), ("amount_differs", "bob")],
        ),
        (
            "UPDATE seats SET \"end\" = NULL WHERE person_id = 'ada'",
            [("seats_overlap", "ada"), ("seats_overlap", "ada"), ("seats_differ", "ada")],
        ),
        (
            "UPDATE seats SET rule = 'Sales' WHERE person_id = 'ada' AND plan = 'premium'",
            [("seats_differ", "ada")],
        ),
        ("UPDATE invoices SET total_minor = 1", [("invoice_altered", "1")]),
        ("UPDATE invoices SET sha256 = 'x'", [("invoice_altered", "1")]),
        ("UPDATE invoice_counters SET last_number = 2", [("number_missing", "2")]),
        ("UPDATE invoice_counters SET last_number = 0", [("number_missing", "1")]),
        ("DELETE FROM resource_counts", [("count_differs", "okta"), ("count_differs", "okta")]),
        ("UPDATE resource_counts SET delta = 2 WHERE kind = 'group'", [("count_differs", "okta")]),
    ],
)
def test_what_is_corrupted_is_found(healthy: Company, statement, kinds):
    healthy.sql(statement)
    found = healthy.findings().findings
    names = [(each.kind, "1" if each.kind == "invoice_altered" else each.subject.id) for each in found]
    assert names == kinds
    assert all(each.document()["remedy"] for each in found)


def test_facts_that_cannot_be_read_are_a_finding_of_one_person(healthy: Company):
    healthy.sql("UPDATE person_versions SET resource = '[1]' WHERE person_id = 'bob'")
    assert healthy.kinds() == [("facts_unreadable", "bob")]


def test_no_more_findings_than_the_limit_are_returned(healthy: Company):
    healthy.sql("DELETE FROM seats")
    found = healthy.findings(limit=1)
    assert (len(found.findings), found.truncated) == (1, True)


def test_reconciling_writes_nothing(healthy: Company):
    healthy.sql("DELETE FROM seats")
    first, second = healthy.findings(), healthy.findings()
    assert first == second
    assert first.findings != ()


def test_an_unknown_tenant_is_not_found(healthy: Company):
    with pytest.raises(NotFound):
        reconcile(healthy.database, "nobody", now=at("2026-03-02"))


def test_repair_has_seats_computed_again(healthy: Company):
    healthy.sql("DELETE FROM seats WHERE person_id = 'bob' AND plan <> 'none'")
    found = healthy.findings().findings
    assert {each.kind for each in found} == {"seats_differ", "amount_differs"}
    seats = [each for each in found if each.kind == "seats_differ"]
    assert repair(healthy.database, TENANT, seats, cause=OPERATOR, now=at("2026-03-02")) == 1
    assert healthy.close("2026-03-02").number == 2
    assert healthy.kinds() == []


def test_repair_has_a_difference_of_money_invoiced(healthy: Company):
    """An invoice that was right by the seats of then, which were wrong."""
    healthy.sql("UPDATE seats SET plan = 'premium' WHERE person_id = 'bob' AND plan = 'standard'")
    money = [each for each in healthy.findings().findings if each.kind == "amount_differs"]
    assert [each.found for each in money] == ["68.81 EUR more than issued", "-33.97 EUR more than issued"]
    assert repair(healthy.database, TENANT, money, cause=OPERATOR, now=at("2026-03-02")) == 2
    healthy.close("2026-03-02")
    assert [kind for kind, _ in healthy.kinds()] == ["seats_differ"]


def test_repair_has_lists_tell_how_long_they_are(healthy: Company):
    healthy.sql("UPDATE resource_counts SET delta = 7 WHERE kind = 'person'")
    found = healthy.findings().findings
    assert [(each.expected, each.found) for each in found] == [("2 living people", "14 noted")]
    assert repair(healthy.database, TENANT, found, cause=OPERATOR, now=at("2026-03-02")) == 1
    assert healthy.kinds() == []
    with healthy.database.read(TENANT) as session:
        assert count_living(session, "person", connection_id="okta") == 2


def test_there_is_nothing_to_repair_where_nothing_is_wrong(healthy: Company):
    assert repair(healthy.database, TENANT, [], cause=OPERATOR, now=at("2026-03-02")) == 0
