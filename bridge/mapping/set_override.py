"""Writing of overrides: what an administrator decides about one person begins, or ends early."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.lock_accounts import lock_accounts
from bridge.errors import Conflict, InvalidValue, TooMany
from bridge.journal.record import Cause, Subject, record
from bridge.mapping.overrides import Override, overlapping
from bridge.mapping.read_overrides import find_override, read_overrides
from bridge.mapping.rules import NO_PLAN
from bridge.mapping.tables import PersonOverride
from bridge.scim.text import fault_of, shown
from bridge.tenants.tables import Tenant

REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedOverride:
    """What shall hold for a person; ``start`` None is now, ``end`` None is until somebody ends it.

    ``plan`` or ``roles`` None leaves that to the rules; ``none`` is no seat, no roles at all is ``()``.
    """

    person_id: str
    plan: str | None
    roles: tuple[str, ...] | None
    reason: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class SetOverride:
    """The override that holds; ``applied`` is false where it did already, so that nothing was written."""

    override: Override
    applied: bool


def set_override(
    session: TenantSession,
    wanted: WantedOverride,
    *,
    author: str,
    known_plans: Collection[str],
    known_roles: Collection[str],
    most: int,
    cause: Cause,
    now: datetime,
) -> SetOverride:
    """Let a person hold a plan, roles or both, whatever the identity provider or a rule says.

    A start in the past is a backdated fact: the next invoice carries the difference. The same once more
    changes nothing. Raises ``NotFound`` for an unknown person; ``InvalidValue`` with a pointer for what
    cannot be held, for an end before the start, for a start before the tenant's settled time; ``Conflict``
    where another override of the person decides; ``TooMany`` past ``most`` overrides of one person.
    """
    start = (wanted.start or now).astimezone(UTC)
    end = None if wanted.end is None else wanted.end.astimezone(UTC)
    _check_held(wanted, known_plans, known_roles)
    if end is not None and end <= start:
        allowed = f"an instant after {start.isoformat()}"
        raise InvalidValue(f"/end: found {end.isoformat()}, allowed {allowed}", pointer="/end")
    _refuse_settled(session, start, "/start")
    lock_accounts(session, [wanted.person_id])
    known = read_overrides(session, [wanted.person_id]).get(wanted.person_id, ())
    other = overlapping(known, start, end)
    if other is not None and _says_the_same(other, wanted, start, end):
        return SetOverride(other, applied=False)
    if other is not None:
        raise Conflict(
            f"the override {other.id} decides for this person from {other.start.isoformat()} "
            f"{'on' if other.end is None else 'to ' + other.end.isoformat()}: end it first",
            pointer="/start",
        )
    if len(known) >= most:
        raise TooMany(f"{len(known)} overrides were made for this person, at most {most} are allowed")
    override = _insert(session, wanted, start, end, author=author, cause=cause, now=now)
    return SetOverride(override, applied=True)


def end_override(
    session: TenantSession, override_id: str, *, at: datetime | None, cause: Cause, now: datetime
) -> Override:
    """End an override at an instant (default: now), earlier than it would; from then on the rules decide.

    One that has not begun is withdrawn. Ending it where it ends already changes nothing. Raises ``NotFound``;
    ``Conflict`` for one that has ended before; ``InvalidValue`` before the tenant's settled time.
    """
    lock_accounts(session, [find_override(session, override_id).person_id])
    override = find_override(session, override_id)
    end = max((at or now).astimezone(UTC), override.start)
    if override.end == end:
        return override
    if override.end is not None and override.end < end:
        raise Conflict(
            f"the override {override_id} ends at {override.end.isoformat()} already: "
            "set another from then on",
            pointer="/at",
        )
    _refuse_settled(session, end, "/at")
    subject = Subject("person", override.person_id)
    details = {"override": override.id, "end": end.isoformat()}
    entry = record(session, "mapping:override:end", subject, cause=cause, at=now, details=details)
    session.execute(
        update(PersonOverride).where(PersonOverride.id == override_id).values(end=end, ended_by=entry),
        execution_options={"synchronize_session": False},
    )
    mark_due(session, [subject], cause_id=entry, now=now)
    session.expire_all()
    return find_override(session, override_id)


def _check_held(wanted: WantedOverride, known_plans: Collection[str], known_roles: Collection[str]) -> None:
    if wanted.plan is None and wanted.roles is None:
        raise InvalidValue("an override names a plan, roles or both", pointer="/plan")
    plans = {*known_plans, NO_PLAN}
    if wanted.plan is not None and wanted.plan not in plans:
        allowed = ", ".join(sorted(plans))
        raise InvalidValue(f"/plan: found {shown(wanted.plan)}, allowed are {allowed}", pointer="/plan")
    for position, role in enumerate(wanted.roles or ()):
        if role not in known_roles:
            pointer, allowed = f"/roles/{position}", ", ".join(sorted(known_roles))
            raise InvalidValue(f"{pointer}: found {shown(role)}, allowed are {allowed}", pointer=pointer)
    reason = wanted.reason.strip()
    if not reason or len(reason) > REASON_CHARACTERS:
        raise InvalidValue(
            f"/reason: found {len(reason)} characters, allowed 1 to {REASON_CHARACTERS}", pointer="/reason"
        )
    fault = fault_of(reason)
    if fault is not None:
        raise InvalidValue(f"/reason {fault}; send it without", pointer="/reason")


def _refuse_settled(session: TenantSession, instant: datetime, pointer: str) -> None:
    settled_until = session.scalar(select(Tenant.settled_until))
    if settled_until is not None and instant < settled_until:
        raise InvalidValue(
            f"{pointer}: found {instant.isoformat()}, but everything before {settled_until.isoformat()} is "
            "settled; choose that instant or a later one",
            pointer=pointer,
        )


def _says_the_same(other: Override, wanted: WantedOverride, start: datetime, end: datetime | None) -> bool:
    began = other.start <= start if wanted.start is None else other.start == start
    return began and (other.plan, other.roles, other.end) == (wanted.plan, _sorted(wanted.roles), end)


def _sorted(roles: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if roles is None else tuple(sorted(set(roles)))


def _insert(
    session: TenantSession,
    wanted: WantedOverride,
    start: datetime,
    end: datetime | None,
    *,
    author: str,
    cause: Cause,
    now: datetime,
) -> Override:
    roles = _sorted(wanted.roles)
    subject, id_ = Subject("person", wanted.person_id), new_id(now)
    details = {
        "override": id_,
        "plan": wanted.plan,
        "roles": None if roles is None else list(roles),
        "start": start.isoformat(),
        "end": None if end is None else end.isoformat(),
    }
    entry = record(session, "mapping:override:set", subject, cause=cause, at=now, details=details)
    row = {
        "tenant_id": session.tenant_id,
        "id": id_,
        "person_id": wanted.person_id,
        "start": start,
        "end": end,
        "plan": wanted.plan,
        "roles": None if roles is None else list(roles),
        "reason": wanted.reason.strip(),
        "author": author,
        "started_by": entry,
        "ended_by": None,
    }
    session.add_rows(PersonOverride, [row])
    mark_due(session, [subject], cause_id=entry, now=now)
    return find_override(session, id_)
