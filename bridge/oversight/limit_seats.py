"""Limiting of seats under the guard that somebody always administers the tenant."""

from collections.abc import Collection
from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause
from bridge.oversight.administrators import administrators_at, refuse_lock_out
from bridge.seats.seat_limits import LimitBounds, SetLimit, WantedLimit, set_limit


def limit_seats(
    session: TenantSession,
    wanted: WantedLimit,
    *,
    known_plans: Collection[str],
    bounds: LimitBounds,
    cause: Cause,
    now: datetime,
) -> SetLimit:
    """Set a limit as ``set_limit`` does.

    Raises ``Conflict`` in addition where the last administrator would have to wait: a limit that is backdated
    reaches those who came since.
    """
    before = administrators_at(session, now)
    made = set_limit(session, wanted, known_plans=known_plans, bounds=bounds, cause=cause, now=now)
    refuse_lock_out(session, before, at=max(made.limit.start, now))
    return made
