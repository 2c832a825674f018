"""Price terms and facts that contradict each other, so that no invoice may be computed from them."""

from collections.abc import Iterable
from fractions import Fraction

from bridge.billing.periods import Period, add_months
from bridge.billing.pricing.cohorts import Alike, SeatSpan
from bridge.billing.pricing.consumption import UsageEvent
from bridge.billing.pricing.reading import shown
from bridge.billing.pricing.terms import PriceTerm
from bridge.errors import InvalidValue


def refuse_conflicts(
    terms: tuple[PriceTerm, ...], period: Period, tenant_cap: int | None, tenant_floor: int | None
) -> None:
    """Raise InvalidValue, at its pointer in the quote document, for the first contradiction."""
    for index, term in enumerate(terms):
        _refuse_pair(terms, index)
        _refuse_above_cap(term, f"/terms/{index}")
    if tenant_cap is not None and tenant_floor is not None and tenant_floor > tenant_cap:
        raise InvalidValue("found more than /tenant_cap, allowed at most the cap", pointer="/tenant_floor")
    if any(term.annual for term in terms):
        _refuse_beside_annual(terms, period, tenant_cap, tenant_floor)


def refuse_unknown(
    terms: Iterable[PriceTerm],
    seats: Iterable[SeatSpan],
    usage: Iterable[UsageEvent],
    alike: Iterable[Alike] = (),
) -> None:
    """Raise InvalidValue for the first seat whose plan, or event whose meter, no term knows."""
    terms = tuple(terms)
    plans = {term.plan for term in terms}
    meters = {meter.name for term in terms for meter in term.meters}
    for index, seat in enumerate(seats):
        if seat.plan not in plans:
            raise InvalidValue(
                f"found {shown(seat.plan)}, allowed a plan of /terms", pointer=f"/seats/{index}/plan"
            )
    for stay in (stay for each in alike for stay in each.stays):
        if stay.plan not in plans:
            raise InvalidValue(f"found {shown(stay.plan)}, allowed a plan of /terms", pointer="/seats")
    for index, event in enumerate(usage):
        if event.meter not in meters:
            raise InvalidValue(
                f"found {shown(event.meter)}, allowed a meter of /terms", pointer=f"/usage/{index}/meter"
            )


def _refuse_pair(terms: tuple[PriceTerm, ...], index: int) -> None:
    """Compare a term with those before it.

    One plan has one term a day, and one rank belongs to one plan a day.
    """
    term = terms[index]
    for before, other in enumerate(terms[:index]):
        if not term.valid.overlaps(other.valid):
            continue
        if term.plan == other.plan:
            raise InvalidValue(
                f"found {shown(term.plan)} as at /terms/{before}/plan on the same dates, allowed once a day",
                pointer=f"/terms/{index}/plan",
            )
        if term.rank == other.rank:
            raise InvalidValue(
                f"found {term.rank} as at /terms/{before}/rank, allowed a rank of its own",
                pointer=f"/terms/{index}/rank",
            )


def _refuse_above_cap(term: PriceTerm, at: str) -> None:
    """Refuse a guarantee above the cap.

    One in seats is priced first, and refused where it is charged.
    """
    if term.plan_cap is None:
        return
    if term.plan_floor is not None and term.plan_floor > term.plan_cap:
        raise InvalidValue(
            f"found more than {at}/plan_cap, allowed at most the cap", pointer=f"{at}/plan_floor"
        )
    if term.minimum and term.minimum.amount is not None and term.minimum.amount > Fraction(term.plan_cap):
        raise InvalidValue(
            f"found more than {at}/plan_cap, allowed at most the cap", pointer=f"{at}/minimum/amount"
        )


def _refuse_beside_annual(
    terms: tuple[PriceTerm, ...], period: Period, tenant_cap: int | None, tenant_floor: int | None
) -> None:
    for index, term in enumerate(terms):
        if term.annual is None:
            raise InvalidValue(
                "found null, allowed a commitment, as the other terms have one",
                pointer=f"/terms/{index}/annual",
            )
    for name, limit in (("tenant_cap", tenant_cap), ("tenant_floor", tenant_floor)):
        if limit is not None:
            raise InvalidValue("found an amount, allowed null with annual terms", pointer=f"/{name}")
    # A year anchored on 29 February also runs from 28 February to the next 29th.
    if period.end != add_months(period.start, 12) and period.start != add_months(period.end, -12):
        raise InvalidValue(
            f"found {period.start.isoformat()} to {period.end.isoformat()}, allowed exactly one year",
            pointer="/period",
        )
