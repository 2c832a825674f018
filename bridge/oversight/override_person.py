"""Overriding of a person under the guard that somebody always administers the tenant."""

from collections.abc import Collection
from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause
from bridge.mapping.overrides import Override
from bridge.mapping.role_catalogues import roles_of
from bridge.mapping.set_override import SetOverride, WantedOverride, end_override, set_override
from bridge.oversight.administrators import administrators_at, refuse_lock_out


def override_person(
    session: TenantSession,
    wanted: WantedOverride,
    *,
    author: str,
    known_plans: Collection[str],
    most: int,
    cause: Cause,
    now: datetime,
) -> SetOverride:
    """Set an override as ``set_override`` does, with the tenant's roles.

    Raises ``Conflict`` in addition where it would take away the last administrator.
    """
    before = administrators_at(session, now)
    made = set_override(
        session,
        wanted,
        author=author,
        known_plans=known_plans,
        known_roles=roles_of(session),
        most=most,
        cause=cause,
        now=now,
    )
    refuse_lock_out(session, before, at=max(made.override.start, now))
    return made


def stop_overriding(
    session: TenantSession, override_id: str, *, at: datetime | None, cause: Cause, now: datetime
) -> Override:
    """End an override as ``end_override`` does.

    Raises ``Conflict`` in addition where the last administrator is one by this override.
    """
    before = administrators_at(session, now)
    ended = end_override(session, override_id, at=at, cause=cause, now=now)
    refuse_lock_out(session, before, at=max(ended.end or now, now))
    return ended
