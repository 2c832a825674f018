"""What it costs: decisions on tiers, consumption, minimums, caps, timing, commitments, tax and credit."""

import pytest

from tests.billing.quotes import (
    APRIL,
    crew,
    days,
    grouped,
    invoice,
    invoices,
    lines,
    people,
    seat,
    term,
    total,
    totals,
    used,
)

NOON = "2024-01-10T12:00:00Z"
HALF = {"valid": {"from": "2024-04-16"}}
TIERS = [
    {"up_to": 2, "unit_amount": "10.00", "flat_amount": "5.00"},
    {"unit_amount": "8.00", "flat_amount": "20.00"},
]


def metered(**more):
    return {"meter": "calls", "unit_amount": "0.01", **more}


def test_the_first_flat_fee_is_due_with_nobody_there():
    answer = invoice(term(tiers=TIERS), [])
    assert people(answer) == {None: "5.00"}


def test_flat_fees_are_charged_once_and_never_in_part():
    answer = invoice(term(tiers=TIERS, **HALF), [*crew(2), seat("zoe", "2024-04-30T12:00:00Z")], APRIL)
    assert lines(answer) == [("seats", "10.27"), ("flat", "25.00")]


def test_a_volume_price_falls_for_all_seats_at_once():
    tiers = [{"up_to": 100, "unit_amount": "2.10"}, {"unit_amount": "1.00"}]
    volume = term(tiers=tiers, tiers_mode="volume")
    assert (total(volume, crew(100)), total(volume, crew(101))) == ("210.00", "101.00")


def test_a_pool_grows_with_the_days_people_are_there():
    meter = metered(included_per_seat="100", pooled=True)
    seats = [seat("ada"), seat("bob", "2024-04-16T00:00:00Z")]
    answer = invoice(term(meters=[meter]), seats, APRIL, usage=[used("ada", "200", "2024-04-02T12:00:00Z")])
    assert lines(answer) == [("usage", "0.50")]


def test_without_a_pool_each_has_his_own_allowance():
    meter = metered(included_per_seat="100", pooled=False)
    answer = invoice(term(meters=[meter]), crew(2), usage=[used("p00000", "200")])
    assert people(answer) == {"p00000": "1.00", "p00001": "0.00"}


def test_overages_of_a_person_in_two_departments_are_shared_by_what_was_used_there():
    seats = [
        seat("ada", end="2024-01-16T00:00:00Z", department="Sales"),
        seat("ada", "2024-01-16T00:00:00Z", department="Ops"),
    ]
    events = [used("ada", "300"), used("ada", "100", "2024-01-20T00:00:00Z")]
    answer = invoice(term(meters=[metered(pooled=False)]), seats, usage=events)
    assert grouped(answer, "department") == {"Sales": "3.00", "Ops": "1.00"}


def test_an_allowance_for_a_part_of_the_period_is_a_part_rounded_as_it_was_written():
    part = {"valid": {"from": "2024-01-15"}}
    meter = metered(unit_amount="1.00", included_per_seat="10")
    events = [used("ada", "10", "2024-01-20T00:00:00Z")]
    assert total(term(meters=[meter], **part), [seat("ada")], usage=events) == "5.00"
    finer = meter | {"included_per_seat": "10.0"}
    assert total(term(meters=[finer], **part), [seat("ada")], usage=events) == "4.50"


def test_a_package_is_bought_whole_once_for_the_pool():
    meter = metered(unit_amount="3.00", package_size=1000)
    events = [used("p00000", "600"), used("p00001", "600")]
    assert total(term(meters=[meter]), crew(2), usage=events) == "6.00"


def test_usage_of_a_day_nobody_owns_goes_to_the_highest_plan_with_the_meter():
    plans = [term(meters=[metered()]), term("premium", 30, meters=[metered(unit_amount="0.02")])]
    answer = invoice(plans, [seat("ada")], usage=[used("stranger", "100"), used("ada", "100")])
    assert people(answer) == {"ada": "1.00", "stranger": "2.00"}


def test_usage_of_an_owner_without_the_meter_goes_to_the_plan_that_has_it_under_the_owners_department():
    plans = [term(), term("api", 10, meters=[metered()])]
    answer = invoice(plans, [seat("ada", department="Sales")], usage=[used("ada", "100")])
    assert [(row["plan"], row["department"], row["amount"]) for row in answer["people"]] == [
        ("api", "Sales", "1.00"),
        ("standard", "Sales", "31.00"),
    ]


