"""The database puts together who holds the same; it must be who does."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from bridge.billing.pricing.cohorts import SeatSpan, alike_of
from bridge.billing.pricing.period_days import microseconds
from bridge.billing.seat_spans import read_alike
from bridge.seats.tables import Seat
from tests.invoicing.books import at

PERIOD = (at("2026-01-01"), at("2026-02-01"))
BARELY = 744 - 1 / 3_600_000_000  #: a microsecond before the period ends
PEOPLE = ("ann", "ben", "cem", "dee", "eve")


@st.composite
def histories(draw):
    """Spans of each person one after another, of which many begin and end at the same few instants."""
    held = []
    for person in PEOPLE:
        hours = st.sampled_from([-400, -24, 0, 1, 24, 300, 301, 301.7, 743, BARELY, 744, 745, 900])
        edges = sorted(draw(st.sets(hours, max_size=6)))
        for start, end in pairwise([*edges, None]):
            plan = draw(st.sampled_from(["standard", "premium", "none", None]))
            if plan is not None:
                held.append((person, plan, start, end, draw(st.sampled_from([None, "Sales"]))))
    return held


def after(hours):
    return None if hours is None else PERIOD[0] + hours * timedelta(hours=1)


def words(hours):
    return None if hours is None else f"{after(hours):%Y-%m-%d %H:%M:%S.%f}"


def told(alike):
    """Return each person's seats; when one began before the period is nobody's business."""
    found = [
        (person, [stay._replace(begun=0) for stay in stays]) for people, stays in alike for person in people
    ]
    assert len(found) == len(dict(found))
    return {person: sorted(stays, key=lambda stay: stay.start) for person, stays in found}


@pytest.fixture
def crew(books):
    for person in PEOPLE:
        books.person(person)
    return books


@given(held=histories(), billed=st.sampled_from([(0, 744), (24, 744), (0, 301)]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_people_who_are_read_together_hold_what_each_holds(crew, held, billed):
    with crew.database.write(crew.tenant_id) as session:
        session.execute(delete(Seat))
    for person, plan, start, end, department in held:
        crew.seat(person, plan, words(start), words(end), department=department, cost_centre=None)
    within = (after(billed[0]), after(billed[1]))
    spans = [
        SeatSpan(person, plan, after(start), after(end), department, None)
        for person, plan, start, end, department in held
        if plan != "none" and after(start) < within[1] and (end is None or after(end) > within[0])
    ]
    with crew.database.read(crew.tenant_id) as session:
        read = read_alike(session, within, PERIOD)
    assert told(read) == told(alike_of(spans, tuple(map(microseconds, PERIOD))))
