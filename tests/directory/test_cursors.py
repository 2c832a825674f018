"""Cursors: whatever position goes in comes out, for the same list alone, and not for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.directory.cursors import read_cursor, scope_of, write_cursor
from bridge.directory.ordering import Position
from bridge.errors import ExpiredCursor, InvalidCursor
from bridge.tenants.secrets import Seal

SEAL, OTHER_SEAL = Seal(["a" * 32]), Seal(["b" * 32])
NOW = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
INSTANTS = st.datetimes(timezones=st.just(UTC))
VALUES = st.none() | st.text() | st.integers(-(2**53), 2**53) | st.decimals(allow_nan=False) | INSTANTS
POSITIONS = st.builds(Position, INSTANTS, st.text(), VALUES, st.booleans())
SOMEWHERE = Position(NOW, "person-1", "ada")


@given(position=POSITIONS, scope=st.text(max_size=9))
def test_a_cursor_leads_back_to_its_position(position: Position, scope: str):
    scope = scope_of(scope)
    cursor = write_cursor(position, scope=scope, until=NOW + HOUR, seal=SEAL)
    assert read_cursor(cursor, scope=scope, now=NOW, seal=SEAL) == position


def test_a_cursor_ends_at_its_instant():
    cursor = write_cursor(SOMEWHERE, scope="s", until=NOW + HOUR, seal=SEAL)
    just_before = NOW + HOUR - timedelta(microseconds=1)
    assert read_cursor(cursor, scope="s", now=just_before, seal=SEAL) == SOMEWHERE
    with pytest.raises(ExpiredCursor, match="first page"):
        read_cursor(cursor, scope="s", now=NOW + HOUR, seal=SEAL)


def test_a_cursor_opens_no_other_list_and_shows_nothing():
    cursor = write_cursor(SOMEWHERE, scope="s", until=NOW + HOUR, seal=SEAL)
    assert "ada" not in cursor
    for wrong in (cursor[:-9], cursor[1:], "", "é", "null", cursor.swapcase(), cursor + "A" * 99):
        with pytest.raises(InvalidCursor):
            read_cursor(wrong, scope="s", now=NOW, seal=SEAL)
    with pytest.raises(InvalidCursor, match="its filter"):
        read_cursor(cursor, scope="t", now=NOW, seal=SEAL)
    with pytest.raises(InvalidCursor):
        read_cursor(cursor, scope="s", now=NOW, seal=OTHER_SEAL)


def test_whatever_makes_a_list_makes_its_scope():
    scopes = {scope_of("a", "b"), scope_of("ab", ""), scope_of("a", None), scope_of("a", ""), scope_of("a")}
    assert len(scopes) == 5