def test_usage_on_an_inactive_day_keeps_the_department_of_the_seat():
    readers = term(meters=[metered()], count={"basis": "active_login"})
    answer = invoice(readers, [seat("ada", department="Sales")], usage=[used("ada", "100")])
    assert grouped(answer, "department") == {"Sales": "1.00"}


def test_usage_of_a_shared_day_belongs_to_the_plan_that_holds_the_instant():
    by_second = {"basis": "second"}
    plans = [
        term(meters=[metered()], count=by_second),
        term("premium", 30, meters=[metered(unit_amount="0.02")], count=by_second),
    ]
    seats = [seat("ada", end=NOON), seat("ada", NOON, plan="premium")]
    events = [used("ada", "100", "2024-01-10T11:59:59Z"), used("ada", "100", NOON)]
    assert lines(invoice(plans, seats, usage=events)) == [("usage", "1.00"), ("usage", "2.00")]


def test_usage_at_an_instant_none_of_the_sharing_plans_holds_goes_to_the_higher():
    by_second = {"basis": "second"}
    plans = [
        term(meters=[metered()], count=by_second),
        term("premium", 30, meters=[metered(unit_amount="0.02")], count=by_second),
    ]
    seats = [seat("ada", end="2024-01-10T09:00:00Z"), seat("ada", NOON, plan="premium")]
    assert total(plans, seats, usage=[used("ada", "100", "2024-01-10T10:00:00Z")]) == "2.00"


@pytest.mark.parametrize("at", ["2023-12-31T23:59:59Z", "2024-02-01T00:00:00Z"])
def test_usage_outside_the_period_is_ignored(at):
    assert total(term(meters=[metered()]), [seat("ada")], usage=[used("ada", "100", at)]) == "0.00"


def test_usage_on_dates_of_no_term_is_nobodys():
    part = term(meters=[metered()], valid={"from": "2024-01-15"})
    assert total(part, [seat("ada")], usage=[used("ada", "100")]) == "0.00"


def test_no_term_in_force_ignores_usage():
    later = term(meters=[metered()], valid={"from": "2024-03-01"})
    assert total(later, [seat("ada")], usage=[used("ada", "100")]) == "0.00"


@pytest.mark.parametrize(("count", "amount"), [(8, "100.00"), (10, "100.00"), (16, "220.00")])
def test_ten_seats_are_committed_and_more_cost_double(count, amount):
    committed = term(unit_amount="10.00", minimum={"seats": 10, "overage_factor": "2"})
    assert total(committed, crew(count)) == amount


def test_exceeding_a_commitment_may_be_cheaper_and_its_sharers_are_the_people():
    committed = term(unit_amount="10.00", minimum={"seats": 2, "overage_factor": "0.5"})
    answer = invoice(committed, crew(4))
    assert lines(answer) == [("seats", "40.00"), ("minimum", "-10.00")]
    assert set(people(answer).values()) == {"7.50"}


def test_a_seat_commitment_counts_no_consumption_and_is_discounted():
    committed = term(unit_amount="10.00", minimum={"seats": 2}, discount_percent="10", meters=[metered()])
    answer = invoice(committed, [seat("ada")], usage=[used("ada", "5000")])
    assert lines(answer) == [
        ("seats", "10.00"),
        ("usage", "50.00"),
        ("discount", "-6.00"),
        ("minimum", "9.00"),
    ]


def test_an_amount_is_guaranteed_after_the_discount():
    answer = invoice(
        term(unit_amount="80.00", minimum={"amount": "100.00"}, discount_percent="50"), [seat("ada")]
    )
    assert lines(answer) == [("seats", "80.00"), ("discount", "-40.00"), ("minimum", "60.00")]
    assert people(answer) == {"ada": "40.00", None: "60.00"}


def test_a_guarantee_for_a_part_of_the_period_is_a_part():
    assert total(term(unit_amount="0.00", minimum={"amount": "100.00"}, **HALF), [], APRIL) == "50.00"
    assert total(term(unit_amount="10.00", minimum={"seats": 4}, **HALF), [], APRIL) == "20.00"
    assert total(term(plan_floor="60.00", **HALF), [], APRIL) == "30.00"
    assert total(term(unit_amount="99.00", plan_cap="60.00", **HALF), [seat("ada")], APRIL) == "30.00"


