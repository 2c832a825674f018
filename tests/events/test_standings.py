"""The latest word by its own time holds, whatever the order of arrival."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.signin.events.standings import Claim, Standing, settle

MIDNIGHT = datetime(2028, 2, 29, tzinfo=UTC)


def claim(number: int, minutes: int, *, holds: bool) -> Claim:
    return Claim(("okta", f"e{number}"), (MIDNIGHT + timedelta(minutes=minutes), f"e{number}"), holds)


def test_an_older_event_that_comes_later_changes_nothing():
    newer, older = claim(1, 10, holds=False), claim(2, 5, holds=True)
    first = settle([newer], Standing(holds=True))
    assert (first.changed_by, first.outcomes[newer.key]) == (newer, "applied")
    second = settle([older], Standing(holds=False, place=first.place))
    assert (second.changed_by, second.outcomes[older.key], second.place) == (None, "superseded", first.place)


def test_an_event_that_says_what_is_so_anyway_is_remembered():
    settled = settle([claim(1, 10, holds=True)], Standing(holds=True))
    assert (settled.changed_by, list(settled.outcomes.values())) == (None, ["unchanged"])
    assert settle([claim(2, 5, holds=False)], Standing(holds=True, place=settled.place)).changed_by is None


@pytest.mark.parametrize(("minutes", "changes"), [(-1, False), (0, False), (1, True)])
def test_another_sources_word_stands_against_events_up_to_its_instant(minutes: int, changes: bool):  # noqa: FBT001 (pytest gives it by name)
    settled = settle([claim(1, minutes, holds=False)], Standing(holds=True, said_at=MIDNIGHT))
    assert (settled.changed_by is not None) is changes


CLAIMS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=8)


@given(CLAIMS, st.randoms(use_true_random=False), st.booleans(), st.none() | st.integers(0, 6))
def test_every_order_and_division_into_batches_ends_the_same(drawn, random, holds, said):
    """Read naively: of all events later than the other word, the latest one says what holds."""
    claims = [claim(number, minutes, holds=each) for number, (minutes, each) in enumerate(drawn)]
    said_at = None if said is None else MIDNIGHT + timedelta(minutes=said)
    later = [each for each in claims if said_at is None or each.place[0] > said_at]
    expected = max(later, key=lambda each: each.place).holds if later else holds
    random.shuffle(claims)
    known = Standing(holds, None, said_at)
    while claims:
        cut = random.randint(1, len(claims))
        batch, claims = claims[:cut], claims[cut:]
        settled = settle(batch, known)
        assert set(settled.outcomes) == {each.key for each in batch}
        by_event = settled.changed_by is not None
        known = Standing(
            settled.changed_by.holds if settled.changed_by else known.holds,
            settled.place,
            None if by_event else known.said_at,
        )
    assert known.holds is expected
