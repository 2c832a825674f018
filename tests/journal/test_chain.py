"""Sealing and verifying the journal."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from bridge.database.migrate import owner_engine
from bridge.database.sessions import Database
from bridge.journal.chain import BEGINNING, canonical, link
from bridge.journal.read import entries, latest
from bridge.journal.record import Subject, record
from bridge.journal.seal import seal
from bridge.journal.tables import JournalEntry
from bridge.journal.verify import ROWS_AT_ONCE, Verification, verify
from tests.database.opened import CAUSE, NOW, add_tenant


def tell(database: Database, tenant_id: str, count: int = 1, **details: int) -> list[str]:
    with database.write(tenant_id) as session:
        return [
            record(
                session,
                "scim:person:create",
                Subject("person", f"person-{number}"),
                cause=CAUSE,
                at=NOW + timedelta(seconds=number),
                details=details,
            )
            for number in range(count)
        ]


def alter(database: Database, tenant_id: str, statement: str, **values: object) -> None:
    """Change the journal as one could who owns the database."""
    url = database.engine.url.render_as_string(hide_password=False)
    owner = owner_engine(url)
    try:
        with owner.begin() as connection:
            if make_url(url).get_backend_name() == "sqlite":
                for table in ("journal_entries", "journal_seals"):
                    for verb in ("update", "delete"):
                        connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
            else:  # FORCE makes row-level security bind the owner too
                own = text("SELECT set_config('app.tenant', :tenant, true)")
                connection.execute(own, {"tenant": tenant_id})
            connection.execute(text(statement), values)
    finally:
        owner.dispose()


def test_sealing_puts_each_entry_in_its_place_once(database: Database, tenant_id: str):
    tell(database, tenant_id, 3)
    assert seal(database, tenant_id) == 4  # the making of the tenant is the first
    assert seal(database, tenant_id) == 0
    tell(database, tenant_id)
    assert seal(database, tenant_id) == 1
    result = verify(database, tenant_id)
    assert (result.sealed, result.unsealed, result.first_broken_position) == (5, 0, None)
    with database.read(tenant_id) as session:
        chain = entries(session, after_position=0, limit=100)
    assert [place.position for place in chain] == [1, 2, 3, 4, 5]
    assert chain[-1].hash == result.head
    assert chain[0].hash == link(BEGINNING, chain[0].entry)


def test_sealing_takes_no_more_than_its_limit_and_the_oldest_first(database: Database, tenant_id: str):
    tell(database, tenant_id, 3)
    assert [seal(database, tenant_id, limit=2) for _ in range(3)] == [2, 2, 0]
    with database.read(tenant_id) as session:
        told = [place.entry for place in entries(session, after_position=1, limit=100)]
    assert [entry.at for entry in told] == [NOW + timedelta(seconds=number) for number in range(3)]


def test_the_unsealed_tail_is_reported(database: Database, tenant_id: str):
    assert verify(database, tenant_id) == Verification(sealed=0, unsealed=1, head=BEGINNING)
    seal(database, tenant_id)
    tell(database, tenant_id, 2)
    result = verify(database, tenant_id)
    assert (result.sealed, result.unsealed, result.reason) == (1, 2, None)


def test_an_entry_that_is_committed_late_is_sealed_later_and_never_lost(database: Database, tenant_id: str):
    late = database.write(tenant_id)
    if database.engine.dialect.name == "sqlite":
        # SQLite has one writer at a time; an entry of an earlier instant takes the place of the late one.
        tell(database, tenant_id)
        assert seal(database, tenant_id) == 2
        with late as session:
            record(
                session, "late:thing:tell", Subject("person", "p"), cause=CAUSE, at=NOW - timedelta(days=1)
            )
    else:
        with late as session:
            record(
                session, "late:thing:tell", Subject("person", "p"), cause=CAUSE, at=NOW - timedelta(days=1)
            )
            tell(database, tenant_id)
            assert seal(database, tenant_id) == 2
    assert seal(database, tenant_id) == 1
    with database.read(tenant_id) as session:
        chain = entries(session, after_position=2, limit=10)
    assert [place.entry.action for place in chain] == ["late:thing:tell"]
    assert verify(database, tenant_id).first_broken_position is None


def test_sealers_at_once_neither_fork_the_chain_nor_leave_a_gap(database: Database, tenant_id: str):
    def write_and_seal(number: int) -> int:
        tell(database, tenant_id, 3, number=number)
        return seal(database, tenant_id, limit=2)

    with ThreadPoolExecutor(4) as threads:
        sealed = sum(threads.map(write_and_seal, range(12)))
    while more := seal(database, tenant_id):
        sealed += more
    assert sealed == 37
    result = verify(database, tenant_id)
    assert (result.sealed, result.unsealed, result.reason) == (37, 0, None)


def test_each_tenant_has_its_own_chain(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    tell(database, other, 2)
    assert seal(database, tenant_id) == 1
    assert verify(database, other).unsealed == 3
    assert seal(database, other) == 3
    with database.read(tenant_id) as session:
        assert [place.position for place in entries(session, after_position=0, limit=10)] == [1]


@pytest.mark.parametrize(
    ("statement", "broken", "reason"),
    [
        ("UPDATE journal_entries SET action = 'scim:person:delete' WHERE id = :second", 3, "altered"),
        ("UPDATE journal_entries SET details = '{\"a\": 2}' WHERE id = :second", 3, "altered"),
        ("UPDATE journal_seals SET hash = 'f' || substr(hash, 2) || 'f' WHERE position = 2", 2, "altered"),
        ("DELETE FROM journal_seals WHERE position = 1", 1, "position 1 is missing"),
        ("DELETE FROM journal_seals WHERE position = 3", 3, "position 3 is missing"),
    ],
)
def test_what_was_altered_is_found_at_its_place(
    database: Database, tenant_id: str, statement: str, broken: int, reason: str
):
    _first, second, _third = tell(database, tenant_id, 3, a=1)
    seal(database, tenant_id)
    alter(database, tenant_id, statement, **({"second": second} if ":second" in statement else {}))
    result = verify(database, tenant_id)
    assert result.first_broken_position == broken
    assert result.sealed == broken - 1
    assert reason in (result.reason or "")


def test_an_entry_cannot_be_taken_from_under_its_seal(database: Database, tenant_id: str):
    tell(database, tenant_id)
    seal(database, tenant_id)
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        alter(database, tenant_id, "DELETE FROM journal_entries")
    assert verify(database, tenant_id).sealed == 2


@pytest.mark.parametrize("table", ["journal_entries", "journal_seals"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET tenant_id = 'x'", "DELETE FROM {}"])
def test_the_bridge_itself_cannot_change_the_journal(
    database: Database, tenant_id: str, table: str, verb: str
):
    tell(database, tenant_id)
    seal(database, tenant_id)
    told = pytest.raises(DBAPIError, match=r"only ever added to|permission denied")
    with told, database.write(tenant_id) as session:
        session.execute(text(verb.format(table)))
    assert verify(database, tenant_id).sealed == 2


def test_the_latest_entries_come_first_sealed_or_not(database: Database, tenant_id: str):
    tell(database, tenant_id)
    seal(database, tenant_id)
    newest = tell(database, tenant_id, 3)[-1]
    with database.read(tenant_id) as session:
        told = latest(session, before=None, limit=2)
        assert told[0].entry.id == newest
        assert (told[0].position, told[0].hash) == (None, None)
        last = told[-1].entry
        rest = latest(session, before=(last.at, last.id), limit=10)
        about = latest(session, before=None, limit=10, subject_id="person-2")
        caused = latest(session, before=None, limit=10, request_id="no such request")
    assert len(rest) == 3
    assert {place.entry.id for place in rest}.isdisjoint(place.entry.id for place in told)
    assert [place.entry.id for place in about] == [newest]
    assert caused == []


def entry(**changes: object) -> JournalEntry:
    content = {
        "tenant_id": "t", "id": "e", "at": NOW, "action": "a:b:c", "actor_kind": "worker", "actor_id": "w",
        "request_id": "r", "subject_kind": "person", "subject_id": "p", "details": {},
    }  # fmt: skip
    return JournalEntry(**{**content, **changes})


@pytest.mark.parametrize(
    "changed",
    [
        {"tenant_id": "u"}, {"id": "f"}, {"at": NOW + timedelta(microseconds=1)}, {"action": "a:b:d"},
        {"actor_kind": "operator"}, {"actor_id": "v"}, {"request_id": "s"}, {"subject_kind": "group"},
        {"subject_id": "q"}, {"details": {"a": 1}},
    ],
)  # fmt: skip
def test_the_hash_covers_every_part_of_an_entry(changed: dict[str, Any]):
    assert link(BEGINNING, entry(**changed)) != link(BEGINNING, entry())
    assert link("1" * 64, entry()) != link(BEGINNING, entry())


@given(st.dictionaries(st.text(max_size=3), st.integers(-(2**53), 2**53), max_size=5), st.integers(-12, 14))
def test_an_entry_has_one_canonical_form(details: dict[str, int], offset_hours: int):
    shuffled = dict(reversed(details.items()))
    elsewhere = NOW.astimezone(timezone(timedelta(hours=offset_hours)))
    assert canonical(entry(details=details)) == canonical(entry(details=shuffled, at=elsewhere))


def test_a_chain_as_long_as_several_readings_is_walked_to_its_end(database: Database, tenant_id: str):
    tell(database, tenant_id, ROWS_AT_ONCE + 1)
    assert seal(database, tenant_id) == ROWS_AT_ONCE + 2
    assert verify(database, tenant_id).sealed == ROWS_AT_ONCE + 2
