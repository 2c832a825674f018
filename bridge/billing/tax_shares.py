"""Net money by rate of tax, with the tax on it: charged by an invoice, reversed by its credit notes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bridge.billing.money import format_decimal, format_minor, parse_amount, parse_decimal, round_half_away
from bridge.billing.pricing.invoices import tax_on


@dataclass(frozen=True, slots=True)
class TaxShare:
    """What lies under one rate, in minor units; of a credit note, what it gives back as positive money."""

    percent: Fraction
    net: int
    tax: int

    @property
    def gross(self) -> int:
        """Net money with its tax."""
        return self.net + self.tax


def taxed(net_by_percent: Mapping[Fraction, int]) -> tuple[TaxShare, ...]:
    """Return what an invoice charges under each rate, lowest first; none where nothing is."""
    return tuple(
        TaxShare(percent, net, tax_on(net, percent)) for percent, net in sorted(net_by_percent.items()) if net
    )


def left_over(charged: Iterable[TaxShare], reversed_: Iterable[TaxShare]) -> tuple[TaxShare, ...]:
    """Return what credit notes have not reversed of what an invoice charged."""
    net: dict[Fraction, int] = {}
    tax: dict[Fraction, int] = {}
    for sign, shares in ((1, charged), (-1, reversed_)):
        for share in shares:
            net[share.percent] = net.get(share.percent, 0) + sign * share.net
            tax[share.percent] = tax.get(share.percent, 0) + sign * share.tax
    return tuple(TaxShare(percent, net[percent], tax[percent]) for percent in sorted(net))


def reversed_net(left: Sequence[TaxShare], percent: Fraction, net: int) -> TaxShare | None:
    """Return the share that gives back ``net`` under a rate; None where less than that is left under it.

    The tax is what is left minus the tax on what then remains. Rounding the tax of each credit note for
    itself would drift: many small ones would give back a cent more or less than was charged.
    """
    for share in left:
        if share.percent == percent and share.net >= net:
            return TaxShare(percent, net, share.tax - tax_on(share.net - net, percent))
    return None


def reversed_gross(left: Sequence[TaxShare], gross: int) -> tuple[TaxShare, ...]:
    """Return the shares that give back ``gross``, tax included, in proportion to what is left of each rate.

    ``gross`` is positive, and at most what is left of all rates together: all of it reverses each rate to
    nothing. A rate under which the invoice gave money back takes part with its sign.
    """
    total = sum(share.gross for share in left)
    shares, before, given = [], 0, 0
    for share in left:
        # Parts are differences of rounded running sums, so they add up whatever their signs are.
        before += share.gross
        part = round_half_away(Fraction(gross * before, total)) - given
        given += part
        remains = share.gross - part
        net = share.net - round_half_away(remains / (1 + share.percent / 100))
        if part:
            shares.append(TaxShare(share.percent, net, part - net))
    return tuple(shares)


def taxes_document(shares: Iterable[TaxShare], currency: str) -> list[dict[str, str]]:
    """Return shares for JSON, money as text."""
    return [
        {
            "percent": format_decimal(share.percent),
            "net": format_minor(share.net, currency),
            "tax": format_minor(share.tax, currency),
        }
        for share in shares
    ]


def parse_taxes(document: Iterable[Mapping[str, str]], currency: str) -> tuple[TaxShare, ...]:
    """Read what ``taxes_document`` wrote."""
    return tuple(
        TaxShare(
            parse_decimal(share["percent"]),
            int(parse_amount(share["net"], currency)),
            int(parse_amount(share["tax"], currency)),
        )
        for share in document
    )
