"""Money as Stripe counts it, which is not always in a currency's minor unit."""

from bridge.billing.money import MINOR_DIGITS
from bridge.errors import InvalidValue

#: Counted there with two digits although ISO 4217 knows none (docs.stripe.com/currencies, special cases).
TWO_DIGITS_THERE = {"ISK", "UGX"}
THREE_DIGITS = 3


def stripe_amount(minor: int, currency: str) -> int:
    """Return an amount for Stripe. Raises ``InvalidValue`` where it cannot take one.

    With three digits the last must be 0.
    """
    if currency in TWO_DIGITS_THERE:
        return minor * 100
    if MINOR_DIGITS[currency] == THREE_DIGITS and minor % 10:
        raise InvalidValue(f"Stripe takes amounts of {currency} only in tens of the minor unit")
    return minor
