"""Instants that are handed on as the databases write them."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from bridge.directory.encoded import as_dated, instant_of


@given(at=st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year > 999))
@example(at=datetime(2026, 9, 1, 7, tzinfo=UTC))
@example(at=datetime(2026, 9, 1, 7, 0, 0, 100_000, tzinfo=UTC))
@example(at=datetime(2026, 9, 1, 7, 0, 0, 1, tzinfo=UTC))
def test_zeros_that_a_database_leaves_out_are_written(at: datetime):
    utc = at.replace(tzinfo=None)
    whole = utc.isoformat(sep=" ", timespec="microseconds")
    short = whole.rstrip("0") if utc.microsecond else whole[:19]
    for written in (whole, short):
        assert as_dated(written) == f"{utc.isoformat(timespec='microseconds')}Z"
        assert instant_of(written) == at
