"""What is counted: decisions on days, bases, plans and sign-ins."""

from decimal import Decimal

import pytest

from tests.billing.quotes import (
    APRIL,
    JANUARY,
    crew,
    days,
    grouped,
    invoice,
    lines,
    people,
    seat,
    term,
    total,
)

NOON = "2024-01-10T12:00:00Z"


def test_a_person_who_leaves_midway_holds_a_seat_until_then():
    assert total(term(), [seat("ada", end=NOON)]) == "10.00"


def test_a_seat_that_ends_at_midnight_was_last_held_the_day_before():
    assert total(term(), [seat("ada", end="2024-01-10T00:00:00Z")]) == "9.00"


def test_a_seat_that_was_held_at_no_instant_costs_nothing():
    answer = invoice(term(), [seat("ada", NOON, NOON)])
    assert (answer["total"], answer["people"]) == ("0.00", [])


def test_added_removed_and_added_on_one_day_is_one_day():
    flapping = [seat("ada", f"2024-01-10T{h:02}:00:00Z", f"2024-01-10T{h:02}:30:00Z") for h in range(24)]
    assert total(term(), flapping) == "1.00"


def test_a_plain_price_bills_both_people_on_the_day_one_replaces_the_other():
    swap = [seat("ada", end=NOON), seat("bob", NOON)]
    assert total(term(), swap) == "32.00"


def test_a_slot_is_billed_once_on_the_day_one_replaces_the_other():
    swap = [seat("ada", end=NOON), seat("bob", NOON)]
    tiers = [{"unit_amount": "31.00"}]
    assert total(term(tiers=tiers), swap) == "31.00"
    assert total(term(max_seats=5), swap) == "31.00"


def test_two_who_overlap_for_a_minute_take_two_slots_that_day():
    swap = [seat("ada", end="2024-01-10T12:01:00Z"), seat("bob", NOON)]
    assert total(term(max_seats=5), swap) == "32.00"


@pytest.mark.parametrize(
    ("end", "amount"),
    [("2024-01-10T12:00:00Z", "9.00"), ("2024-01-11T00:00:00Z", "10.00"), ("2024-01-10T23:59:59Z", "9.00")],
)
def test_a_free_removal_day_is_billed_to_whoever_holds_the_next_midnight(end, amount):
    free = {"basis": "day_any", "removal_day": "free"}
    assert total(term(count=free), [seat("ada", end=end)]) == amount


def test_the_slots_of_a_free_removal_day_are_those_who_stay():
    free = {"basis": "day_any", "removal_day": "free"}
    seats = [seat("ada", end=NOON), seat("bob", "2024-01-10T09:00:00Z")]
    assert total(term(count=free, max_seats=9), seats) == "31.00"


def test_seconds_are_exact():
    assert total(term(count={"basis": "second"}), [seat("ada", end="2024-01-16T12:00:00Z")]) == "15.50"


def test_seconds_in_tiers_are_integrated_by_the_instant():
    tiers = [{"up_to": 1, "unit_amount": "31.00"}, {"unit_amount": "3.10"}]
    seats = [seat("ada"), seat("bob", "2024-01-31T12:00:00Z")]
    assert total(term(tiers=tiers, count={"basis": "second"}), seats) == "31.05"


def test_a_month_any_seat_is_charged_in_full_for_one_day():
    answer = invoice(term(count={"basis": "month_any"}), [seat("ada", NOON, "2024-01-10T12:00:01Z")])
    assert (answer["total"], days(answer)) == ("31.00", {"ada": 31})


def test_a_sticky_seat_is_billed_from_its_first_day_to_the_end_and_readding_is_free():
    seats = [
        seat("ada", NOON, "2024-01-11T12:00:00Z"),
        seat("ada", "2024-01-20T12:00:00Z", "2024-01-21T12:00:00Z"),
    ]
    answer = invoice(term(count={"basis": "sticky_month"}), seats)
    assert (answer["total"], days(answer)) == ("22.00", {"ada": 22})


def test_a_sticky_seat_keeps_its_slot():
    seats = [seat("ada", end=NOON), seat("bob", "2024-01-20T00:00:00Z")]
    count = {"basis": "sticky_month"}
    assert total(term(max_seats=1, count=count), seats) == "31.00"
    assert total(term(max_seats=2, count=count), seats) == "43.00"


def test_the_high_water_mark_is_the_most_at_one_instant():
    seats = [*crew(3, end=NOON), *crew(3, NOON, first=10), seat("zoe", NOON, "2024-01-10T12:00:01Z")]
    assert total(term(unit_amount="10.00", count={"basis": "high_water"}), seats) == "40.00"


def test_the_high_water_mark_of_nobody_is_nothing():
    assert total(term(count={"basis": "high_water"}), []) == "0.00"


def test_an_average_may_be_a_fraction_in_its_tier():
    tiers = [{"up_to": 1, "unit_amount": "10.00"}, {"unit_amount": "8.00"}]
    seats = [seat("ada"), seat("bob", "2024-04-16T00:00:00Z")]
    average = term(tiers=tiers, count={"basis": "average"})
    assert total(average, seats, APRIL) == "14.00"


