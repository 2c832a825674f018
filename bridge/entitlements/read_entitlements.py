"""Telling what a person may do at an instant, since when, why."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import or_, select

from bridge.database.sessions import TenantSession
from bridge.directory.read_facts import read_facts
from bridge.directory.tables import GroupVersion
from bridge.entitlements.grants import Grants, granted
from bridge.errors import NotFound
from bridge.journal.tables import JournalEntry
from bridge.mapping.role_catalogues import roles_of
from bridge.mapping.rules import NO_PLAN
from bridge.seats.browse_lines import Waiting, waiting_of
from bridge.seats.compute import compute
from bridge.seats.one_person import as_one
from bridge.seats.tables import Seat
from bridge.seats.timeline import Span
from config.catalogue import plans

NOT_ACTIVE = "the person is not active, or their connection is not live"
NOTHING_HELD = "no rule gives the person a plan or a role"


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What a person may do, ``since`` when, through which rule and groups, by which request.

    ``groups`` are pairs of id and name. A person who holds nothing has no rule and no groups; ``because``
    tells why. ``waiting`` is the place in the line of a plan whose seats are all held.
    """

    person_id: str
    grants: Grants
    since: datetime | None
    because: str
    rule: str | None = None
    groups: tuple[tuple[str, str], ...] = ()
    request_id: str | None = None
    waiting: Waiting | None = None

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "person": self.person_id,
            "plan": self.grants.plan,
            "roles": list(self.grants.roles),
            "privileges": list(self.grants.privileges),
            "features": list(self.grants.features),
            "limits": dict(self.grants.limits or {}),
            "since": self.since.isoformat() if self.since else None,
            "because": self.because,
            "rule": self.rule,
            "groups": [{"id": id_, "name": name} for id_, name in self.groups],
            "request": self.request_id,
            "waiting": self.waiting.document() if self.waiting else None,
        }

    @property
    def etag(self) -> str:
        """The strong entity tag (RFC 9110 section 8.8.3): other entitlements, another tag."""
        written = orjson.dumps(self.document(), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(written).hexdigest()[:32]


def read_entitlements(session: TenantSession, person_id: str, *, at: datetime) -> Entitlements:
    """Return what a person may do at the instant.

    An account that counts as a person has what the person has. Whoever is inactive may do nothing from the
    instant of the deactivation, also while the seat is still held or its end not yet computed. Raises
    ``NotFound`` for a person whom the tenant does not know.
    """
    facts = read_facts(session, [person_id]).get(person_id)
    if facts is None:
        raise NotFound(f"there is no person {person_id[:60]} in this tenant")
    joined = next((each for each in facts.away if _holds(each.start, each.end, at)), None)
    if joined is not None:
        return read_entitlements(session, joined.person_id, at=at)  # who is never an account of another
    version = next((each for each in as_one(facts).versions if _holds(each.start, each.end, at)), None)
    if version is None or not version.active:
        return Entitlements(person_id, Grants(NO_PLAN), None, NOT_ACTIVE)
    held = Seat.start <= at, or_(Seat.end.is_(None), Seat.end > at)
    seat = session.scalar(select(Seat).where(Seat.person_id == person_id, *held))
    if seat is None:
        return Entitlements(person_id, Grants(NO_PLAN), None, NOTHING_HELD)
    if seat.storm_id is not None:
        return _beside_the_storm(session, person_id, seat.storm_id, at)
    return _through(session, person_id, seat, at)


def _beside_the_storm(session: TenantSession, person_id: str, storm_id: str, at: datetime) -> Entitlements:
    """Return what the facts alone give: a storm holds money, not access."""
    spans = compute(session, [person_id]).spans.get(person_id, ())
    span = next((each for each in spans if _holds(each.start, each.end, at)), None)
    if span is None:
        told = f"storm {storm_id} holds the seat until it is decided; access is off meanwhile"
        return Entitlements(person_id, Grants(NO_PLAN), None, told)
    return _through(session, person_id, span, at)


def _through(session: TenantSession, person_id: str, seat: Seat | Span, at: datetime) -> Entitlements:
    groups = _named(session, seat.group_ids, at)
    request = select(JournalEntry.request_id).where(JournalEntry.id == seat.started_by)
    through = ", ".join(name or id_ for id_, name in groups)
    waiting = waiting_of(session, person_id, seat.waits_for, at) if seat.waits_for else None
    told = f"rule {seat.rule} gives plan {seat.waits_for or seat.plan}" + (
        f" through {through}" if through else ""
    )
    return Entitlements(
        person_id=person_id,
        grants=granted(seat.plan, seat.roles, plans=plans(), known_roles=roles_of(session, at=at)),
        since=seat.start,
        because=f"{waiting.sentence}; {told}" if waiting else told,
        rule=seat.rule,
        groups=groups,
        request_id=session.scalar(request),
        waiting=waiting,
    )


def _named(session: TenantSession, group_ids: Sequence[str], at: datetime) -> tuple[tuple[str, str], ...]:
    """Return groups with the names they have at the instant."""
    rows = session.execute(
        select(GroupVersion.group_id, GroupVersion.display_name)
        .where(GroupVersion.group_id.in_(group_ids), GroupVersion.start <= at)
        .order_by(GroupVersion.start)
    )
    names: dict[str, str] = dict(rows.all())
    return tuple((group_id, names.get(group_id, "")) for group_id in group_ids)


def _holds(start: datetime, end: datetime | None, at: datetime) -> bool:
    return start <= at and (end is None or end > at)
