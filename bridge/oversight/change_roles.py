"""Changing of a tenant's roles under the guard that somebody always administers it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause
from bridge.mapping.apply_roles import AppliedRoles, apply_roles
from bridge.mapping.role_document import RoleLimits
from bridge.oversight.administrators import administrators_at, refuse_lock_out


def change_roles(
    session: TenantSession,
    document: Mapping[str, Any],
    *,
    author: str,
    limits: RoleLimits,
    cause: Cause,
    now: datetime,
) -> AppliedRoles:
    """Apply roles as ``apply_roles`` does.

    Raises ``Conflict`` in addition where the privilege to assign roles would leave its last holder.
    """
    before = administrators_at(session, now)
    applied = apply_roles(session, document, author=author, limits=limits, cause=cause, now=now)
    refuse_lock_out(session, before, at=now)
    return applied
