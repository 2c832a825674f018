"""Warnings ahead of a credential's end."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.access.expiry import DAY, Expiry, expiry_of
from bridge.tenants.tables import Credential
from tests.database.opened import NOW

INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("expires_at", "revoked_at", "told"),
    [
        (None, None, Expiry(None, soon=False)),
        (NOW, None, Expiry(None, soon=False)),
        (NOW - DAY, None, Expiry(None, soon=False)),
        (NOW + DAY, NOW, Expiry(None, soon=False)),
        (NOW + INSTANT, None, Expiry(0, soon=True)),
        (NOW + DAY - INSTANT, None, Expiry(0, soon=True)),
        (NOW + 30 * DAY, None, Expiry(30, soon=True)),
        (NOW + 30 * DAY + INSTANT, None, Expiry(30, soon=False)),
    ],
)
def test_what_ends_is_told_thirty_days_ahead(
    expires_at: datetime | None, revoked_at: datetime | None, told: Expiry
):
    row = Credential(expires_at=expires_at, revoked_at=revoked_at)
    assert expiry_of(row, warning_days=30, now=NOW) == told


@given(st.timedeltas(min_value=INSTANT, max_value=4000 * DAY), st.integers(0, 400))
def test_days_are_whole_and_never_too_many(left: timedelta, warning_days: int):
    told = expiry_of(Credential(expires_at=NOW + left), warning_days=warning_days, now=NOW)
    assert told.days * DAY <= left < (told.days + 1) * DAY
    assert told.soon == (left <= warning_days * DAY)