def test_a_cap_per_person_is_not_prorated():
    capped = term(unit_amount="100.00", per_user_cap="40.00", **HALF)
    assert total(capped, [seat("ada")], APRIL) == "40.00"


def test_a_new_price_in_the_month_is_no_new_cap_per_person():
    capped = {"unit_amount": "62.00", "per_user_cap": "40.00"}
    terms = [term(**capped, valid={"until": "2024-01-16"}), term(**capped, valid={"from": "2024-01-16"})]
    answer = invoice(terms, crew(2))
    assert lines(answer) == [("seats", "60.00"), ("seats", "64.00"), ("cap", "-44.00")]
    assert people(answer) == {"p00000": "40.00", "p00001": "40.00"}


def test_a_plan_cap_is_carried_by_those_who_cost_most():
    answer = invoice(term(plan_cap="31.00"), [seat("ada"), seat("bob", "2024-01-16T12:00:00Z")])
    assert lines(answer) == [("seats", "47.00"), ("cap", "-16.00")]
    assert people(answer) == {"ada": "20.45", "bob": "10.55"}


def test_the_order_is_cap_discount_cap_commitment_floor():
    answer = invoice(
        term(
            unit_amount="100.00", per_user_cap="80.00", discount_percent="50", plan_cap="30.00",
            minimum={"amount": "25.00"}, plan_floor="30.00",
        ),
        [seat("ada")],
    )  # fmt: skip
    assert lines(answer) == [
        ("seats", "100.00"),
        ("cap", "-20.00"),
        ("discount", "-40.00"),
        ("cap", "-10.00"),
    ]


def test_a_commitment_is_raised_again_by_the_floor():
    answer = invoice(term(minimum={"amount": "40.00"}, plan_floor="50.00"), [seat("ada")])
    assert lines(answer) == [("seats", "31.00"), ("minimum", "9.00"), ("minimum", "10.00")]


def test_a_tenant_floor_is_money_of_no_plan():
    answer = invoice(term(), [seat("ada")], tenant_floor="50.00", tenant_cap="60.00")
    assert [(line["kind"], line["plan"], line["amount"]) for line in answer["lines"]] == [
        ("seats", "standard", "31.00"),
        ("minimum", None, "19.00"),
    ]


def test_tax_is_rounded_once_on_the_subtotal_and_credit_pays_last():
    answer = invoice(term(unit_amount="10.10"), crew(3), tax_percent="7.5", credit_available="99.00")
    assert (answer["subtotal"], answer["tax"], answer["total"]) == ("30.30", "2.27", "32.57")
    assert (answer["credit_used"], answer["due"]) == ("32.57", "0.00")
    assert lines(answer, "tax", "credit") == [("tax", "2.27"), ("credit", "-32.57")]


def test_credit_is_used_in_the_order_of_issue():
    ahead = term(timing="advance", meters=[metered()], unit_amount="31.00")
    both = invoices(ahead, [seat("ada")], usage=[used("ada", "1000")], credit_available="35.00")
    assert [each["credit_used"] for each in both] == ["31.00", "4.00"]


def test_credit_pays_nothing_of_a_negative_invoice():
    ahead = term(timing="advance")
    _, second = invoices(ahead, [seat("ada", end=NOON)], credit_available="31.00")
    assert (second["total"], second["credit_used"]) == ("-21.00", "0.00")


def test_in_advance_the_second_invoice_is_always_there():
    both = invoices(term(timing="advance"), [seat("ada")])
    assert [each["issued_on"] for each in both] == ["2024-01-01", "2024-02-01"]
    assert [each["total"] for each in both] == ["31.00", "0.00"]
    assert lines(both[1]) == []
    assert days(both[1]) == {"ada": 31}


def test_a_seat_that_starts_during_the_first_day_is_in_the_second_invoice():
    assert totals(term(timing="advance"), [seat("ada", "2024-01-01T00:00:01Z")]) == ["0.00", "31.00"]


def test_in_advance_a_seat_that_ends_at_the_first_instant_is_not_billed():
    assert totals(term(timing="advance"), [seat("ada", end="2024-01-01T00:00:00Z")]) == ["0.00", "0.00"]


def test_in_advance_every_held_seat_is_billed_and_the_inactive_come_back():
    readers = term(timing="advance", count={"basis": "active_login"})
    assert totals(readers, [seat("ada")]) == ["31.00", "-31.00"]