@pytest.mark.parametrize(("basis", "amount"), [("snapshot_start", "31.00"), ("snapshot_end", "62.00")])
def test_a_snapshot_counts_who_is_there_at_its_instant(basis, amount):
    seats = [
        seat("ada", end="2024-02-01T00:00:00Z"),
        seat("bob", NOON),
        seat("cy", NOON, "2024-01-31T23:59:59Z"),
    ]
    assert total(term(count={"basis": basis}), seats) == amount


def test_free_seats_come_first_and_a_limit_last():
    assert total(term(included_seats=2, max_seats=3), crew(9)) == "93.00"


def test_two_plans_on_one_day_are_one_day_of_the_higher():
    plans = [term(), term("premium", 30, unit_amount="62.00")]
    seats = [seat("ada", end="2024-01-16T12:00:00Z"), seat("ada", "2024-01-16T12:00:00Z", plan="premium")]
    answer = invoice(plans, seats)
    assert lines(answer) == [("seats", "15.00"), ("seats", "32.00")]


def test_a_lost_day_takes_no_slot_and_no_free_seat():
    plans = [term(included_seats=1), term("premium", 30, unit_amount="62.00")]
    seats = [seat("ada"), seat("ada", plan="premium"), seat("bob")]
    assert total(plans, seats) == "62.00"


def test_a_lost_day_is_no_part_of_a_peak():
    plans = [term(count={"basis": "high_water"}), term("premium", 30, unit_amount="62.00")]
    seats = [seat("ada"), seat("bob", NOON, "2024-01-10T13:00:00Z"), seat("bob", NOON, plan="premium")]
    assert lines(invoice(plans, seats)) == [("seats", "31.00"), ("seats", "44.00")]


def test_an_inactive_day_of_the_higher_plan_leaves_the_day_to_the_lower():
    plans = [
        term(),
        term("premium", 30, unit_amount="62.00", count={"basis": "active_login", "window_days": 0}),
    ]
    seats = [seat("ada"), seat("ada", plan="premium")]
    answer = invoice(plans, seats, logins=[{"person": "ada", "at": NOON}])
    assert lines(answer) == [("seats", "30.00"), ("seats", "2.00")]


def test_a_free_removal_day_of_the_higher_plan_belongs_to_the_lower():
    plans = [term(), term("premium", 30, unit_amount="62.00", count={"removal_day": "free"})]
    seats = [seat("ada"), seat("ada", end=NOON, plan="premium")]
    assert lines(invoice(plans, seats)) == [("seats", "22.00"), ("seats", "18.00")]


def test_a_sticky_higher_plan_keeps_the_days_after_the_switch_down():
    plans = [term(), term("premium", 30, unit_amount="62.00", count={"basis": "sticky_month"})]
    seats = [
        seat("ada", NOON, plan="premium", end="2024-01-12T00:00:00Z"),
        seat("ada", "2024-01-12T00:00:00Z"),
    ]
    assert lines(invoice(plans, seats), "seats") == [("seats", "44.00")]


def test_two_plans_that_count_instants_share_a_day_instant_by_instant():
    by_second = {"basis": "second"}
    plans = [term(count=by_second), term("premium", 30, unit_amount="62.00", count=by_second)]
    seats = [seat("ada"), seat("ada", NOON, "2024-01-10T18:00:00Z", "premium")]
    answer = invoice(plans, seats)
    assert lines(answer) == [("seats", "30.75"), ("seats", "0.50")]


def test_a_higher_plan_that_counts_days_takes_the_whole_day_from_one_that_counts_instants():
    plans = [term(count={"basis": "second"}), term("premium", 30, unit_amount="62.00")]
    seats = [seat("ada"), seat("ada", NOON, "2024-01-10T18:00:00Z", "premium")]
    assert lines(invoice(plans, seats)) == [("seats", "30.00"), ("seats", "2.00")]


@pytest.mark.parametrize(
    ("signed_in", "billed"),
    [
        ("2023-12-03T23:00:00Z", 0),
        ("2023-12-04T23:00:00Z", 1),
        ("2024-01-01T00:00:00Z", 29),
        ("2024-01-31T23:59:59Z", 1),
        ("2024-02-01T00:00:00Z", 0),
    ],
)
def test_a_sign_in_keeps_a_person_active_for_the_window(signed_in, billed):
    answer = invoice(
        term(count={"basis": "active_login"}), [seat("ada")], logins=[{"person": "ada", "at": signed_in}]
    )
    assert answer["total"] == f"{billed}.00"


def test_a_sign_in_before_the_seat_counts_and_does_not_bill_days_without_a_seat():
    answer = invoice(
        term(count={"basis": "active_login"}),
        [seat("ada", NOON)],
        logins=[{"person": "ada", "at": "2024-01-02T09:00:00Z"}],
    )
    assert days(answer) == {"ada": 21}


