"""What holds for a tenant's bill as a whole: its cap, its floor, its tax."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from bridge.billing.pricing import reading
from bridge.billing.pricing.term_document import paid_amount
from bridge.errors import InvalidValue

AMOUNTS = ("tenant_cap", "tenant_floor")
PERCENTAGE = "tax_percent"
DATES = ("valid_from", "valid_until")


@dataclass(frozen=True, slots=True)
class TenantTerms:
    """Amounts in minor units; of one period, whatever its length."""

    tenant_cap: int | None = None
    tenant_floor: int | None = None
    tax_percent: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class DatedTenantTerms:
    """The document of a tenant's terms on the local dates ``[valid_from, valid_until)``; None is open."""

    valid_from: date
    valid_until: date | None
    document: Mapping[str, Any]


def parse_dates(document: Mapping[str, Any], names: Sequence[str]) -> tuple[date, date | None]:
    """Return from when until when a document of dated terms holds; it has no other members than ``names``.

    Raises ``InvalidValue`` with the pointer of what is wrong.
    """
    raw = reading.obj(dict(document), "", frozenset({*DATES, *names}))
    valid_from = reading.local_date(raw, "valid_from", "")
    if valid_from is None:
        raise reading.missing("/valid_from", "the first date YYYY-MM-DD on which this holds")
    valid_until = reading.local_date(raw, "valid_until", "")
    if valid_until is not None and valid_until <= valid_from:
        raise reading.refusal("/valid_until", raw["valid_until"], "a date after /valid_from")
    return valid_from, valid_until


def parse_tenant_terms(document: Mapping[str, Any], *, currency: str) -> TenantTerms:
    """Read ``{"tenant_cap": "1000.00", "tenant_floor": null, "tax_percent": "19"}``; each may be left out.

    Raises ``InvalidValue`` with the pointer of what is wrong.
    """
    raw = dict(document)
    cap, floor = (paid_amount(raw, name, "", currency) for name in AMOUNTS)
    if cap is not None and floor is not None and floor > cap:
        raise InvalidValue("found more than /tenant_cap, allowed at most the cap", pointer="/tenant_floor")
    return TenantTerms(cap, floor, reading.percent(raw, PERCENTAGE, ""))


def plain_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms alone, without dates, each member named."""
    amounts: dict[str, Any] = {name: document.get(name) for name in AMOUNTS}
    return amounts | {PERCENTAGE: document.get(PERCENTAGE) or "0"}


def terms_on(dated: Sequence[DatedTenantTerms], day: date) -> dict[str, Any]:
    """Return the terms of a period that begins on that day; of two for it the later decision holds."""
    for each in reversed(dated):
        if each.valid_from <= day and (each.valid_until is None or day < each.valid_until):
            return plain_document(each.document)
    return plain_document({})
