"""Previewing of a tenant's own roles: who would get which privileges."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from bridge.database.sessions import TenantSession
from bridge.mapping.apply_roles import role_changes
from bridge.mapping.role_document import RoleLimits
from bridge.seats.tables import Seat


def preview_roles(
    session: TenantSession, document: Mapping[str, Any], *, limits: RoleLimits, now: datetime
) -> list[dict[str, Any]]:
    """Return each role that would change, the privileges it gains or loses, and how many people hold it."""
    held = select(Seat.roles).where(Seat.start <= now, or_(Seat.end.is_(None), Seat.end > now))
    people = Counter(role for roles in session.scalars(held) for role in roles)
    return [
        {
            "role": change.role,
            "gains": list(change.gains),
            "loses": list(change.loses),
            "people": people[change.role],
        }
        for change in role_changes(session, document, limits=limits)
    ]
