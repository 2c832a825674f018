"""Letting people wait for seats that are limited, and giving them those that are free."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select

from bridge.alerts.ring import close_alert, open_alert
from bridge.database.sessions import TenantSession
from bridge.mapping.rule_sets import rule_sets_in_force
from bridge.seats.admission import Grant, SeatLimits, Want, WantKey, admit
from bridge.seats.compute import Computed
from bridge.seats.differences import StoredSpan, keep_settled
from bridge.seats.seat_limits import read_limits
from bridge.seats.stored_spans import read_stored
from bridge.seats.tables import Seat
from bridge.seats.timeline import Span
from bridge.seats.waiting import Grants, Rank, as_granted, as_wanted, ranked, wants_of
from bridge.tenants.tables import Tenant


def line_up(
    session: TenantSession,
    computed: Computed,
    stored: Mapping[str, Sequence[StoredSpan]],
    limits: SeatLimits,
    *,
    settled_until: datetime | None,
    now: datetime,
) -> dict[str, tuple[Span, ...]]:
    """Let the spans of these people be as the limits have them; return those of others that this moves.

    What others want is read from their stored seats: facts of theirs that are still to be computed have
    their own turn. The caller holds the lock of the lines. An alert tells that somebody has begun to wait.
    """
    lines = _lines(session, computed, stored, limits, settled_until=settled_until)
    if lines is None:
        return {}
    for plan, grants in lines.grants.items():
        _tell(session, plan, lines.wants[plan], grants, now=now)
    moved = {
        person_id for (person_id, plan, start), seat in lines.others.items()
        if lines.grants[plan].get((person_id, start)) != seat
    }  # fmt: skip
    return {
        person_id: as_granted(
            person_id, as_wanted([each.span for each in known], lines.limits), lines.limits, lines.grants
        )
        for person_id, known in read_stored(session, moved).items()
    }


def let_wait(session: TenantSession, computed: Computed) -> None:
    """Let the spans of these people be as the limits have them. Nothing is written."""
    limits = read_limits(session)
    if limits:
        settled_until = session.scalar(select(Tenant.settled_until))
        stored = read_stored(session, computed.spans)
        _lines(session, computed, stored, limits, settled_until=settled_until)


class _Lines(NamedTuple):
    """Those plans of which somebody has one computed: limits, who wants one, who holds one since when.

    ``others`` are by person, plan and start of the want: since when those have a seat by what is stored.
    """

    limits: SeatLimits
    wants: Mapping[str, Sequence[Want]]
    grants: Grants
    others: Mapping[tuple[str, str, datetime], Grant | None]


def _lines(
    session: TenantSession,
    computed: Computed,
    stored: Mapping[str, Sequence[StoredSpan]],
    limits: SeatLimits,
    *,
    settled_until: datetime | None,
) -> _Lines | None:
    """Put the people in line; None where none of them ever has to do with a limited plan."""
    wanted = {
        person_id: _wanted(stored.get(person_id, ()), spans, limits, settled_until)
        for person_id, spans in computed.spans.items()
    }
    plans = {span.plan for spans in wanted.values() for span in spans}
    plans |= {
        each.span.waits_for or each.span.plan for person_id in wanted for each in stored.get(person_id, ())
    }
    concerned = {plan: limits[plan] for plan in limits if plan in plans}
    if not concerned:
        return None
    rank = ranked(rule_sets_in_force(session))
    wants: dict[str, list[Want]] = {plan: [] for plan in concerned}
    others = _others(session, wants, rank, without=computed.spans.keys())
    for person_id, spans in wanted.items():
        for plan, want in wants_of(person_id, spans, concerned, rank):
            wants[plan].append(want)
    grants = {plan: admit(each, concerned[plan]) for plan, each in wants.items()}
    for person_id, spans in wanted.items():
        if any(span.plan in concerned for span in spans):
            computed.spans[person_id] = as_granted(person_id, spans, concerned, grants)
    return _Lines(concerned, wants, grants, others)


def _wanted(
    stored: Sequence[StoredSpan], spans: Sequence[Span], limits: SeatLimits, settled_until: datetime | None
) -> Sequence[Span]:
    """Return what a person is to hold by the facts, and in settled time what was settled."""
    if settled_until is None:
        return spans
    before = [StoredSpan(span, span.start) for span in as_wanted([each.span for each in stored], limits)]
    return keep_settled(before, spans, settled_until, cause_id="")


def _others(
    session: TenantSession, wants: dict[str, list[Want]], rank: Rank, *, without: Collection[str]
) -> dict[tuple[str, str, datetime], Grant | None]:
    """Add what everybody else wants of these plans, by one query; return since when they have a seat."""
    columns = (
        Seat.person_id, Seat.start, Seat.end, Seat.plan, Seat.waits_for, Seat.rule_set_id, Seat.rule,
        Seat.started_by, Seat.ended_by,
    )  # fmt: skip
    chosen = select(*columns).where(or_(Seat.plan.in_(wants), Seat.waits_for.in_(wants)))
    found: dict[tuple[str, str, datetime], Grant | None] = {}
    of, last = "", None
    for row in session.execute(chosen.order_by(Seat.person_id, Seat.start)):
        person_id, start, end, plan, waits_for, rule_set_id, rule, started_by, ended_by = row
        if person_id in without:
            continue
        wanted = waits_for or plan
        if last is not None and (last.person_id, last.end, of) == (person_id, start, wanted):
            wants[of].pop()
            last = Want(person_id, last.start, end, last.rank, ended_by or "")
            if waits_for is None and found[person_id, of, last.start] is None:
                found[person_id, of, last.start] = Grant(start, started_by)
        else:
            last, of = Want(person_id, start, end, rank(rule_set_id, rule), ended_by or ""), wanted
            found[person_id, of, start] = None if waits_for else Grant(start, "")
        wants[of].append(last)
    return found


def _tell(
    session: TenantSession,
    plan: str,
    wants: Sequence[Want],
    grants: Mapping[WantKey, Grant],
    *,
    now: datetime,
) -> None:
    """Open an alert while anybody waits for a seat of the plan, close it when nobody does."""
    for want in wants:
        grant = grants.get((want.person_id, want.start))
        begun = want.start <= now and (want.end is None or now < want.end)
        if begun and (grant is None or now < grant.at):
            open_alert(session, "seats_used_up", plan, now=now)
            return
    close_alert(session, "seats_used_up", plan, now=now)
