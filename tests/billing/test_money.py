"""Money in whole minor units."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.billing.money import (
    MINOR_DIGITS,
    allocate,
    format_exact,
    format_minor,
    format_quantity,
    minor_digits,
    parse_amount,
    parse_decimal,
    round_half_away,
)
from bridge.errors import InvalidValue


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("USD", 2), ("KWD", 3), ("CLF", 4), ("EUR", 2)])
def test_each_currency_has_the_digits_of_iso_4217(currency, digits):
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("code", ["usd", "XXX", "BTC", "", "XAU", "US"])
def test_an_unknown_currency_is_refused(code):
    with pytest.raises(InvalidValue) as refused:
        minor_digits(code)
    assert refused.value.pointer == "/currency"


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.5", 1), ("-0.5", -1), ("1.4999", 1), ("2.5", 3), ("-2.5", -3), ("0", 0), ("-0.4", 0)],
)
def test_a_half_goes_away_from_zero(value, rounded):
    assert round_half_away(Fraction(value)) == rounded


@pytest.mark.parametrize("text", ["", "1e3", "1.", ".5", "+1", " 1", "1,5", "NaN", "\u0661", "0x1", "--1"])
def test_only_plain_digits_are_a_number(text):
    with pytest.raises(InvalidValue):
        parse_decimal(text, pointer="/x")


def test_eighteen_digits_on_each_side_are_read_and_one_more_is_not():
    assert parse_decimal("9" * 18 + "." + "9" * 18) == Fraction(int("9" * 36), 10**18)
    for text in ("1" * 19, "0." + "1" * 19):
        with pytest.raises(InvalidValue):
            parse_decimal(text)


def test_a_price_may_be_finer_than_a_cent_and_a_payment_may_not():
    assert parse_amount("0.008", "USD", finer=True) == Fraction(4, 5)
    assert parse_amount("0.010", "USD") == 1
    with pytest.raises(InvalidValue) as refused:
        parse_amount("0.008", "USD", pointer="/tenant_cap")
    assert refused.value.pointer == "/tenant_cap"


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (3648, "USD", "36.48"),
        (-5, "USD", "-0.05"),
        (548, "JPY", "548"),
        (-548, "JPY", "-548"),
        (1, "KWD", "0.001"),
        (0, "CLF", "0.0000"),
    ],
)
def test_minor_units_are_written_as_people_write_them(minor, currency, text):
    assert format_minor(minor, currency) == text


def test_a_price_is_shown_with_all_its_digits():
    assert format_exact(Fraction(3900), "USD") == "39.00"
    assert format_exact(Fraction(4, 5), "USD") == "0.008"
    assert format_exact(Fraction(5), "JPY") == "5"


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(29, 31), "0.9355"), (Fraction(6500), "6500"), (Fraction(0), "0"), (Fraction(-1, 2), "-0.5")],
)
def test_a_quantity_has_four_decimals_at_most(value, text):
    assert format_quantity(value) == text


def test_two_people_share_five_units_and_the_first_has_the_odd_one():
    assert allocate(5, [("ada", 1), ("bob", 1)]) == [("ada", 3), ("bob", 2)]
    assert allocate(-5, [("ada", 1), ("bob", 1)]) == [("ada", -3), ("bob", -2)]


def test_the_largest_remainder_has_the_rest():
    assert allocate(-2100, [("ada", 39), ("bob", 62)]) == [("ada", -811), ("bob", -1289)]
    assert allocate(1, [("ada", Fraction(1, 3)), ("bob", Fraction(2, 3))]) == [("ada", 0), ("bob", 1)]


@given(
    st.integers(-(10**15), 10**15),
    st.lists(st.one_of(st.integers(0, 10**9), st.fractions(0, 10)), min_size=1).filter(any),
)
def test_parts_sum_to_the_whole_and_lie_within_one_unit_of_their_share(total, shares):
    parts = [part for _, part in allocate(total, list(enumerate(shares)))]
    assert sum(parts) == total
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - Fraction(total) * share / sum(shares)) < 1


@given(st.sampled_from(sorted(MINOR_DIGITS)), st.integers(-(10**17), 10**17))
def test_what_is_written_is_read_again(currency, minor):
    assert parse_amount(format_minor(minor, currency), currency) == minor
