"""Looking at limited plans: how many seats are held, who waits for one, in which order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from bridge.database.sessions import TenantSession
from bridge.mapping.rule_sets import rule_sets_in_force
from bridge.seats.admission import SeatLimit, limit_at
from bridge.seats.seat_limits import read_limits
from bridge.seats.tables import Seat
from bridge.seats.waiting import ranked


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place in the line: ``number`` 1 is the next to have a seat; they wait ``since`` then."""

    number: int
    person_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """The seats of a plan at an instant: how many are held, and how many people wait for one.

    ``limit`` is None before the plan's first one; its ``seats`` are None while it is lifted.
    """

    plan: str
    limit: SeatLimit | None
    held: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person's place in the line of a plan, with how many of its seats are held."""

    line: Line
    place: Place

    @property
    def sentence(self) -> str:
        """What to tell the person."""
        limit = self.line.limit
        seats = "any number" if limit is None or limit.seats is None else str(limit.seats)
        return (
            f"waits for a seat of plan {self.line.plan} since {self.place.since.isoformat()}: "
            f"{self.line.held} of {seats} are held; number {self.place.number} in the queue"
        )

    def document(self) -> dict[str, object]:
        """Return it for JSON."""
        limit = self.line.limit
        return {
            "plan": self.line.plan,
            "since": self.place.since.isoformat(),
            "number": self.place.number,
            "waiting": self.line.waiting,
            "held": self.line.held,
            "seats": None if limit is None else limit.seats,
        }


def lines_at(session: TenantSession, at: datetime) -> list[Line]:
    """Return the line of each plan that ever had a limit, in the order of their keys."""
    limits = read_limits(session)
    held = _counts(session, Seat.plan.in_(limits), Seat.plan, at)
    waiting = _counts(session, Seat.waits_for.in_(limits), Seat.waits_for, at)
    return [
        Line(plan, limit_at(known, at), held.get(plan, 0), waiting.get(plan, 0))
        for plan, known in limits.items()
    ]


def queue_at(session: TenantSession, plan: str, at: datetime) -> list[Place]:
    """Return who waits for a seat of the plan at the instant, the next first."""
    present = Seat.start <= at, or_(Seat.end.is_(None), Seat.end > at)
    people = select(Seat.person_id).where(
        Seat.waits_for == plan, *present, Seat.tenant_id == session.tenant_id
    )
    columns = select(Seat.person_id, Seat.start, Seat.end, Seat.rule_set_id, Seat.rule)
    rows = columns.where(Seat.waits_for == plan, Seat.start <= at, Seat.person_id.in_(people))
    rank = ranked(rule_sets_in_force(session))
    begun: dict[str, tuple[datetime, int, datetime | None]] = {}
    for person_id, start, end, rule_set_id, rule in session.execute(
        rows.order_by(Seat.person_id, Seat.start)
    ):
        known = begun.get(person_id)
        goes_on = known is not None and known[2] == start
        since, place = known[:2] if known is not None and goes_on else (start, rank(rule_set_id, rule))
        begun[person_id] = (since, place, end)
    ordered = sorted((since, place, person_id) for person_id, (since, place, _) in begun.items())
    return [Place(number, person_id, since) for number, (since, _, person_id) in enumerate(ordered, 1)]


def waiting_of(session: TenantSession, person_id: str, plan: str, at: datetime) -> Waiting | None:
    """Return the place of a person in the line of a plan at the instant; None where they do not wait."""
    place = next((each for each in queue_at(session, plan, at) if each.person_id == person_id), None)
    line = next((each for each in lines_at(session, at) if each.plan == plan), None)
    return None if place is None or line is None else Waiting(line, place)


def _counts(
    session: TenantSession, chosen: ColumnElement[bool], column: InstrumentedAttribute[Any], at: datetime
) -> dict[str, int]:
    present = Seat.start <= at, or_(Seat.end.is_(None), Seat.end > at)
    rows = session.execute(select(column, func.count()).where(chosen, *present).group_by(column))
    return dict(rows.all())
