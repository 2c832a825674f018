"""Batches of consumption and sign-ins: what is taken, what is refused and why, what is late."""

import threading
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from bridge.directory.tables import Join
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.journal.tables import JournalEntry
from bridge.seats.tables import LateChange
from bridge.usage import members
from bridge.usage.apply_meters import apply_meters
from bridge.usage.read_usage import usage_between
from bridge.usage.tables import Meter, SignIn, Usage
from bridge.usage.take_sign_ins import take_sign_ins
from bridge.usage.time_limits import TimeLimits
from tests.invoicing.books import BEGINNING, OPERATOR, at
from tests.invoicing.counting import Counting

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NOON = "2026-01-20 12:00"


def used(books, meter="calls", *, start=date(2026, 1, 1), end=date(2026, 2, 1), by_instant=False):
    with books.database.read(books.tenant_id) as session:
        found = usage_between(session, start, end, {meter}, by_instant=by_instant)
    return sorted((each.person_id, each.at, each.quantity) for each in found)


def count(books, row):
    with books.database.read(books.tenant_id) as session:
        return session.scalar(select(func.count()).select_from(row))


def late_changes(books):
    with books.database.read(books.tenant_id) as session:
        return {row.person_id: (row.since, row.cause_id) for row in session.scalars(select(LateChange))}


def test_a_persons_day_is_added_up_exactly(books: Counting):
    taken = books.takes(
        books.event("ada", "calls", "2026-01-05 08:00", "0.1"),
        books.event("ada", "calls", "2026-01-05 23:59:59", "0.2"),
        books.event("ada", "calls", "2026-01-06 00:00", "999999999999.999999"),
        books.event("bob", "calls", "2026-01-05 08:00", 7),
        now=NOON,
    )
    assert (taken.accepted, taken.duplicates, taken.late, taken.rejected) == (4, 0, 0, ())
    assert used(books) == [
        ("ada", at("2026-01-05 08:00"), Fraction(3, 10)),
        ("ada", at("2026-01-06"), Fraction("999999999999.999999")),
        ("bob", at("2026-01-05 08:00"), Fraction(7)),
    ]
    assert len(used(books, by_instant=True)) == 4


def test_the_same_event_again_is_counted_once_whatever_it_says_then(books: Counting):
    event = books.event("ada", "calls", "2026-01-05", "5")
    taken = books.takes(event, event, now=NOON)
    assert (taken.accepted, taken.duplicates) == (1, 1)
    again = books.takes({**event, "data": {"quantity": "6"}}, now=NOON)
    assert (again.accepted, again.duplicates) == (0, 1)
    assert used(books) == [("ada", at("2026-01-05"), 5)]
    other = books.takes({**event, "source": "another shop"}, now=NOON)
    assert other.accepted == 1


def test_a_batch_sent_by_two_at_once_is_counted_once(books: Counting):
    batch = [books.event("ada", "calls", f"2026-01-05 {hour:02}:00", "1") for hour in range(24)]
    start, errors = threading.Barrier(4), []

    def send():
        start.wait()
        try:
            books.takes(*batch, now=NOON)
        except Exception as error:  # noqa: BLE001 (told by the assertion below)
            errors.append(error)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [quantity for _, _, quantity in used(books)] == [24]


@SQLITE
def test_each_bad_event_is_told_with_its_reason_and_the_rest_is_taken(books: Counting):
    books.meter("off", on=False)
    good = books.event("ada", "calls", "2026-01-05", "5")
    bad = [
        ("", "no object"),
        ("/specversion", {**good, "specversion": "0.3"}),
        ("/id", {**good, "id": ""}),
        ("/id", {**good, "id": "x" * 257}),
        ("/source", {**good, "source": "a\0b"}),
        ("/type", {**good, "id": "1", "type": "minutes"}),
        ("/type", {**good, "id": "2", "type": "off"}),
        ("/subject", {**good, "id": "3", "subject": "nobody"}),
        ("/time", {**good, "id": "4", "time": "2026-01-05T00:00:00"}),
        ("/time", {**good, "id": "5", "time": "2026-02-30T00:00:00Z"}),
        ("/time", {**good, "id": "6", "time": "2026-01-20T12:05:01Z"}),
        ("/time", {**good, "id": "7", "time": "2025-12-16T11:59:59Z"}),
        ("/data", {**good, "id": "8", "data": None}),
        ("/data/quantity", {**good, "id": "9", "data": {"quantity": -1}}),
        ("/data/quantity", {**good, "id": "10", "data": {"quantity": 1.5}}),
        ("/data/quantity", {**good, "id": "11", "data": {"quantity": "0.0000001"}}),
        ("/data/quantity", {**good, "id": "12", "data": {"quantity": "1000000000000"}}),
        ("/data/quantity", {**good, "id": "13", "data": {}}),
        ("/data/quantity", {**good, "id": "14", "data": {"quantity": True}}),
    ]
    taken = books.takes(*(event for _, event in bad), good, now=NOON)
    assert [(each.index, each.pointer) for each in taken.rejected] == [
        (index, pointer) for index, (pointer, _) in enumerate(bad)
    ]
    assert all("allowed" in each.reason for each in taken.rejected)
    assert taken.accepted == 1


