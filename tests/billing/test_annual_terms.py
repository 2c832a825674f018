"""What it costs to commit for a year: the seats in advance, the true-ups after each interval."""

from tests.billing.quotes import (
    YEAR,
    crew,
    invoices,
    lines,
    people,
    seat,
    term,
    totals,
)


def annual(**more):
    return term(unit_amount="100.00", annual={"committed_seats": 100, **more})


def grown():
    return [
        *crew(105),
        *crew(5, "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", first=200),
        *crew(15, "2024-08-01T00:00:00Z", first=300),
    ]


def test_a_year_of_a_hundred_seats_trued_up_by_the_quarter():
    assert totals(annual(true_up="quarterly"), grown(), YEAR) == [
        "10000.00",
        "750.00",
        "0.00",
        "250.00",
        "0.00",
    ]


def test_removed_seats_are_credited_where_that_was_agreed():
    credited = annual(true_up="quarterly", credit_removals=True)
    assert totals(credited, grown(), YEAR) == ["10000.00", "750.00", "-250.00", "375.00", "0.00"]


def test_a_yearly_true_up_is_in_full():
    assert totals(annual(true_up="yearly"), grown(), YEAR) == ["10000.00", "2000.00"]


def test_the_money_of_a_commitment_has_no_person():
    first, *_ = invoices(annual(), crew(3), YEAR)
    assert people(first) == {None: "10000.00"}


def test_a_commitment_in_tiers_has_its_flat_fees():
    tiers = [
        {"up_to": 1, "unit_amount": "10.00", "flat_amount": "5.00"},
        {"unit_amount": "8.00", "flat_amount": "2.00"},
    ]
    committed = term(tiers=tiers, annual={"committed_seats": 1, "true_up": "yearly"})
    first, second = invoices(committed, crew(2), YEAR)
    assert lines(first) == [("seats", "10.00"), ("flat", "5.00")]
    assert lines(second) == [("adjustment", "10.00")]


def test_a_volume_price_that_falls_as_seats_come_gives_back_without_any_removal():
    tiers = [{"up_to": 2, "unit_amount": "100.00"}, {"unit_amount": "60.00"}]
    falling = {"committed_seats": 2, "true_up": "quarterly"}
    committed = term(tiers=tiers, tiers_mode="volume", annual=falling)
    assert totals(committed, crew(3), YEAR)[:3] == ["200.00", "-15.00", "0.00"]


def test_two_commitments_with_their_own_true_ups_are_issued_by_date():
    terms = [
        term(unit_amount="120.00", annual={"committed_seats": 1, "true_up": "yearly"}),
        term("premium", 30, unit_amount="240.00", annual={"committed_seats": 1, "true_up": "quarterly"}),
    ]
    all_of = invoices(terms, [seat("ada"), *crew(2, plan="premium")], YEAR)
    assert [each["issued_on"] for each in all_of] == [
        "2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01", "2025-01-01",
    ]  # fmt: skip
    assert [each["total"] for each in all_of] == ["360.00", "180.00", "0.00", "0.00", "0.00"]
    assert all_of[-1]["period"] == YEAR


def leap(start, end, true_up):
    held = [seat("ada"), *crew(1, f"{end[:4]}-02-15T00:00:00Z", first=9)]
    terms = term(unit_amount="120.00", annual={"committed_seats": 1, "true_up": true_up})
    return [
        (each["issued_on"], each["total"]) for each in invoices(terms, held, {"start": start, "end": end})
    ]


def test_a_year_anchored_on_29_february_may_begin_on_the_28th_and_end_on_the_29th():
    # The second seat comes in the last month, which ends on the day that the year does.
    assert leap("2027-02-28", "2028-02-29", "quarterly") == [
        ("2027-02-28", "120.00"), ("2027-05-29", "0.00"), ("2027-08-29", "0.00"), ("2027-11-29", "0.00"),
        ("2028-02-29", "0.00"),
    ]  # fmt: skip
    assert leap("2027-02-28", "2028-02-29", "yearly") == [("2027-02-28", "120.00"), ("2028-02-29", "120.00")]
    assert leap("2024-02-29", "2025-02-28", "yearly")[-1] == ("2025-02-28", "120.00")
