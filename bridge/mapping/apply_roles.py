"""Applying a new version of a tenant's own roles."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict
from bridge.journal.record import Cause, Subject, record
from bridge.mapping.role_catalogues import newest_catalogue, roles_of
from bridge.mapping.role_document import RoleLimits, parse_roles, role_document
from bridge.mapping.rule_sets import rule_sets_in_force
from bridge.mapping.tables import PersonOverride, RoleCatalogue
from bridge.tenants.tables import Tenant
from config.catalogue import roles


@dataclass(frozen=True, slots=True)
class AppliedRoles:
    """The version that holds the roles; ``applied`` is false where they were the same already."""

    id: str
    version: int
    applied: bool


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What becomes of one role: the privileges its holders get, and those they lose."""

    role: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]


def apply_roles(
    session: TenantSession,
    document: Mapping[str, Any],
    *,
    author: str,
    limits: RoleLimits,
    cause: Cause,
    now: datetime,
) -> AppliedRoles:
    """Give the tenant these roles of its own from now on, in place of those it had.

    Raises ``InvalidValue`` for the document, ``Conflict`` for leaving out a role that rules or an override
    still give. The same roles once more change nothing.
    """
    own = parse_roles(document, limits=limits)
    session.execute(select(Tenant.tenant_id).with_for_update())  # one version number at a time
    current = newest_catalogue(session)
    stored = role_document(own)
    if current is not None and current.document == stored:
        return AppliedRoles(current.id, current.version, applied=False)
    _refuse_missing(session, {**roles(), **own}.keys(), now)
    version = 1 if current is None else current.version + 1
    subject = Subject("role_catalogue", new_id(now))
    details = {"version": version, "roles": sorted(own)}
    entry = record(session, "mapping:role_catalogue:apply", subject, cause=cause, at=now, details=details)
    row = {
        "tenant_id": session.tenant_id,
        "id": subject.id,
        "version": version,
        "author": author,
        "created_at": now,
        "document": stored,
        "cause_id": entry,
    }
    session.add_rows(RoleCatalogue, [row])
    return AppliedRoles(subject.id, version, applied=True)


def role_changes(
    session: TenantSession, document: Mapping[str, Any], *, limits: RoleLimits
) -> tuple[RoleChange, ...]:
    """Return what applying the document would do to each role; roles that stay as they are are left out.

    Raises ``InvalidValue`` for the document.
    """
    before, after = roles_of(session), {**roles(), **parse_roles(document, limits=limits)}
    found = []
    for key in sorted(before.keys() | after.keys()):
        had = set(before[key].privileges) if key in before else set()
        has = set(after[key].privileges) if key in after else set()
        if had != has or (key in before) != (key in after):
            found.append(RoleChange(key, tuple(sorted(has - had)), tuple(sorted(had - has))))
    return tuple(found)


def _refuse_missing(session: TenantSession, known: Collection[str], now: datetime) -> None:
    for role, where in _given(session, now):
        if role not in known:
            raise Conflict(f"the role {role} is given by {where}: keep it, or change that first")


def _given(session: TenantSession, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield the roles that are given now or will be, each with what gives it."""
    for dated in rule_sets_in_force(session):
        if dated.end is not None and dated.end <= now:
            continue
        where = f"version {dated.version} of the rules"
        named = [role for rule in dated.rules.rules for role in rule.roles]
        for role in (*named, *dated.rules.default_roles, *dated.rules.assignable.roles):
            yield role, where
    lasting = or_(PersonOverride.end.is_(None), PersonOverride.end > now)
    for override_id, given in session.execute(select(PersonOverride.id, PersonOverride.roles).where(lasting)):
        for role in given or ():
            yield role, f"the override {override_id}"
