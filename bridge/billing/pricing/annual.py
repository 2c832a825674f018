"""Annual commitments: seats billed in advance for a year and trued up at the end of each interval."""

from datetime import date

from bridge.billing.money import round_half_away
from bridge.billing.periods import Period, add_months
from bridge.billing.pricing.adjustments import NetInvoice
from bridge.billing.pricing.counts import peaks_by_day
from bridge.billing.pricing.lines import Line, nobodys
from bridge.billing.pricing.ownership import HoldingsByWindow
from bridge.billing.pricing.terms import Annual, PriceTerm
from bridge.billing.pricing.windows import Window

MONTHS_A_YEAR = 12


def annual_invoices(
    windows: tuple[Window, ...], holdings: HoldingsByWindow, period: Period
) -> list[NetInvoice]:
    """Return the commitment on the first day, then one invoice per interval, also when it is zero.

    Terms with intervals of their own that end on one day share its invoice.
    """
    ends: dict[date, tuple[Period, list[Line]]] = {}
    for place, window in enumerate(windows):
        annual = window.term.annual
        if annual is None:
            continue
        for interval, line in _true_ups(window, annual, peaks_by_day(window, holdings[place])):
            longest, lines = ends.setdefault(interval.end, (interval, []))
            lines.extend([line] if line.amount else [])
            ends[interval.end] = (min(longest, interval), lines)
    first = NetInvoice(
        period, period.start, [line for window in windows for line in _commitment(window.term)], {}
    )
    return [first, *(NetInvoice(interval, end, lines, {}) for end, (interval, lines) in sorted(ends.items()))]


def _commitment(term: PriceTerm) -> list[Line]:
    seats = term.annual.committed_seats if term.annual else 0
    units, flats = round_half_away(term.units(seats)), round_half_away(term.flats(seats))
    text = f"{term.plan}: {seats} seats committed for the year"
    lines = [Line("seats", term.plan, text, units, nobodys(units, term.plan))]
    if flats:
        lines.append(Line("flat", term.plan, f"{text}, flat fee", flats, nobodys(flats, term.plan)))
    return lines


def _true_ups(window: Window, annual: Annual, peaks: list[int]) -> list[tuple[Period, Line]]:
    """Tell what each interval adds.

    The price of the seats beyond those charged before, for the rest of the year. Where more seats cost less
    in sum (a volume price that falls), the difference is given back also without ``credit_removals``:
    nobody was removed.
    """
    term, period, count = window.term, window.calendar.period, annual.intervals
    charged = annual.committed_seats
    trued_up = []
    for number in range(1, count + 1):
        interval = Period(_edge(period, number - 1, count), _edge(period, number, count))
        days = window.calendar.between(interval.start, interval.end)
        peak = max((peak for day, peak in enumerate(peaks) if days >> day & 1), default=0)
        seats = max(peak, annual.committed_seats)
        text = f"{term.plan}: {peak} seats at most until {interval.end.isoformat()}, {charged} charged before"
        amount = 0
        if seats > charged or annual.credit_removals:
            difference = term.units(seats) + term.flats(seats) - term.units(charged) - term.flats(charged)
            left = 1 if count == 1 else count - number
            amount = round_half_away(difference * left / count)
            charged = seats
        trued_up.append((interval, Line("adjustment", term.plan, text, amount, nobodys(amount, term.plan))))
    return trued_up


def _edge(period: Period, number: int, count: int) -> date:
    """Return the end of the ``number``-th of ``count`` intervals of a year.

    Counted from the later day of month: a year anchored on 29 February may begin on the 28th, or end on it.
    """
    step = MONTHS_A_YEAR // count
    if period.end.day > period.start.day:
        return add_months(period.end, (number - count) * step)
    return add_months(period.start, number * step)