def test_in_advance_and_in_arrears_side_by_side():
    plans = [term(timing="advance"), term("premium", 30, unit_amount="62.00")]
    first, second = invoices(plans, [seat("ada"), seat("bob", plan="premium")])
    assert lines(first) == [("seats", "31.00")]
    assert lines(second) == [("seats", "62.00")]


def test_in_advance_a_tenant_cap_holds_over_both_invoices():
    ahead = term(timing="advance", meters=[metered()], unit_amount="31.00")
    first, second = invoices(
        ahead, crew(2), usage=[used("p00000", "1000")], tenant_cap="50.00", tenant_floor="10.00"
    )
    assert (first["total"], second["total"]) == ("50.00", "0.00")
    assert lines(second) == [("usage", "10.00"), ("adjustment", "-10.00")]


def test_in_advance_an_unchanged_tenant_floor_is_charged_once():
    assert totals(term(timing="advance"), [seat("ada")], tenant_floor="50.00") == ["50.00", "0.00"]


def test_in_advance_a_discount_on_consumption_is_part_of_the_adjustment():
    ahead = term(timing="advance", meters=[metered()], unit_amount="31.00", discount_percent="10")
    _, second = invoices(ahead, [seat("ada")], usage=[used("ada", "1000")])
    assert lines(second) == [("usage", "10.00"), ("adjustment", "-1.00")]


def issued(amount, person="ada", plan="standard", **more):
    return {"person": person, "plan": plan, "amount": amount, **more}


def test_the_adjustment_of_an_unchanged_period_is_zero():
    answer = invoice(term(), [seat("ada")], already_issued=[issued("31.00")])
    assert (answer["total"], lines(answer)) == ("0.00", [])


def test_an_adjustment_names_its_causes_and_is_taxed_on_the_difference():
    answer = invoice(
        term(), [seat("ada", end=NOON)], tax_percent="10",
        already_issued=[issued("31.00", cause="left on 10 January, told on 3 February")],
    )  # fmt: skip
    assert (answer["subtotal"], answer["tax"]) == ("-21.00", "-2.10")
    assert "left on 10 January" in answer["lines"][0]["description"]


def test_a_plan_that_only_was_issued_is_given_back():
    answer = invoice(
        term(), [], already_issued=[issued("5.00", plan="gold"), issued("1.00", person=None, plan=None)]
    )
    assert [(line["plan"], line["amount"]) for line in answer["lines"]] == [
        ("gold", "-5.00"),
        (None, "-1.00"),
    ]


def test_an_issued_amount_is_taken_off_the_cost_centres_that_answer_for_it():
    seats = [
        seat("ada", end="2024-01-11T00:00:00Z", department="Sales", cost_centre="1"),
        seat("ada", "2024-01-11T00:00:00Z", department="Sales", cost_centre="2"),
    ]
    answer = invoice(term(), seats, already_issued=[issued("62.00", department="Sales")])
    assert grouped(answer, "cost_centre") == {"1": "-10.00", "2": "-21.00"}
    exact = [issued("10.00", department="Sales", cost_centre="1")]
    assert grouped(invoice(term(), seats, already_issued=exact), "cost_centre") == {"1": "0.00", "2": "21.00"}


def test_an_issued_amount_finds_the_first_of_cost_centres_that_carry_nothing():
    seats = [seat("ada", cost_centre="1"), seat("ada", NOON, cost_centre="2")]
    free = term(unit_amount="0.00")
    answer = invoice(free, seats, already_issued=[issued("5.00")])
    assert grouped(answer, "cost_centre") == {"1": "-5.00", "2": "0.00"}


def test_an_advance_period_that_was_issued_has_one_invoice():
    assert totals(term(timing="advance"), [seat("ada")], already_issued=[issued("30.00")]) == ["1.00"]


def test_lines_come_in_the_order_of_terms_and_people_in_the_order_of_code_points():
    plans = [term("premium", 30, unit_amount="62.00"), term()]
    answer = invoice(plans, [seat("äda"), seat("Zoe"), seat("ada", plan="premium")], tenant_floor="200.00")
    assert [line["plan"] for line in answer["lines"]] == ["premium", "standard", None]
    assert [row["person"] for row in answer["people"]] == ["Zoe", "ada", "äda", None]
