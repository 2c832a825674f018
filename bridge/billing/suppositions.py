"""What a period would cost if other seats were held than those that are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from bridge.billing.pricing.cohorts import SeatSpan
from bridge.database.sessions import TenantSession

_KEY = "supposed_seats"


@dataclass(frozen=True, slots=True)
class Supposition:
    """All seats of a tenant as they would be; ``late`` names who would cost something else, since when.

    Only instants in periods that are closed count as late.
    """

    seats: Sequence[SeatSpan]
    late: Sequence[tuple[str, datetime]] = ()


@contextmanager
def supposing(session: TenantSession, supposition: Supposition) -> Iterator[None]:
    """Draft and price inside with these seats instead of the stored ones, by the same functions.

    A preview is then what closing would issue, with nothing written.
    """
    session.info[_KEY] = supposition
    try:
        yield
    finally:
        del session.info[_KEY]


def supposed(session: TenantSession) -> Supposition | None:
    """Return what is supposed at the moment; None for the stored seats."""
    found: Supposition | None = session.info.get(_KEY)
    return found
