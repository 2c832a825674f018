"""Money in whole minor units: parsing, the one rounding, sharing and writing it.

While computing, amounts are exact fractions of minor units (a cent of USD, a yen of JPY); they become
integers once, by ``round_half_away``. No float ever takes part.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import TypeVar

from bridge.errors import InvalidValue

Key = TypeVar("Key")

# ISO 4217 (list one, without funds and metals that are no means of payment): code → digits after the point.
_TWO_DIGITS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ "
    "GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON "
    "RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS "
    "UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ANG CUC HRK SLL ZWG ZWL "
)
_OTHER_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
MINOR_DIGITS: dict[str, int] = dict.fromkeys(_TWO_DIGITS.split(), 2) | {
    code: digits for digits, codes in _OTHER_DIGITS.items() for code in codes.split()
}

DIGITS_EACH_SIDE = 18
"""A written number has at most this many digits before the point, and as many after it."""

_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)


def minor_digits(currency: str, *, pointer: str = "/currency") -> int:
    """How many digits after the point the currency has (ISO 4217).

    Raises InvalidValue for an unknown code.
    """
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise InvalidValue(
            f"found {currency[:20]!r}, allowed an ISO 4217 currency code such as USD", pointer=pointer
        )
    return digits


def parse_decimal(text: str, *, pointer: str = "") -> Fraction:
    """Return the exact value of ``-?digits(.digits)?``.

    Raises InvalidValue for any other text and for too many digits.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise InvalidValue(
            f'found {text[:60]!r}, allowed digits with an optional point, as in "12.50"', pointer=pointer
        )
    sign, whole, after = match[1], match[2], match[3] or ""
    if len(whole) > DIGITS_EACH_SIDE or len(after) > DIGITS_EACH_SIDE:
        raise InvalidValue(
            f"found {len(whole)} + {len(after)} digits, allowed at most {DIGITS_EACH_SIDE} each",
            pointer=pointer,
        )
    value = Fraction(int(whole + after), 10 ** len(after))
    return -value if sign else value


def parse_amount(text: str, currency: str, *, pointer: str = "", finer: bool = False) -> Fraction:
    """Return an amount of money in minor units of ``currency``.

    ``finer`` allows fractions of a minor unit, as prices may have them ("0.008" a call); amounts that are
    paid may not. Raises InvalidValue for a text that is no number, and for a fraction of a minor unit where
    that is not allowed.
    """
    digits = minor_digits(currency)
    minor: Fraction = parse_decimal(text, pointer=pointer) * 10**digits
    if not finer and minor.denominator != 1:
        raise InvalidValue(
            f"found {text!r}, allowed at most {digits} digits after the point for {currency}", pointer=pointer
        )
    return minor


def format_minor(minor: int, currency: str) -> str:
    """Minor units as people write them: 3648 of USD is ``36.48``, 548 of JPY is ``548``."""
    digits = MINOR_DIGITS[currency]
    if not digits:
        return str(minor)
    text = str(abs(minor)).zfill(digits + 1)
    return f"{'-' if minor < 0 else ''}{text[:-digits]}.{text[-digits:]}"


def format_exact(minor: Fraction, currency: str) -> str:
    """Return a price in minor units with as many digits as it has, at least those of the currency.

    ``0.008``, ``39.00``.
    """
    digits = MINOR_DIGITS[currency]
    while (minor * 10 ** (digits - MINOR_DIGITS[currency])).denominator != 1 and digits < DIGITS_EACH_SIDE:
        digits += 1
    scaled = str(round_half_away(minor * 10 ** (digits - MINOR_DIGITS[currency]))).zfill(digits + 1)
    return f"{scaled[:-digits]}.{scaled[-digits:]}" if digits else scaled


def round_half_away(value: Fraction) -> int:
    """Return the nearest integer; a half goes away from zero, so a credit rounds as the charge it undoes."""
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return -magnitude if value < 0 else magnitude


def format_quantity(value: Fraction) -> str:
    """Return a quantity with up to four decimals, half-up, without trailing zeros: ``0.9355``, ``6500``."""
    ten_thousandths = round_half_away(value * 10_000)
    text = format_scaled(ten_thousandths)
    return text.rstrip("0").rstrip(".")


def format_decimal(value: Fraction) -> str:
    """Return exactly what ``parse_decimal`` reads as this value, in as few digits as it takes."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def format_scaled(ten_thousandths: int) -> str:
    """Ten-thousandths with their four decimals written out."""
    text = str(abs(ten_thousandths)).zfill(5)
    return f"{'-' if ten_thousandths < 0 else ''}{text[:-4]}.{text[-4:]}"


def allocate(
    total_minor: int, shares: Iterable[tuple[Key, int | Fraction]], *, exact: Fraction | None = None
) -> list[tuple[Key, int]]:
    """Give ``total_minor`` to the keys in proportion to their shares, so that the parts sum to it exactly.

    Each part is the floor of its exact share; what is left goes by one unit to the largest remainders, ties
    in the order of ``shares``. ``exact`` is the amount before it was rounded to the total: exact shares are
    shares of that. A negative total is shared by its magnitude. At least one share must be positive, none
    negative.
    """
    pairs = list(shares)
    weights = _whole([weight for _, weight in pairs])
    amount = abs(Fraction(total_minor) if exact is None else exact)
    whole = sum(weights) * amount.denominator
    sign, magnitude = (-1, -total_minor) if total_minor < 0 else (1, total_minor)
    parts = [divmod(amount.numerator * weight, whole) for weight in weights]
    left = magnitude - sum(part for part, _ in parts)
    amounts = [part for part, _ in parts]
    if left:
        for index in sorted(range(len(parts)), key=lambda i: -parts[i][1])[:left]:
            amounts[index] += 1
    return [(key, sign * amount) for (key, _), amount in zip(pairs, amounts, strict=True)]


def _whole(weights: list[int | Fraction]) -> list[int]:
    """Return the weights as integers in the same proportion.

    Integer division is many times faster than fractions.
    """
    scale = lcm(*{weight.denominator for weight in weights})
    return [weight.numerator * (scale // weight.denominator) for weight in weights]