@SQLITE
def test_at_its_limits_an_event_is_taken(books: Counting):
    ahead = books.event("ada", "calls", "2026-01-20 12:05", "1")
    late = books.event("ada", "calls", "2025-12-16 12:00", "1")
    assert books.takes(ahead, late, now=NOON).accepted == 2


@SQLITE
def test_what_is_settled_takes_no_event(books: Counting):
    books.sql("UPDATE tenants SET settled_until = '2026-01-10 00:00:00.000000'")
    taken = books.takes(
        books.event("ada", "calls", "2026-01-09 23:59:59", "1"),
        books.event("ada", "calls", "2026-01-10", "1"),
        now=NOON,
    )
    assert (taken.accepted, [each.index for each in taken.rejected]) == (1, [0])
    assert "settled" in taken.rejected[0].reason


def test_a_batch_of_nothing_good_writes_nothing(books: Counting):
    entries = count(books, JournalEntry)
    assert books.takes("nonsense", now=NOON).accepted == 0
    assert books.takes(now=NOON).rejected == ()
    assert (count(books, Usage), count(books, JournalEntry)) == (0, entries)


def test_two_tenants_send_the_same_event(books: Counting):
    other = Counting.of(books.database, tenant_id="southwind-1")
    other.person("ada")
    other.meter("calls")
    event = books.event("ada", "calls", "2026-01-05", "5")
    assert (books.takes(event, now=NOON).accepted, other.takes(event, now=NOON).accepted) == (1, 1)
    assert used(books) == [("ada", at("2026-01-05"), 5)]
    stranger = Counting.of(books.database, tenant_id="eastwind-1")
    stranger.meter("calls")
    assert stranger.takes(event, now=NOON).rejected[0].pointer == "/subject"


def test_a_day_is_the_tenants_own(database):
    books = Counting.of(database, tenant_id="auckland-1", zone="Pacific/Auckland")
    books.person("ada")
    books.meter("calls")
    books.takes(books.event("ada", "calls", "2026-01-31 23:30", "1"), now="2026-02-10")
    books.takes(books.event("ada", "calls", "2026-02-01 00:00", "2"), now="2026-02-10")
    assert [quantity for _, _, quantity in used(books)] == [1]
    february = used(books, start=date(2026, 2, 1), end=date(2026, 3, 1))
    assert [quantity for _, _, quantity in february] == [2]


def test_the_highest_and_the_different_values_of_a_person_count(books: Counting):
    books.meter("gigabytes", "max")
    books.meter("projects", "unique")
    events = [
        books.event("ada", "gigabytes", f"2026-01-{day}", quantity)
        for day, quantity in (("05", "3"), ("06", "9"), ("07", "9"), ("08", "4"))
    ]
    events += [
        books.event("ada", "projects", f"2026-01-{day}", value=value)
        for day, value in (("05", "red"), ("06", "blue"), ("07", "red"))
    ]
    events.append(books.event("bob", "projects", "2026-01-07", value="red"))
    events.append(books.event("ada", "projects", "2026-01-08", quantity="1"))
    taken = books.takes(*events, now=NOON)
    assert [(each.index, each.pointer) for each in taken.rejected] == [(8, "/data/value")]
    assert used(books, "gigabytes") == [("ada", at("2026-01-06"), 9)]
    assert used(books, "projects") == [
        ("ada", at("2026-01-05"), 1),
        ("ada", at("2026-01-06"), 1),
        ("bob", at("2026-01-07"), 1),
    ]
    with books.database.read(books.tenant_id) as session:
        stored = session.scalars(select(Usage.value_digest).where(Usage.meter == "projects")).all()
    assert "red" not in stored
    assert len(set(stored)) == 2


def test_what_a_joined_account_uses_counts_for_the_person_while_it_is_joined(books: Counting):
    join = {
        "tenant_id": books.tenant_id, "account_id": "bob", "person_id": "ada",
        "start": at("2026-01-05 12:00"), "end": at("2026-01-07"), "made_by": "administrator",
        "reason": "one human", "started_by": "entry",
    }  # fmt: skip
    with books.database.write(books.tenant_id) as session:
        session.add_rows(Join, [join])
    hours = ("05 11:00", "05 12:00", "06 23:00", "07 00:00")
    books.takes(*(books.event("bob", "calls", f"2026-01-{hour}", "1") for hour in hours), now=NOON)
    assert [(person, when.day, quantity) for person, when, quantity in used(books)] == [
        ("ada", 5, 1),
        ("ada", 6, 1),
        ("bob", 5, 1),
        ("bob", 7, 1),
    ]


def test_sign_ins_are_known_by_connection_and_id(books: Counting):
    taken = books.signed_in("ada", "2026-01-05 08:00", "2026-01-05 09:00", now=NOON)
    assert taken.accepted == 2
    again = books.signed_in("ada", "2026-01-05 08:00", now=NOON)
    assert (again.accepted, again.duplicates) == (0, 1)
    assert count(books, SignIn) == 2


