"""Prices in tiers, against the sum over single units."""

from fractions import Fraction
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from bridge.billing.pricing.tiers import Price, Tier

AMOUNTS = st.fractions(0, 50, max_denominator=1000)


@st.composite
def prices(draw, mode):
    tops = sorted(draw(st.sets(st.integers(1, 40), max_size=6)))
    tiers = [Tier(top, draw(AMOUNTS), draw(AMOUNTS)) for top in (*tops, None)]
    return Price(tiers=tuple(tiers), mode=mode)


def tier_of(unit, price):
    return next(tier for tier in price.tiers if tier.up_to is None or unit <= tier.up_to)


@given(prices("graduated"), st.integers(0, 60), st.fractions(0, 1, max_denominator=8))
def test_a_graduated_price_is_the_sum_of_its_units(price, count, part):
    whole = sum((tier_of(unit, price).unit_amount for unit in range(1, count + 1)), Fraction(0))
    assert price.units(count + part) == whole + part * tier_of(count + 1, price).unit_amount
    reached = price.tiers[: 1 + sum(tier.up_to is not None and tier.up_to < count for tier in price.tiers)]
    assert price.flats(count) == sum((tier.flat_amount for tier in reached), Fraction(0))


@given(prices("volume"), st.integers(0, 60))
def test_a_volume_price_is_that_of_the_tier_reached(price, count):
    tier = tier_of(count, price)
    assert (price.units(count), price.flats(count)) == (tier.unit_amount * count, tier.flat_amount)


def test_a_thousand_tiers_take_no_longer_than_two():
    def seconds(many):
        tiers = tuple(Tier(top if top < many else None, Fraction(5)) for top in range(1, many + 1))
        price, began = Price(tiers=tiers), process_time()
        for count in range(2_000, 4_000):
            price.units(count)
        return process_time() - began

    assert seconds(1_000) < 30 * seconds(2)
