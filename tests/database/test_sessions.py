"""That a session cannot leave its tenant, on either database."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InternalError
from sqlalchemy.orm import aliased

from bridge.database import many_rows
from bridge.database.columns import Instant
from bridge.database.ids import new_id
from bridge.database.migrate import is_current, owner_engine, upgrade
from bridge.database.prepared import prepared
from bridge.database.row_security import UNSCOPED
from bridge.database.rows import Row, TenantRow, table_of
from bridge.database.sessions import WAKE, Database, TenantSession, scoped_tables
from bridge.directory.tables import ChangeDue
from bridge.errors import Inconsistent
from bridge.journal.tables import JournalEntry
from bridge.tenants.tables import Connection, DueTenant, Tenant
from tests.database.opened import NOW, add_connection, add_tenant
from tests.house.test_migrations import declare_all_tables

DUE = prepared(select(table_of(ChangeDue).c.id).order_by(table_of(ChangeDue).c.id))
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def test_no_statement_of_a_session_touches_another_tenant(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    theirs = add_connection(database, other, "Theirs")
    mine = add_connection(database, tenant_id, "Mine")
    named = aliased(Connection)
    with database.write(tenant_id) as session:
        assert session.scalars(select(Connection.id)).all() == [mine]
        assert session.scalar(select(func.count()).select_from(Connection)) == 1
        assert session.scalars(select(named.name)).all() == ["Mine"]
        assert session.get(Connection, (other, theirs)) is None
        joined = select(Tenant.name, Connection.name).join(
            Connection, Connection.tenant_id == Tenant.tenant_id
        )
        assert session.execute(joined).all() == [("Lindqvist Freight", "Mine")]
        session.execute(update(Connection).values(name="Changed"))
        session.execute(delete(Connection).where(Connection.id == theirs))
    with database.read(other) as session:
        assert session.scalars(select(Connection.name)).all() == ["Theirs"]
    with database.read(tenant_id) as session:
        assert session.scalars(select(Connection.name)).all() == ["Changed"]


def test_a_row_of_another_tenant_is_not_inserted(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    row = {"id": new_id(NOW), "name": "X", "kind": "okta", "dialect": "okta", "created_at": NOW}
    with pytest.raises(Inconsistent), database.write(tenant_id) as session:
        session.add(Connection(tenant_id=other, live_from=None, **row))
    with pytest.raises(Inconsistent), database.write(tenant_id) as session:
        session.execute(insert(Connection), [{"tenant_id": other, **row}])
    with database.read(other) as session:
        assert session.scalars(select(Connection)).all() == []


def test_a_session_outside_any_tenant_sees_impersonal_rows_only(database: Database, tenant_id: str):
    with database.unscoped() as session:
        assert session.scalars(select(DueTenant.tenant_id)).all() == [tenant_id]
        for reading in (
            select(Tenant),
            select(DueTenant).join(Tenant, Tenant.tenant_id == DueTenant.tenant_id),
            select(DueTenant).where(DueTenant.tenant_id.in_(select(Tenant.tenant_id))),
            update(Tenant).values(name="X"),
        ):
            with pytest.raises(Inconsistent, match="tenants was read outside"):
                session.execute(reading)


def test_what_raises_changes_nothing(database: Database, tenant_id: str):
    with pytest.raises(ZeroDivisionError):
        _fail_after(database, tenant_id, lambda session: session.execute(update(Tenant).values(name="X")))
    with suppress(InternalError), database.read(tenant_id) as session:  # PostgreSQL refuses it at once
        session.execute(update(Tenant).values(name="Changed while reading"))
    with database.read(tenant_id) as session:
        assert session.scalar(select(Tenant.name)) == "Lindqvist Freight"


@POSTGRESQL
def test_postgresql_refuses_a_change_in_a_transaction_that_only_reads(database: Database, tenant_id: str):
    with database.read(tenant_id) as session, pytest.raises(InternalError, match="read-only"):
        session.execute(update(Tenant).values(name="Changed while reading"))


@POSTGRESQL
def test_statements_stay_prepared_from_one_read_to_the_next(database: Database, tenant_id: str):
    for _ in range(10):
        with database.read(tenant_id) as session:
            session.run(prepared(select(table_of(Tenant).c.name)))
    with database.read(tenant_id) as session:
        assert session.scalar(text("SELECT count(*) FROM pg_prepared_statements")) > 0


def test_held_rows_are_there_for_whoever_could_miss_them(database: Database, tenant_id: str):
    with database.write(tenant_id) as session:
        session.hold_rows(ChangeDue, [_due(session, "a")])
        session.hold_rows(DueTenant, [_due_tenant(session)])
        assert session.scalars(select(ChangeDue.id)).all() == ["a"]
        session.hold_rows(ChangeDue, [_due(session, "b")])
        assert session.run(DUE).scalars() == ["a", "b"]
        session.hold_rows(ChangeDue, [_due(session, "c")])
    with database.read(tenant_id) as session:
        assert session.run(DUE).scalars() == ["a", "b", "c"]


def test_held_rows_go_with_the_savepoint_they_were_held_in(database: Database, tenant_id: str):
    with database.write(tenant_id) as session:
        session.hold_rows(ChangeDue, [_due(session, "before")])
        with suppress(ZeroDivisionError), session.begin_nested():
            session.hold_rows(ChangeDue, [_due(session, "held")])
            raise ZeroDivisionError
        with suppress(ZeroDivisionError), session.begin_nested():
            session.add_rows(ChangeDue, [_due(session, "added")])
            raise ZeroDivisionError
        with session.begin_nested():
            session.hold_rows(ChangeDue, [_due(session, "kept")])
    with database.read(tenant_id) as session:
        assert session.run(DUE).scalars() == ["before", "kept"]


def test_held_rows_of_another_tenant_are_refused(database: Database, tenant_id: str):
    with pytest.raises(Inconsistent), database.write(tenant_id) as session:
        session.hold_rows(ChangeDue, [{**_due(session, "a"), "tenant_id": "somebody else"}])


def test_many_held_rows_of_many_tables_are_all_written(database: Database, tenant_id: str):
    with database.write(tenant_id) as session:
        for number in range(40):
            session.hold_rows(ChangeDue, [_due(session, f"{number:02}")])
            session.hold_rows(DueTenant, [_due_tenant(session)])
    with database.read(tenant_id) as session:
        assert len(session.run(DUE).all()) == 40


def _due(session: TenantSession, id_: str) -> dict[str, object]:
    subject = {"subject_kind": "person", "subject_id": "p", "cause_id": "c"}
    return {"tenant_id": session.tenant_id, "id": id_, **subject}


def _due_tenant(session: TenantSession) -> dict[str, object]:
    return {"id": new_id(NOW), "tenant_id": session.tenant_id, "cause": "changes", "wake_at": NOW}


def test_workers_are_woken_after_the_commit_of_what_asked_for_it(database: Database, tenant_id: str):
    woken: list[str] = []
    waking = Database(database.engine, after_due=woken.append)
    with waking.write(tenant_id):
        pass
    assert woken == []
    with waking.write(tenant_id) as session:
        session.info[WAKE] = True
        assert woken == []
    assert woken == [tenant_id]
    with pytest.raises(ZeroDivisionError):
        _fail_after(waking, tenant_id, lambda session: session.info.update({WAKE: True}))
    assert woken == [tenant_id]


def _fail_after(database: Database, tenant_id: str, change: Callable[[TenantSession], object]) -> None:
    with database.write(tenant_id) as session:
        change(session)
        raise ZeroDivisionError


@POSTGRESQL
def test_the_role_sees_one_tenant_even_in_plain_sql(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    names = text("SELECT name FROM tenants")
    with database.write(tenant_id) as session:
        assert session.scalars(names).all() == ["Lindqvist Freight"]
        assert (
            session.execute(text("UPDATE tenants SET name = 'x' WHERE tenant_id = :t"), {"t": other}).rowcount
            == 0
        )
        with pytest.raises(DBAPIError, match="row-level security"), session.begin_nested():
            session.execute(
                text(
                    "INSERT INTO tenants (tenant_id, name, currency, timezone, created_at) "
                    "VALUES ('t', 'x', 'EUR', 'UTC', now())"
                )
            )
    with database.engine.connect() as connection:  # a pooled connection, after a transaction with a tenant
        assert connection.scalars(names).all() == []


@POSTGRESQL
def test_every_table_of_tenants_has_forced_row_security_and_a_role_that_owns_nothing(
    database: Database, tenant_id: str
):
    declare_all_tables()
    with database.read(tenant_id) as session:
        secured = session.execute(
            text(
                "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid "
                "WHERE relrowsecurity AND relforcerowsecurity AND polname = 'one_tenant'"
            )
        )
        assert set(secured.scalars()) == set(scoped_tables())
        role, bypass, superuser = session.execute(
            text("SELECT rolname, rolbypassrls, rolsuper FROM pg_roles WHERE rolname = current_user")
        ).one()
        assert (role, bypass, superuser) == ("bridge_app", False, False)
        owned = text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
        assert session.scalar(owned) == 0
        writable = text(
            "SELECT table_name FROM information_schema.role_table_grants WHERE grantee = 'bridge_app' "
            "AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE') AND table_name LIKE 'journal%'"
        )
        assert session.scalars(writable).all() == []


def test_every_table_is_a_tenants_or_known_to_be_impersonal():
    declare_all_tables()
    tables = {mapper.local_table.name for mapper in Row.registry.mappers if mapper.local_table is not None}
    scoped = set(scoped_tables())
    assert tables - scoped == set(UNSCOPED)
    for mapper in Row.registry.mappers:
        if issubclass(mapper.class_, TenantRow):
            assert mapper.local_table.primary_key.columns[0].name == "tenant_id", mapper.local_table.name
            for foreign in mapper.local_table.foreign_key_constraints:
                assert "tenant_id" in foreign.column_keys, foreign.name


@POSTGRESQL
def test_securing_twice_or_with_another_role_changes_nothing_else(database_url: str):
    upgrade(database_url)
    upgrade(database_url, role="bridge_app")
    upgrade(database_url, role="")


def test_a_database_says_whether_it_is_current(database: Database, database_url: str):
    assert is_current(database.engine)
    owner = owner_engine(database_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    owner.dispose()
    assert not is_current(database.engine)


@given(
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001 (zone follows)
    st.integers(-14, 14),
)
def test_an_instant_is_the_same_wherever_it_was_written(local: datetime, offset_hours: int):
    instant = local.replace(tzinfo=timezone(timedelta(hours=offset_hours)))
    column = Instant()
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        stored = column.process_bind_param(instant, dialect)
        read = column.process_result_value(stored, dialect)
        assert read == instant
        assert read is not None
        assert read.tzinfo is UTC
        assert column.process_bind_param(None, dialect) is None
        assert column.process_result_value(None, dialect) is None


def test_a_local_time_is_not_stored():
    with pytest.raises(ValueError, match="no offset"):
        Instant().process_bind_param(datetime(2026, 9, 1), sqlite.dialect())  # noqa: DTZ001 (it is refused)


def test_instants_compare_and_sort_as_time_on_both_databases(database: Database, tenant_id: str):
    early = datetime(2026, 9, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    instants = [early, NOW, NOW + timedelta(microseconds=1)]
    with database.write(tenant_id) as session:
        for instant in reversed(instants):
            session.add(DueTenant(id=new_id(NOW), tenant_id=tenant_id, cause="changes", wake_at=instant))
        session.flush()
        due = select(DueTenant.wake_at).where(DueTenant.cause == "changes").order_by(DueTenant.wake_at)
        assert session.scalars(due).all() == instants
        assert session.scalars(due.where(DueTenant.wake_at > NOW)).all() == instants[2:]


@example(datetime(2245, 1, 1, tzinfo=UTC))  # whose next millisecond a float rounds down
@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 (zone in timezones)
@example(datetime(6182, 1, 23, 0, 59, 35, 999_999, tzinfo=UTC))
def test_ids_are_uuids_of_version_7_that_sort_by_their_instant(instant: datetime):
    first, second = new_id(instant), new_id(instant + timedelta(milliseconds=1))
    assert first < second
    assert (len(first), first[14], first[19] in "89ab") == (36, "7", True)
    milliseconds = (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert int(first.replace("-", "")[:12], 16) == milliseconds
    assert new_id(instant) != first


def test_rows_are_deleted_by_their_keys_and_only_in_the_tenant(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    row = {"subject_kind": "person", "cause_id": "because"}
    for owner in (tenant_id, other):
        with database.write(owner) as session:
            session.add_rows(
                ChangeDue,
                [
                    {"tenant_id": owner, "id": f"{number}", "subject_id": f"s{number}", **row}
                    for number in range(120)
                ],
            )
    with database.write(tenant_id) as session:
        session.delete_rows(ChangeDue, [])
        session.delete_rows(
            ChangeDue, [{"id": f"{number}", "subject_id": f"s{number}"} for number in range(1, 300)]
        )
        session.delete_rows(ChangeDue, [{"id": "0", "subject_id": "another"}])
        assert session.run(DUE).scalars() == ["0"]
    with database.read(other) as session:
        assert len(session.run(DUE).all()) == 120


def test_many_rows_keep_what_each_column_holds(
    database: Database, tenant_id: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(many_rows, "BYTES_OF_A_DOCUMENT", 2_000)  # several documents, the last one smaller
    with database.write(tenant_id) as session:
        rows = [
            {
                "tenant_id": tenant_id, "id": f"{number:03}", "at": NOW, "action": "a:b:c",
                "actor_kind": "operator", "actor_id": 'quo"te\\', "request_id": "",
                "subject_kind": "person", "subject_id": "ä\n",
                "details": {"nested": [{"n": number, "nothing": None}], "text": "\u2028"},
            }
            for number in range(60)
        ]  # fmt: skip
        session.add_rows(JournalEntry, rows)
    with database.read(tenant_id) as session:
        found = session.scalars(
            select(JournalEntry).where(JournalEntry.action == "a:b:c").order_by(JournalEntry.id)
        )
        assert [{name: getattr(each, name) for name in rows[0]} for each in found] == rows


@POSTGRESQL
def test_many_rows_with_a_local_time_are_refused_as_one_is(database: Database, tenant_id: str):
    local = {"tenant_id": tenant_id, "at": NOW.replace(tzinfo=None)}
    with pytest.raises(ValueError, match="no offset"), database.write(tenant_id) as session:
        session.add_rows(
            JournalEntry,
            [
                {
                    **local, "id": f"{number}", "action": "a:b:c", "actor_kind": "operator", "actor_id": "x",
                    "request_id": "", "subject_kind": "person", "subject_id": "y", "details": {},
                }
                for number in range(60)
            ],
        )  # fmt: skip