def test_sign_ins_of_the_first_and_last_hour_that_can_be_named_are_in_no_period():
    far = [{"person": "ada", "at": at} for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")]
    active = term(count={"basis": "active_login"})
    assert total(active, [seat("ada")], logins=far, timezone="America/New_York") == "0.00"
    assert total(active, [seat("ada")], logins=far, timezone="Asia/Tokyo") == "0.00"


def test_the_slots_of_active_people_are_counted():
    answer = total(
        term(count={"basis": "active_login", "window_days": 0}, included_seats=1),
        crew(3),
        logins=[{"person": f"p{n:05}", "at": NOON} for n in range(3)],
    )
    assert answer == "2.00"


def test_a_month_any_plan_splits_a_person_by_the_days_of_each_department():
    seats = [
        seat("ada", end="2024-01-16T00:00:00Z", department="Sales"),
        seat("ada", "2024-01-16T00:00:00Z", department="Ops"),
        seat("bob", NOON, department="Ops"),
    ]
    answer = invoice(term(count={"basis": "month_any"}), seats)
    assert grouped(answer, "department") == {"Sales": "15.00", "Ops": "47.00"}


def test_a_day_in_two_departments_belongs_to_the_seat_that_started_last():
    seats = [
        seat("ada", department="Sales", cost_centre="1"),
        seat("ada", NOON, "2024-01-12T12:00:00Z", department="Ops"),
    ]
    answer = invoice(term(), seats)
    assert grouped(answer, "department") == {"Sales": "28.00", "Ops": "3.00"}
    assert grouped(answer, "cost_centre") == {"1": "28.00", None: "3.00"}


def test_days_a_basis_adds_stay_with_the_last_department():
    seats = [
        seat("ada", "2024-01-02T08:00:00Z", NOON, department="Sales"),
        seat("ada", "2024-01-15T08:00:00Z", "2024-01-16T08:00:00Z", department="Ops"),
    ]
    answer = invoice(term(count={"basis": "month_any"}), seats)
    assert grouped(answer, "department") == {"Sales": "14.00", "Ops": "17.00"}


def test_equal_starts_in_two_departments_do_not_depend_on_the_order_of_arrival():
    seats = [seat("ada", department="Sales"), seat("ada", department="Ops")]
    assert invoice(term(), seats)["people"] == invoice(term(), seats[::-1])["people"]


def test_a_snapshot_is_shown_under_the_department_of_its_instant():
    seats = [
        seat("ada", end="2024-01-16T00:00:00Z", department="Sales"),
        seat("ada", "2024-01-16T00:00:00Z", department="Ops"),
    ]
    answer = invoice(term(count={"basis": "snapshot_end"}), seats)
    assert people(answer) == {"ada": "31.00"}
    assert grouped(answer, "department") == {"Ops": "31.00", "Sales": "0.00"}


def test_a_year_is_priced_by_its_own_days_over_twelve_months():
    paid = [
        total(
            term(unit_amount="365.00", interval="year", year_start="2023-01-01"),
            [seat("ada", "2022-01-01T00:00:00Z")],
            {
                "start": f"2023-{month:02}-01",
                "end": f"2023-{month + 1:02}-01" if month < 12 else "2024-01-01",
            },
        )
        for month in range(1, 13)
    ]
    assert paid[:3] == ["31.00", "28.00", "31.00"]
    assert sum(map(Decimal, paid)) == 365


def test_a_period_over_the_turn_of_a_year_has_days_of_both():
    around = {"start": "2023-12-17", "end": "2024-01-16"}
    yearly = {"interval": "year", "year_start": "2023-01-01", "unit_amount": "133590.00"}  # 365 x 366
    expected = "10965.00"  # 15 x 366 + 15 x 365
    for basis in ("day_any", "second", "average", "high_water"):
        assert total(term(**yearly, count={"basis": basis}), [seat("ada")], around) == expected
    for basis in ("day_any", "second"):
        assert total(term(**yearly, max_seats=4, count={"basis": basis}), [seat("ada")], around) == expected


def test_a_new_price_from_the_sixteenth():
    before = term(unit_amount="31.00", valid={"until": "2024-01-16"})
    after = term(unit_amount="62.00", valid={"from": "2024-01-16"})
    answer = invoice([before, after], [seat("ada")])
    assert lines(answer) == [("seats", "15.00"), ("seats", "32.00")]
    assert days(answer) == {"ada": 31}


def test_a_term_that_is_not_valid_in_the_period_bills_nothing():
    later = term(tiers=[{"unit_amount": "1.00", "flat_amount": "9.00"}], valid={"from": "2024-03-01"})
    assert total(later, [seat("ada")]) == "0.00"


@pytest.mark.parametrize("basis", ["high_water", "month_any", "average", "snapshot_start", "snapshot_end"])
def test_one_count_for_a_part_of_the_period_costs_that_part(basis):
    part = term(count={"basis": basis}, valid={"from": "2024-01-16"})
    assert total(part, [seat("ada")]) == "16.00"


def test_the_period_of_one_day_is_a_whole_price():
    assert total(term(), [seat("ada")], {"start": "2024-02-29", "end": "2024-03-01"}) == "31.00"


def test_the_period_may_be_told_in_another_zone():
    answer = invoice(term(), [seat("ada", "2024-01-31T22:30:00-01:00")], JANUARY, timezone="Asia/Tokyo")
    assert answer["people"] == []
