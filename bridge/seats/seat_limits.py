"""How many seats of a plan a tenant gives, as dated facts."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import func, or_, select

from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.errors import InvalidValue, TooMany
from bridge.journal.record import Cause, Subject, record
from bridge.scim.text import shown
from bridge.seats.admission import Access, SeatLimit, SeatLimits, in_order, limit_at
from bridge.seats.locks import lock_seats
from bridge.seats.tables import Seat, SeatLimitSet
from bridge.tenants.read import find_tenant

ACCESS: tuple[Access, ...] = ("none", "roles")

_SET = table_of(SeatLimitSet).c
_LIMITS = prepared(
    select(_SET.plan, _SET.effective_from, _SET.seats, _SET.access, _SET.cause_id).order_by(_SET.number)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLimit:
    """No more than ``seats`` of the plan from ``start`` on (None: from now); ``seats`` None lifts the limit.

    ``access`` None leaves what those keep who wait as it was, at first nothing.
    """

    plan: str
    seats: int | None
    access: str | None = None
    start: datetime | None = None


@dataclass(frozen=True, slots=True)
class SetLimit:
    """The limit that holds; ``applied`` is false where it did already, so that nothing was written."""

    limit: SeatLimit
    applied: bool


@dataclass(frozen=True, slots=True)
class LimitBounds:
    """The highest limit of seats, and the most changes of limits of one tenant."""

    seats: int = 1_000_000
    changes: int = 1_000


def read_limits(session: TenantSession) -> SeatLimits:
    """Return all limits the tenant ever set, those to come included."""
    by_plan: dict[str, list[SeatLimit]] = {}
    for row in session.run(_LIMITS):
        access: Access = "roles" if row.access == "roles" else "none"
        limit = SeatLimit(row.effective_from, None, row.seats, access, row.cause_id)
        by_plan.setdefault(row.plan, []).append(limit)
    return {plan: in_order(by_plan[plan]) for plan in sorted(by_plan)}


def with_limit(
    session: TenantSession,
    wanted: WantedLimit,
    *,
    known_plans: Collection[str],
    bounds: LimitBounds,
    now: datetime,
) -> tuple[SeatLimits, SeatLimit]:
    """Return the limits as they would be with this one, and itself; the same limit if it holds already.

    Raises ``InvalidValue`` with a pointer for an unknown plan, a limit or access out of range, a start in
    settled time.
    """
    _check(wanted, known_plans, bounds)
    settled_until = find_tenant(session).settled_until
    start = (wanted.start or now).astimezone(UTC)
    if settled_until is not None and start < settled_until:
        _refuse("/effective_from", start.isoformat(), f"an instant from {settled_until.isoformat()} on")
    limits = read_limits(session)
    known = limits.get(wanted.plan, ())
    before = limit_at(known, start)
    access: Access = before.access if before else ACCESS[0]
    if wanted.access is not None:
        access = "roles" if wanted.access == "roles" else "none"
    seats = None if before is None else before.seats
    exactly = wanted.start is None or before is None or before.start == start
    if exactly and (seats, before.access if before else access) == (wanted.seats, access):
        return limits, before or SeatLimit(start, None, None, access, "")
    limit = SeatLimit(start, None, wanted.seats, access, "")
    changed = in_order([*known, limit])
    return {**limits, wanted.plan: changed}, next(each for each in changed if each.start == start)


def set_limit(
    session: TenantSession,
    wanted: WantedLimit,
    *,
    known_plans: Collection[str],
    bounds: LimitBounds,
    cause: Cause,
    now: datetime,
) -> SetLimit:
    """Limit the seats of a plan, or lift its limit, until the next change of it; the same changes nothing.

    Who holds a seat keeps it. A start in the past is a backdated fact: who came too late then never held
    one, and the next invoice carries the difference. Raises what ``with_limit`` raises; ``TooMany`` past
    ``bounds.changes``.
    """
    # Nobody computes seats meanwhile: all who do it later know of the limit.
    lock_seats(session)
    known = read_limits(session)
    limits, limit = with_limit(session, wanted, known_plans=known_plans, bounds=bounds, now=now)
    if limits == known:
        return SetLimit(limit, applied=False)
    made = session.scalar(select(func.max(SeatLimitSet.number))) or 0
    if made >= bounds.changes:
        raise TooMany(f"limits of seats were set {made} times, at most {bounds.changes} are allowed")
    cause_id = _insert(session, wanted.plan, limit, made + 1, cause=cause, now=now)
    before = limit_at(known.get(wanted.plan, ()), limit.start)
    if before is not None and before.access != limit.access:
        _mark_waiting(session, wanted.plan, limit, cause_id=cause_id, now=now)
    return SetLimit(replace(limit, cause_id=cause_id), applied=True)


def _mark_waiting(
    session: TenantSession, plan: str, limit: SeatLimit, *, cause_id: str, now: datetime
) -> None:
    """Have everybody computed who waits under the limit: something else is left to them."""
    later = Seat.waits_for == plan, or_(Seat.end.is_(None), Seat.end > limit.start)
    people = session.scalars(select(Seat.person_id).distinct().where(*later))
    mark_due(session, [Subject("person", id_) for id_ in people], cause_id=cause_id, now=now)


def _check(wanted: WantedLimit, known_plans: Collection[str], bounds: LimitBounds) -> None:
    if wanted.plan not in known_plans:
        _refuse("/plan", shown(wanted.plan), ", ".join(sorted(known_plans)))
    if wanted.seats is not None and not 0 <= wanted.seats <= bounds.seats:
        _refuse("/seats", str(wanted.seats), f"0 to {bounds.seats}, or null for no limit")
    if wanted.access is not None and wanted.access not in ACCESS:
        _refuse("/access", shown(wanted.access), ", ".join(ACCESS))


def _refuse(pointer: str, found: str, allowed: str) -> None:
    raise InvalidValue(f"found {found}, allowed {allowed}", pointer=pointer)


def _insert(
    session: TenantSession, plan: str, limit: SeatLimit, number: int, *, cause: Cause, now: datetime
) -> str:
    subject = Subject("plan", plan)
    details = {"seats": limit.seats, "access": limit.access, "effective_from": limit.start.isoformat()}
    entry = record(session, "seat:limit:set", subject, cause=cause, at=now, details=details)
    row = {
        "tenant_id": session.tenant_id,
        "number": number,
        "plan": plan,
        "effective_from": limit.start,
        "seats": limit.seats,
        "access": limit.access,
        "set_at": now,
        "cause_id": entry,
    }
    session.add_rows(SeatLimitSet, [row])
    mark_due(session, [subject], cause_id=entry, now=now)
    return entry
