"""Undoing of a storm: the people are back, and their seats never ended."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.alerts.ring import close_alert
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.read_joins import neighbours
from bridge.directory.read_taken import Window
from bridge.directory.restore_people import restore_people
from bridge.journal.record import Cause, Subject, record
from bridge.seats.find_storm import storm_to_decide
from bridge.seats.storm_windows import WINDOW
from bridge.seats.tables import StormPerson


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo brought back, and how many people and memberships it could not.

    A person stays away whose name somebody else has taken since, a deleted group likewise. A membership is
    left of a group that stays deleted, or by which a group would be in itself.
    """

    people: int
    groups: int
    memberships: int
    left_people: int
    left_memberships: int


def undo_storm(session: TenantSession, storm_id: str, *, cause: Cause, now: datetime) -> Undone | None:
    """Bring back whom a storm's connection deactivated, deleted or took out of groups, from now on.

    So with the groups through which they lost their seats, whether deleted or taken out of others.

    Their seats are held until then, so that the bill is as if nothing had happened. Who has come back by
    themselves, or was changed later on purpose, is left alone. None where it is undone already. Raises
    ``NotFound``; ``Conflict`` when it was confirmed.
    """
    storm = storm_to_decide(session, storm_id, as_="undone")
    if storm is None:
        return None
    held = select(StormPerson.person_id).where(StormPerson.storm_id == storm_id).distinct()
    people = session.scalars(held).all()
    joined = {id_ for known in neighbours(session, people).values() for id_ in known}
    # What followed the losses within the hour is their aftermath: groups are often cleared after people.
    window = Window(storm.connection_id, storm.first_at, storm.last_at + WINDOW)
    restored = restore_people(session, {*people, *joined}, window, cause=cause, now=now)
    undone = Undone(
        restored.people,
        restored.groups,
        restored.memberships,
        restored.left_people,
        restored.left_memberships,
    )
    subject = Subject("storm", storm_id)
    details = {
        "people": undone.people,
        "groups": undone.groups,
        "memberships": undone.memberships,
        "left": undone.left_people,
    }
    cause_id = record(session, "seat:storm:undo", subject, cause=cause, at=now, details=details)
    storm.status, storm.decided_at, storm.decided_by = "undone", restored.at, cause_id
    session.flush()
    close_alert(session, "fuse_blown", storm_id, now=now)
    mark_due(session, [Subject("person", id_) for id_ in people], cause_id=cause_id, now=now)
    return undone
