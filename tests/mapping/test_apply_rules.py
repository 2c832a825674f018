import pytest
from sqlalchemy import select, update

from bridge.errors import InvalidValue
from bridge.journal.tables import JournalEntry
from bridge.mapping import rule_sets
from bridge.mapping.rule_sets import rule_sets_in_force, version_at, versions
from bridge.tenants.tables import Tenant
from tests.seats.facts import at
from tests.seats.house import LEADS, SALES, database, house, shared_url

__all__ = ["database", "house", "shared_url"]


def in_force(house):
    with house.database.read(house.tenant_id) as session:
        return [(each.version, each.start, each.end) for each in rule_sets_in_force(session)]


def test_a_version_is_in_force_until_the_next_effective_date_whichever_was_applied_first(house):
    house.rules(SALES, effective_from=1)
    planned = house.rules(LEADS, effective_from=20, now=at(2))
    corrected = house.rules(SALES, LEADS, effective_from=5, now=at(6))
    assert planned.in_force_until is None
    assert (corrected.version, corrected.in_force_until) == (3, at(20))
    assert in_force(house) == [(1, at(1), at(5)), (3, at(5), at(20)), (2, at(20), None)]
    assert at(20) in house.boundaries()


def test_of_two_versions_with_one_date_the_later_applied_replaces_the_other(house):
    house.rules(SALES, effective_from=1)
    house.rules(LEADS, effective_from=1, now=at(2))
    assert in_force(house) == [(2, at(1), None)]
    with house.database.read(house.tenant_id) as session:
        known = versions(session)
        assert [each.version for each in known] == [2, 1]
        assert version_at(known, at(0)) is None


def test_what_is_in_force_already_is_not_applied_again(house):
    first = house.rules(SALES, effective_from=1)
    again = house.rules(SALES, effective_from=3)
    assert (again.applied, again.rule_set_id) == (False, first.rule_set_id)
    assert house.rules(SALES, effective_from=9, now=at(3)).applied
    assert not house.rules(SALES, effective_from=9, now=at(3)).applied
    entries = house.read(select(JournalEntry.details).where(JournalEntry.action == "mapping:rule_set:apply"))
    assert sorted(details["version"] for (details,) in entries) == [1, 2]


def test_settled_time_cannot_be_given_other_rules(house):
    with house.database.write(house.tenant_id) as session:
        session.execute(update(Tenant).values(settled_until=at(5)))
    with pytest.raises(InvalidValue, match="is settled") as caught:
        house.rules(SALES, effective_from=4, now=at(9))
    assert caught.value.pointer == "/effective_from"
    assert house.rules(SALES, effective_from=5, now=at(9)).applied


def test_compiled_rules_are_kept_within_bounds(house, monkeypatch):
    monkeypatch.setattr(rule_sets, "_MOST_KEPT", 1)
    house.rules(SALES, effective_from=1)
    house.rules(LEADS, effective_from=2)
    assert len(in_force(house)) == 2
    assert len(rule_sets._kept) == 1
