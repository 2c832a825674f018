"""What happens in six weeks."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.simulator.company import larkspur
from bridge.simulator.events import Kind
from bridge.simulator.order import dependent, interleaved
from bridge.simulator.story import SIX_WEEKS, onboarding, six_weeks

START = datetime(2026, 9, 1, 7, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
STORY = six_weeks(larkspur(), START)
PLANS = {"standard", "premium", "flexible", "none"}


def told(kind, source=None, *, month=None, repeated=False):
    return [
        event
        for event in STORY.events
        if event.kind is kind
        and event.repeated is repeated
        and source in {None, event.source}
        and month in {None, event.at.month}
    ]


class Ledger:
    """A second, plain account of who is where; a surprise is a failed assertion."""

    def __init__(self) -> None:
        self.active, self.members, self.source_of = {}, {}, {}

    def take(self, event):
        for key in event.people:
            assert self.source_of.setdefault(key, event.source) == event.source
        getattr(self, event.kind)(event)
        if event.manager:
            assert event.manager in self.active
            assert self.source_of[event.manager] == event.source

    def probe(self, event):
        assert not event.people

    def hire(self, event):
        assert event.person not in self.active
        self.active[event.person] = True

    def profile(self, event):
        assert self.active[event.person]
        assert event.changes

    def deactivate(self, event):
        assert self.active[event.person] is not event.repeated
        self.active[event.person] = False

    def reactivate(self, event):
        assert self.active[event.person] is event.repeated
        self.active[event.person] = True

    def reprovision(self, event):
        assert event.source == "okta"
        self.reactivate(event)

    def delete(self, event):
        assert event.source == "entra"
        assert not self.active.pop(event.person)
        for members in self.members.values():
            members.discard(event.person)

    def push(self, event):
        assert event.group not in self.members
        assert all(self.active[key] for key in event.people)
        self.members[event.group] = set(event.people)
        self.source_of[event.group] = event.source

    def join(self, event):
        assert self.source_of[event.group] == event.source
        assert self.active[event.person]
        assert (event.person in self.members[event.group]) is event.repeated
        self.members[event.group].add(event.person)

    def leave(self, event):
        assert self.active[event.person]
        self.members[event.group].remove(event.person)
        assert any(event.person in members for members in self.members.values())

    def rename(self, event):
        assert event.group in self.members
        assert event.new_name not in self.members


@given(
    st.integers(2, 200),
    st.integers(),
    st.floats(0, 1),
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  # zone is next
)
def test_any_company_has_a_story_without_contradiction(count, seed, share, start):
    story = six_weeks(larkspur(count, seed=seed), start, okta_share=share)
    assert all(earlier.at < later.at for earlier, later in pairwise(story.events))
    assert all(event.at.tzinfo is UTC and start <= event.at < start + SIX_WEEKS for event in story.events)
    ledger = Ledger()
    for event in story.events:
        ledger.take(event)
    hired = {event.person for event in story.events if event.kind is Kind.HIRE}
    assert hired == {person.key for person in story.company.people}
    assert ledger.members.keys() <= story.group_plans.keys()
    assert set(story.group_plans.values()) <= PLANS


def test_the_same_company_and_start_tell_the_same_story():
    assert six_weeks(larkspur(), START) == STORY
    assert six_weeks(larkspur(seed=2), START).events != STORY.events


def test_everything_that_can_happen_happens_in_september():
    for kind in set(Kind) - {Kind.DELETE}:
        assert told(kind, month=9), kind
    for kind in (Kind.HIRE, Kind.PUSH, Kind.JOIN, Kind.LEAVE, Kind.PROFILE, Kind.RENAME, Kind.PROBE):
        assert {event.source for event in told(kind, month=9)} == {"okta", "entra"}, kind
    assert {event.source for event in told(Kind.REACTIVATE, month=9)} == {"okta", "entra"}


def test_a_few_things_happen_in_october():
    late = [event for event in STORY.events if event.at >= OCTOBER]
    kinds = {event.kind for event in late}
    assert {Kind.HIRE, Kind.JOIN, Kind.LEAVE, Kind.DEACTIVATE, Kind.DELETE} <= kinds
    assert 5 <= len(late) <= 30


def test_most_people_are_hired_on_the_first_day_half_by_each_identity_provider():
    assert Counter(event.source for event in told(Kind.HIRE)) == {"okta": 30, "entra": 30}
    assert sum(event.at < START + timedelta(days=1) for event in told(Kind.HIRE)) == 42


def test_somebody_changes_plan_in_the_middle_of_the_month_and_is_in_both_groups_for_a_while():
    for source in ("okta", "entra"):
        moves = [
            (joined, left)
            for left in told(Kind.LEAVE, source, month=9)
            for joined in told(Kind.JOIN, source, month=9)
            if joined.people == left.people and joined.at < left.at
        ]
        assert all(joined.at.date() == left.at.date() for joined, left in moves)
        plans = [(STORY.group_plans[left.group], STORY.group_plans[joined.group]) for joined, left in moves]
        assert any("none" not in {old, new} and old != new for old, new in plans)
        assert any(old == new for old, new in plans)
        assert any(old == "none" for old, _ in plans)


def test_a_leaver_is_deleted_by_entra_thirty_days_later():
    (deleted,) = told(Kind.DELETE)
    (gone,) = [event for event in told(Kind.DEACTIVATE) if event.people == deleted.people]
    assert (deleted.at.date() - gone.at.date()).days == 30


def test_okta_deactivates_in_both_of_its_ways():
    assert {event.by_put for event in told(Kind.DEACTIVATE, "okta", month=9)} == {True, False}


def test_requests_are_repeated_and_an_empty_group_is_pushed():
    repeated = {event.kind for event in STORY.events if event.repeated}
    assert {
        Kind.JOIN,
        Kind.PROFILE,
        Kind.DEACTIVATE,
        Kind.REACTIVATE,
        Kind.REPROVISION,
        Kind.RENAME,
    } == repeated
    assert [event.group for event in told(Kind.PUSH) if not event.people] == ["Interns"]


def test_a_renamed_group_stands_for_the_same_plan():
    renamed = told(Kind.RENAME)
    assert [event.group for event in renamed] == ["Sales", "Field Service"]
    for event in renamed:
        assert STORY.group_plans[event.group] == STORY.group_plans[event.new_name]
    assert set(STORY.group_plans.values()) == PLANS


def test_a_start_in_another_zone_is_told_in_utc():
    berlin_summer = timezone(timedelta(hours=2))
    assert six_weeks(larkspur(), START.astimezone(berlin_summer)) == STORY


def test_a_start_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        six_weeks(larkspur(), START.replace(tzinfo=None))


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        six_weeks(larkspur(), START, okta_share=share)


@pytest.mark.parametrize("source", ["okta", "entra"])
def test_onboarding_is_one_day_of_one_identity_provider(source):
    story = onboarding(larkspur(20), START, source)
    kinds = Counter(event.kind for event in story.events)
    assert {event.source for event in story.events} == {source}
    assert kinds[Kind.HIRE] == 20
    assert kinds.keys() == {Kind.PROBE, Kind.HIRE, Kind.PUSH}
    pushed = [key for event in story.events if event.kind is Kind.PUSH for key in event.people]
    assert sorted(pushed) == [person.key for person in story.company.people]


@given(st.integers(), st.integers(0, 20), st.integers(2, 80))
def test_another_order_keeps_days_instants_and_whatever_depends_on_each_other(order_seed, seed, count):
    story = six_weeks(larkspur(count, seed=seed), START)
    reordered = interleaved(story.events, order_seed)
    assert sorted(reordered, key=lambda event: event.at) == list(story.events)
    assert all(earlier.at.date() <= later.at.date() for earlier, later in pairwise(reordered))
    for names in (lambda event: event.people, lambda event: [event.group] if event.group else []):
        told_of, sent_of = defaultdict(list), defaultdict(list)
        for event in story.events:
            for name in names(event):
                told_of[name].append(event)
        for event in reordered:
            for name in names(event):
                sent_of[name].append(event)
        assert told_of == sent_of


def test_another_order_is_really_another_and_the_same_for_the_same_seed():
    orders = {interleaved(STORY.events, seed) for seed in range(3)}
    assert len(orders | {STORY.events}) == 4
    assert interleaved(STORY.events, 1) == interleaved(STORY.events, 1)


def test_a_manager_is_hired_before_those_who_report_to_them_in_any_order():
    hired = set()
    for event in interleaved(STORY.events, 5):
        if event.kind is Kind.HIRE:
            assert event.manager in {"", *hired}
            hired.add(event.person)


def test_a_deletion_waits_for_every_group_of_its_source_and_none_of_the_other():
    (deleted,) = told(Kind.DELETE)
    assert dependent(told(Kind.RENAME, "entra")[0], deleted)
    assert not dependent(told(Kind.RENAME, "okta")[0], deleted)