@SQLITE
def test_a_bad_sign_in_is_told_with_its_reason(books: Counting):
    good = {"connection": "okta", "id": "1", "person": "ada", "at": "2026-01-05T08:00:00+01:00"}
    bad = [
        ("", []),
        ("", {**good, "device": "phone"}),
        ("/person", {**good, "person": "nobody"}),
        ("/connection", {**good, "connection": "entra"}),
        ("/at", {**good, "at": "yesterday"}),
        ("/at", {**good, "at": "2026-03-01T00:00:00Z"}),
    ]
    taken = books._taken(take_sign_ins, [*(row for _, row in bad), good, good], NOON)
    assert [each.pointer for each in taken.rejected] == [pointer for pointer, _ in bad]
    assert (taken.accepted, taken.duplicates) == (1, 1)
    assert taken.document()["rejected"][2]["pointer"] == "/person"


def test_only_what_comes_after_the_invoice_is_late_and_names_its_batch(books: Counting):
    books.close("2026-01-01", now="2026-02-01")
    taken = books.takes(
        books.event("ada", "calls", "2026-01-31 23:59", "1"),
        books.event("ada", "calls", "2026-01-30", "1"),
        books.event("bob", "calls", "2026-02-01", "1"),
        now="2026-02-02",
    )
    assert taken.late == 2
    [(person, (since, cause))] = late_changes(books).items()
    assert (person, since) == ("ada", at("2026-01-30"))
    with books.database.read(books.tenant_id) as session:
        assert session.scalar(select(JournalEntry.action).where(JournalEntry.id == cause)) == (
            "usage:events:take"
        )
    books.signed_in("bob", "2026-01-30", now="2026-02-02")
    assert late_changes(books)["bob"][0] == at("2026-01-30")


def test_a_meter_is_made_changed_and_left_as_it_is(books: Counting):
    assert books.meter("calls") == ()
    assert books.meter("calls", on=False) == ("calls",)
    assert books.meter("calls", on=True, unit="call") == ("calls",)
    assert count(books, Meter) == 1


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, "/meters"),
        ({"meters": []}, "/meters"),
        ({"meters": [{"key": f"m{number}", "unit": "1", "aggregation": "sum"} for number in range(11)]},
         "/meters"),
        ({"meters": [{"key": f"m{number}", "unit": "1", "aggregation": "sum"} for number in range(10)]},
         "/meters"),
        ({"meters": ["calls"]}, "/meters/0"),
        ({"meters": [{"key": "Calls", "unit": "1", "aggregation": "sum"}]}, "/meters/0/key"),
        ({"meters": [{"key": "c", "unit": "", "aggregation": "sum"}]}, "/meters/0/unit"),
        ({"meters": [{"key": "c", "unit": "1", "aggregation": "mean"}]}, "/meters/0/aggregation"),
        ({"meters": [{"key": "c", "unit": "1", "aggregation": "sum", "on": "yes"}]}, "/meters/0/on"),
        ({"meters": [{"key": "c", "unit": "1", "aggregation": "sum", "off": True}]}, "/meters/0"),
        ({"meters": [{"key": "c", "unit": "1", "aggregation": "sum"}] * 2}, "/meters/1/key"),
    ],
)  # fmt: skip
@SQLITE
def test_a_bad_meter_is_refused_with_its_pointer_and_changes_nothing(books: Counting, document, pointer):
    with pytest.raises(InvalidValue) as refused, books.database.write(books.tenant_id) as session:
        apply_meters(session, document, most=10, cause=OPERATOR, now=BEGINNING)
    assert refused.value.pointer == pointer
    assert count(books, Meter) == 1


def test_a_meter_with_events_keeps_its_aggregation(books: Counting):
    books.takes(books.event("ada", "calls", "2026-01-05", "1"), now=NOON)
    with pytest.raises(Conflict, match="1 events counted by sum") as refused:
        books.meter("calls", "max")
    assert refused.value.pointer == "/meters/0/aggregation"


def test_a_tenant_that_does_not_exist_counts_nothing(database):
    nobody = Counting(database, "nobody", "UTC")
    with pytest.raises(NotFound):
        nobody.meter("calls")
    with pytest.raises(NotFound):
        nobody.takes(now=NOON)


@given(st.integers(0, 10**18 - 1))
def test_a_quantity_is_read_to_the_millionth(millionths):
    whole, rest = divmod(millionths, members.MILLION)
    assert members.millionths({"q": f"{whole}.{rest:06}"}, "q", "") == millionths
    assert members.millionths({"q": whole}, "q", "") == whole * members.MILLION


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - hypothesis adds the zone
def test_an_instant_is_taken_within_the_days_and_five_minutes(moment):
    now = datetime(2026, 1, 20, 12, tzinfo=UTC)
    instant = moment.replace(tzinfo=UTC)
    limits = TimeLimits(now, 35, None, "Europe/Berlin")
    try:
        limits.check(instant, "/time")
        taken = True
    except InvalidValue:
        taken = False
    seconds = (instant - now).total_seconds()
    assert taken == (-35 * 86_400 <= seconds <= 300)
