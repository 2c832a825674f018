"""Periods that keep their day, and their local days."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.billing.periods import Period, add_months, period_containing, periods_between
from bridge.billing.pricing.period_days import PeriodDays, common, microseconds, run, union, without, zone_of
from bridge.errors import InvalidValue

DAYS = st.dates(date(1990, 1, 1), date(2060, 1, 1))


def test_an_anchor_of_the_31st_clips_only_the_short_months():
    anchor = date(2024, 1, 31)
    assert [add_months(anchor, n) for n in (0, 1, 2, 3)] == [
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 3, 31),
        date(2024, 4, 30),
    ]


def test_a_year_from_29_february_ends_on_28_february():
    assert period_containing(date(2024, 2, 29), "year", date(2024, 12, 1)) == Period(
        date(2024, 2, 29), date(2025, 2, 28)
    )


def test_a_day_before_the_anchor_has_its_period_too():
    assert period_containing(date(2024, 1, 31), "month", date(2023, 2, 28)) == Period(
        date(2023, 2, 28), date(2023, 3, 31)
    )


def test_a_period_needs_a_day():
    with pytest.raises(InvalidValue) as refused:
        Period(date(2024, 1, 1), date(2024, 1, 1))
    assert refused.value.pointer == "/period/end"


@given(DAYS, st.sampled_from(["month", "year"]), DAYS)
def test_every_day_lies_in_exactly_one_period(anchor, interval, day):
    period = period_containing(anchor, interval, day)
    assert period.start <= day < period.end
    before = period_containing(anchor, interval, period.start - timedelta(days=1))
    assert before.end == period.start
    assert period_containing(anchor, interval, period.end - timedelta(days=1)) == period


@given(DAYS, st.sampled_from(["month", "year"]), DAYS, st.integers(0, 800))
def test_the_periods_of_a_stretch_follow_each_other_and_cover_it(anchor, interval, start, length):
    end = start + timedelta(days=length)
    periods = periods_between(anchor, interval, start, end)
    if not length:
        assert periods == ()
        return
    assert periods[0].start <= start
    assert end <= periods[-1].end
    assert all(one.end == other.start for one, other in pairwise(periods))


def march(zone):
    return PeriodDays.of(Period(date(2024, 3, 1), date(2024, 4, 1)), zone)


def test_a_day_of_23_hours_is_one_day():
    days = march("Europe/Berlin")
    assert days.count == 31
    assert days.edges[31] - days.edges[30] == 23 * 3_600_000_000


def test_a_date_that_the_zone_skipped_is_no_day():
    days = PeriodDays.of(Period(date(2011, 12, 1), date(2012, 1, 1)), "Pacific/Apia")
    assert days.count == 30


def test_a_period_of_skipped_dates_alone_is_refused():
    with pytest.raises(InvalidValue):
        PeriodDays.of(Period(date(2011, 12, 30), date(2011, 12, 31)), "Pacific/Apia")


@pytest.mark.parametrize(
    "name", ["Europe/Atlantis", "", "../etc/passwd", "Europe", "localtime", "UTC+1", "/UTC"]
)
def test_a_zone_that_is_not_in_the_database_is_refused(name):
    with pytest.raises(InvalidValue) as refused:
        zone_of(name)
    assert refused.value.pointer == "/timezone"


def test_a_day_that_begins_at_one_o_clock_begins_when_the_clocks_skip():
    days = PeriodDays.of(Period(date(2024, 4, 26), date(2024, 4, 27)), "Africa/Cairo")
    assert days.start == microseconds(datetime(2024, 4, 25, 22, tzinfo=UTC))


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"])


@given(ZONES, st.integers(0, 31 * 24 * 60), st.integers(1, 9000))
def test_the_days_of_a_span_are_the_dates_its_instants_have(zone, start_minutes, length_minutes):
    days = march(zone)
    start = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(minutes=start_minutes)
    end = start + timedelta(minutes=length_minutes)
    dates = {
        (start + timedelta(minutes=minute)).astimezone(ZoneInfo(zone)).date()
        for minute in range(length_minutes)
    }
    expected = sum(1 << (day.day - 1) for day in dates if day.month == 3)
    assert days.touched(microseconds(start), microseconds(end)) == expected


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda s: (s[0], s[0] + s[1])))


def instants(spans):
    return {instant for start, end in spans for instant in range(start, end)}


@given(SPANS, SPANS)
def test_spans_are_sets_of_instants(left, right):
    one, other = union(left), union(right)
    assert instants(one) == instants(left)
    assert instants(common(one, other)) == instants(left) & instants(right)
    assert instants(without(one, other)) == instants(left) - instants(right)
    assert all(a[1] < b[0] for a, b in pairwise(one))


@given(st.integers(0, 2**31 - 1))
def test_a_set_of_days_is_its_spans(bits):
    days = march("Europe/Berlin")
    back = 0
    for start, end in days.spans(bits):
        back |= days.touched(start, end)
    assert back == bits


def test_a_run_backwards_has_no_day():
    assert run(5, 3) == 0
