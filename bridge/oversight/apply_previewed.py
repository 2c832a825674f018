"""Applying of changes, bound to their preview where one is named."""

from datetime import datetime

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.directory.go_live import go_live
from bridge.journal.record import Cause
from bridge.mapping.apply_rules import AppliedRules, apply_rules
from bridge.mapping.role_catalogues import roles_of
from bridge.oversight.administrators import administrators_at, refuse_lock_out
from bridge.oversight.effects import Effect, effects_of
from bridge.oversight.preview_change import WantedRules, change_of_rules, change_to_live
from bridge.oversight.previews import digest_of, find_preview, refuse_another, refuse_stale
from bridge.oversight.try_change import Change, try_change
from bridge.tenants.tables import Tenant


def change_rules(
    session: TenantSession,
    wanted: WantedRules,
    *,
    author: str,
    note: str,
    preview_id: str | None,
    hours: int,
    cause: Cause,
    now: datetime,
) -> AppliedRules:
    """Apply rules as ``apply_rules`` does; with a preview only if they still do to everybody what it says.

    Raises in addition ``NotFound`` for an unknown preview or one older than ``hours``, ``Conflict`` for the
    preview of something else or where nobody would be left to administer the tenant, ``Stale`` with the ids
    of those to whom something else would happen.
    """
    rules, stored = wanted.read(session)
    if preview_id is not None:
        _lock(session)
        preview = find_preview(session, preview_id, hours=hours, now=now)
        refuse_another(preview, kind="rules", subject=digest_of(stored), starts_at=wanted.effective_from)
        change = change_of_rules(session, rules, effective_from=wanted.effective_from, now=now)
        refuse_stale(session, preview, _effects(session, change))
    before = administrators_at(session, now)
    applied = apply_rules(
        session,
        wanted.document,
        author=author,
        note=note,
        effective_from=wanted.effective_from,
        known_plans=wanted.known_plans,
        known_roles=roles_of(session),
        cause=cause,
        now=now,
        limits=wanted.limits,
    )
    refuse_lock_out(session, before, at=max(applied.effective_from, now))
    return applied


def switch_live(
    session: TenantSession,
    connection_id: str,
    *,
    live_from: datetime | None,
    preview_id: str | None,
    hours: int,
    cause: Cause,
    now: datetime,
) -> None:
    """Switch a connection to live as ``go_live`` does, bound to a preview as ``change_rules`` is."""
    if preview_id is not None:
        _lock(session)
        preview = find_preview(session, preview_id, hours=hours, now=now)
        refuse_another(preview, kind="live", subject=connection_id, starts_at=live_from)
        change = change_to_live(session, connection_id, live_from=live_from, now=now)
        refuse_stale(session, preview, _effects(session, change))
    go_live(session, connection_id, live_from=live_from, cause=cause, now=now)


def _lock(session: TenantSession) -> None:
    """Let no other rules be applied between the comparison and the change."""
    session.execute(select(Tenant.tenant_id).with_for_update())


def _effects(session: TenantSession, change: Change) -> tuple[Effect, ...]:
    return effects_of(try_change(session, change, closed_until=None).steps)
