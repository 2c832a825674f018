"""Taking in sign-ins, a batch at a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.errors import InvalidValue
from bridge.journal.record import Cause
from bridge.tenants.read import find_tenant
from bridge.usage.add_facts import ClosedUntil, add_facts
from bridge.usage.events import Rejected, SignedIn, Taken, parse_sign_in
from bridge.usage.members import refusal
from bridge.usage.tables import SignIn
from bridge.usage.take_usage import known_people
from bridge.usage.time_limits import TimeLimits

Row = dict[str, Any]


def take_sign_ins(
    session: TenantSession,
    batch: Sequence[object],
    *,
    closed_until: ClosedUntil,
    late_days: int,
    cause: Cause,
    now: datetime,
) -> Taken:
    """Add the sign-ins of a batch that are good and new; tell of each other one why it was not taken.

    A sign-in is known by its connection and id. One that belongs to a period already invoiced changes the
    next invoice.
    """
    tenant = find_tenant(session)
    limits = TimeLimits(now, late_days, tenant.settled_until, tenant.timezone)
    read: dict[int, SignedIn] = {}
    rejected: list[Rejected] = []
    for index, value in enumerate(batch):
        try:
            read[index] = parse_sign_in(value)
        except InvalidValue as error:
            rejected.append(Rejected.because(index, error))
    people = known_people(session, {each.person_id for each in read.values()})
    rows: dict[tuple[str, str], Row] = {}
    doubled = 0
    for index, each in read.items():
        try:
            _check(each, people, limits)
        except InvalidValue as error:
            rejected.append(Rejected.because(index, error))
            continue
        doubled += (each.connection_id, each.id) in rows
        rows.setdefault((each.connection_id, each.id), _row(session.tenant_id, each, limits))
    known = _stored(session, rows.keys())
    new = [row for key, row in rows.items() if key not in known]
    late = (
        add_facts(session, SignIn, new, kind="sign_ins", closed_until=closed_until, cause=cause, now=now)
        if new
        else 0
    )
    return Taken(len(new), doubled + len(known), late, tuple(sorted(rejected, key=lambda each: each.index)))


def _check(each: SignedIn, people: Mapping[str, str], limits: TimeLimits) -> None:
    if each.person_id not in people:
        raise refusal("/person", each.person_id, "the id of a person of this tenant")
    if people[each.person_id] != each.connection_id:
        raise refusal("/connection", each.connection_id, "the connection that the person is of")
    limits.check(each.at, "/at")


def _row(tenant_id: str, each: SignedIn, limits: TimeLimits) -> Row:
    return {
        "tenant_id": tenant_id,
        "connection_id": each.connection_id,
        "id": each.id,
        "person_id": each.person_id,
        "at": each.at,
        "day": limits.day(each.at),
        "amr": None if each.amr is None else list(each.amr),
        "acr": each.acr,
        "auth_time": each.auth_time,
        "recorded_at": limits.now,
    }


def _stored(session: TenantSession, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these sign-ins are known already; a batch is of few connections."""
    if not keys:
        return set()
    connections, ids = {key[0] for key in keys}, {key[1] for key in keys}
    asked = SignIn.connection_id.in_(connections) & one_of(SignIn.id, ids)
    rows = session.execute(select(SignIn.connection_id, SignIn.id).where(asked))
    return {(connection_id, id_) for connection_id, id_ in rows} & set(keys)
