"""Making tenants with their connections."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.errors import Conflict, InvalidValue, NotFound, Uniqueness
from bridge.journal.tables import JournalEntry
from bridge.tenants.connections import find_connection, list_connections, set_live
from bridge.tenants.create import KINDS, create_connection, create_tenant
from bridge.tenants.nights import next_night
from bridge.tenants.read import find_tenant, tenant_ids
from bridge.tenants.tables import DueTenant
from tests.database.opened import CAUSE, NOW, add_connection, add_tenant

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_tenant_is_listed_and_found_by_its_nightly_row(database: Database):
    made = [add_tenant(database, name) for name in ("Lindqvist Freight", "Okonkwo Textiles")]
    assert list(tenant_ids(database)) == sorted(made)
    with database.read(made[0]) as session:
        row = find_tenant(session)
        due = session.scalars(select(DueTenant).where(DueTenant.tenant_id == made[0])).one()
        told = session.scalars(select(JournalEntry)).one()
    assert (row.name, row.currency, row.timezone, row.settled_until) == (
        "Lindqvist Freight",
        "EUR",
        "Europe/Berlin",
        None,
    )
    assert (due.cause, due.wake_at) == ("nightly", datetime(2026, 9, 2, 0, 0, tzinfo=UTC))
    assert (told.action, told.subject_id, told.actor_id) == ("tenants:tenant:create", made[0], "mara")


def test_a_tenant_that_does_not_exist_is_not_found(database: Database, tenant_id: str):
    with database.read(new_id(NOW)) as session, pytest.raises(NotFound):
        find_tenant(session)
    assert list(tenant_ids(database)) == [tenant_id]


@on_sqlite
@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "  "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"currency": "EURO"}, "/currency"),
        ({"currency": "eur"}, "/currency"),
        ({"currency": "ÉUR"}, "/currency"),
        ({"timezone": "Europe"}, "/timezone"),
        ({"timezone": "../etc/passwd"}, "/timezone"),
        ({"timezone": ""}, "/timezone"),
        ({"timezone": "localtime"}, "/timezone"),
        ({"timezone": "Factory"}, "/timezone"),
    ],
)
def test_a_tenant_that_cannot_be_billed_is_refused(database: Database, wrong: dict[str, str], pointer: str):
    asked = {"name": "Lindqvist Freight", "currency": "EUR", "timezone": "UTC", **wrong}
    with pytest.raises(InvalidValue) as refused, database.write(new_id(NOW)) as session:
        create_tenant(session, **asked, cause=CAUSE, now=NOW)
    assert refused.value.pointer == pointer
    assert list(tenant_ids(database)) == []


@on_sqlite
def test_a_name_of_the_longest_length_is_taken(database: Database):
    assert add_tenant(database, "x" * 200) in tenant_ids(database)


@on_sqlite
@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_speaks_the_dialect_of_its_kind(database: Database, tenant_id: str, kind: str):
    with database.write(tenant_id) as session:
        row = create_connection(
            session, name="Directory", kind=kind, dialect=None, live=False, cause=CAUSE, now=NOW
        )
    assert (row.dialect, row.live_from) == (kind, None)
    with database.read(tenant_id) as session:
        assert find_connection(session, row.id).kind == kind


@on_sqlite
def test_a_connection_can_speak_another_dialect_and_be_live_at_once(database: Database, tenant_id: str):
    with database.write(tenant_id) as session:
        row = create_connection(
            session, name="Entra", kind="entra", dialect="entra-2020", live=True, cause=CAUSE, now=NOW
        )
    assert (row.dialect, row.live_from) == ("entra-2020", NOW)


@on_sqlite
@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [({"kind": "ldap"}, "/kind"), ({"dialect": "klingon"}, "/dialect"), ({"name": ""}, "/name")],
)
def test_an_unknown_kind_or_dialect_is_refused(
    database: Database, tenant_id: str, wrong: dict[str, str], pointer: str
):
    asked = {"name": "Directory", "kind": "okta", "dialect": None, **wrong}
    with pytest.raises(InvalidValue) as refused, database.write(tenant_id) as session:
        create_connection(session, **asked, live=False, cause=CAUSE, now=NOW)
    assert refused.value.pointer == pointer


def test_two_connections_of_one_tenant_have_two_names(database: Database, tenant_id: str):
    first = add_connection(database, tenant_id, "Okta")
    with pytest.raises(Uniqueness):
        add_connection(database, tenant_id, "Okta")
    other = add_tenant(database, "Okonkwo Textiles")
    assert add_connection(database, other, "Okta") != first
    with database.read(tenant_id) as session:
        assert [row.id for row in list_connections(session)] == [first]


@on_sqlite
def test_no_connection_is_made_without_a_tenant(database: Database):
    with pytest.raises(NotFound):
        add_connection(database, new_id(NOW))


def test_a_connection_goes_live_once_at_a_date(database: Database, tenant_id: str):
    connection_id = add_connection(database, tenant_id, live=False)
    later = NOW + timedelta(days=3)
    with database.write(tenant_id) as session:
        cause_id = set_live(session, connection_id, live_from=later, cause=CAUSE, now=NOW)
        assert set_live(session, connection_id, live_from=later, cause=CAUSE, now=NOW) is None
        assert set_live(session, connection_id, live_from=None, cause=CAUSE, now=NOW) is None
        with pytest.raises(Conflict):
            set_live(session, connection_id, live_from=NOW, cause=CAUSE, now=NOW)
    with database.read(tenant_id) as session:
        assert find_connection(session, connection_id).live_from == later
        told = session.scalars(select(JournalEntry).where(JournalEntry.id == cause_id)).one()
    assert (told.action, told.details) == ("tenants:connection:live", {"live_from": later.isoformat()})


@on_sqlite
def test_a_connection_goes_live_now_when_no_date_is_named(database: Database, tenant_id: str):
    connection_id = add_connection(database, tenant_id, live=False)
    with database.write(tenant_id) as session:
        set_live(session, connection_id, live_from=None, cause=CAUSE, now=NOW + timedelta(hours=1))
    with database.read(tenant_id) as session:
        assert find_connection(session, connection_id).live_from == NOW + timedelta(hours=1)


@on_sqlite
def test_a_connection_is_not_live_before_it_was_made(database: Database, tenant_id: str):
    connection_id = add_connection(database, tenant_id, live=False)
    with pytest.raises(InvalidValue) as refused, database.write(tenant_id) as session:
        set_live(session, connection_id, live_from=NOW - timedelta(microseconds=1), cause=CAUSE, now=NOW)
    assert refused.value.pointer == "/live_from"


def test_another_tenants_connection_does_not_exist(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    connection_id = add_connection(database, other, live=False)
    with database.write(tenant_id) as session:
        with pytest.raises(NotFound):
            find_connection(session, connection_id)
        with pytest.raises(NotFound):
            set_live(session, connection_id, live_from=NOW, cause=CAUSE, now=NOW)
    with database.read(other) as session:
        assert find_connection(session, connection_id).live_from is None


@pytest.mark.parametrize(
    ("timezone", "now", "expected"),
    [
        ("UTC", "2026-09-01T01:59:59Z", "2026-09-01T02:00:00Z"),
        ("UTC", "2026-09-01T02:00:00Z", "2026-09-02T02:00:00Z"),
        ("Asia/Tokyo", "2024-02-28T17:00:00Z", "2024-02-29T17:00:00Z"),
        ("Europe/Berlin", "2026-03-28T20:00:00Z", "2026-03-29T01:00:00Z"),  # 02:00 is skipped: 03:00
        ("Europe/Berlin", "2026-10-24T20:00:00Z", "2026-10-25T00:00:00Z"),  # 02:00 comes twice: the first
        ("Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:00:00Z"),
        ("Pacific/Kiritimati", "2026-12-31T13:00:00Z", "2027-01-01T12:00:00Z"),
    ],
)
def test_the_night_begins_at_two_by_the_clock_on_the_wall(timezone: str, now: str, expected: str):
    assert next_night(timezone, datetime.fromisoformat(now)) == datetime.fromisoformat(expected)
