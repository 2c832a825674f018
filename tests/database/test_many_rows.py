"""Rows that go past the ORM are stored as the ORM would store them, few or many."""

import pytest
from sqlalchemy import select, text

from bridge.database.migrate import upgrade
from bridge.database.rows import table_of
from bridge.database.sessions import Database
from bridge.database.storage import LARGE_TEXTS, PERCENT_FULL
from bridge.directory.tables import ChangeDue
from bridge.errors import Inconsistent
from bridge.journal.tables import JournalEntry
from tests.database.opened import NOW, add_tenant

DUE = table_of(ChangeDue).c
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def due(tenant_id: str, numbers: range, cause_id: object = "first") -> list[dict[str, object]]:
    row = {"tenant_id": tenant_id, "subject_kind": "person", "cause_id": cause_id}
    return [{**row, "id": f"{number:04}", "subject_id": f"s{number}"} for number in numbers]


def causes(database: Database, tenant_id: str) -> list[tuple[str, str]]:
    with database.read(tenant_id) as session:
        found = select(ChangeDue.id, ChangeDue.cause_id).order_by(ChangeDue.id)
        return [tuple(row) for row in session.execute(found)]


@pytest.mark.parametrize("many", [1, 3, 300])
def test_rows_whose_key_is_known_become_as_given_and_others_are_added(
    database: Database, tenant_id: str, many: int
):
    other = add_tenant(database, "Okonkwo Textiles")
    for owner in (tenant_id, other):
        with database.write(owner) as session:
            session.put_rows(ChangeDue, due(owner, range(many)))
    for _ in range(2):
        with database.write(tenant_id) as session:
            session.put_rows(ChangeDue, due(tenant_id, range(1, many + 2), "second"))
    assert causes(database, tenant_id) == [
        (f"{number:04}", "second" if number else "first") for number in range(many + 2)
    ]
    assert causes(database, other) == [(f"{number:04}", "first") for number in range(many)]


def test_what_is_held_is_written_before_rows_are_put(database: Database, tenant_id: str):
    with database.write(tenant_id) as session:
        session.hold_rows(ChangeDue, due(tenant_id, range(1)))
        session.put_rows(ChangeDue, due(tenant_id, range(1), "second"))
    assert causes(database, tenant_id) == [("0000", "second")]


def test_a_row_of_another_tenant_is_not_put(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    with pytest.raises(Inconsistent), database.write(tenant_id) as session:
        session.put_rows(ChangeDue, [*due(tenant_id, range(1)), *due(other, range(1))])
    assert causes(database, tenant_id) == causes(database, other) == []


@POSTGRESQL
@pytest.mark.parametrize("many", [1, 60])
def test_what_is_no_text_is_not_written_down_as_json(database: Database, tenant_id: str, many: int):
    rows = due(tenant_id, range(many), {"not": "a text"})
    refusal = pytest.raises(TypeError, match=r"dict is no value of changes_due\.cause_id")
    with refusal, database.write(tenant_id) as session:
        session.put_rows(ChangeDue, rows)
    assert causes(database, tenant_id) == []


@POSTGRESQL
def test_an_instant_without_an_offset_is_refused_wherever_it_stands(database: Database, tenant_id: str):
    rows = [
        {
            "tenant_id": tenant_id, "id": f"{number}", "action": "a:b:c", "actor_kind": "operator",
            "actor_id": "x", "request_id": "", "subject_kind": "person", "subject_id": "y", "details": {},
            "at": NOW if number else NOW.replace(tzinfo=None),
        }
        for number in range(60)
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no offset"), database.write(tenant_id) as session:
        session.put_rows(JournalEntry, rows[::-1])


@POSTGRESQL
def test_large_texts_are_compressed_with_lz4_and_a_second_upgrade_changes_nothing(
    database: Database, database_url: str
):
    stored = text(
        "SELECT attcompression FROM pg_attribute "
        "WHERE attrelid = CAST(:table AS regclass) AND attname = :name"
    )
    upgrade(database_url)
    with database.engine.connect() as connection:
        for table, name in LARGE_TEXTS.items():
            assert connection.scalar(stored, {"table": table, "name": name}) in {"l", b"l"}


@POSTGRESQL
def test_pages_of_what_is_changed_in_place_keep_room_for_it(database: Database, database_url: str):
    options = text("SELECT reloptions FROM pg_class WHERE oid = CAST(:table AS regclass)")
    upgrade(database_url)
    with database.engine.connect() as connection:
        for table, percent in PERCENT_FULL.items():
            assert connection.scalar(options, {"table": table}) == [f"fillfactor={percent}"]
