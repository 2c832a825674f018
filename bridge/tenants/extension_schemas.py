"""Schemas that a tenant defines for its users, beside those of the RFC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, TooMany
from bridge.journal.record import Cause, Subject, record
from bridge.scim.attributes import ResourceSchema, Schema, schema_document
from bridge.scim.extension_document import (
    DEFAULT_EXTENSION_LIMITS,
    ExtensionLimits,
    check_successor,
    parse_extension,
)
from bridge.scim.messages import RESOURCE_TYPES
from bridge.scim.schemas import USER_RESOURCE
from bridge.tenants.tables import ExtensionSchema, Tenant

#: What users may hold by tenant and version; what belongs to a version never changes. The oldest makes room.
_kept: dict[tuple[str, int], ResourceSchema] = {}
_MOST_KEPT = 1024

#: A stored schema was within the limits when it was applied; they may have changed since.
_ANY = ExtensionLimits(2**31, 2**31, 2**31)


@dataclass(frozen=True, slots=True)
class AppliedSchema:
    """The version that holds the schema; ``applied`` is false where it said the same already."""

    id: str
    urn: str
    version: int
    applied: bool


def apply_extension(
    session: TenantSession,
    document: Mapping[str, Any],
    *,
    author: str,
    most: int,
    limits: ExtensionLimits = DEFAULT_EXTENSION_LIMITS,
    cause: Cause,
    now: datetime,
) -> AppliedSchema:
    """Define a schema for the tenant's users, or a later version of it; from now on requests may use it.

    Applying once more what holds changes nothing. Raises ``InvalidValue`` for the document, ``TooMany`` for
    more than ``most`` schemas, ``Conflict`` for a URN that is taken, or for a change that would give what is
    stored another meaning.
    """
    schema = parse_extension(document, limits)
    stored = _document(schema)
    tenant = session.scalars(select(Tenant).with_for_update()).one()  # one version number at a time
    known = {row.urn.lower(): row for row in extension_schemas(session)}
    current = known.get(schema.id.lower())
    if current is not None and current.document == stored:
        return AppliedSchema(current.id, current.urn, current.version, applied=False)
    if current is not None:
        _check_version(current, schema)
    else:
        _check_new(schema, [row.urn for row in known.values()], most)
    version = (tenant.schema_version or 0) + 1
    subject = Subject("schema", new_id(now))
    details = {"version": version, "attributes": len(schema.attributes)}
    cause_id = record(session, "tenants:schema:apply", subject, cause=cause, at=now, details=details)
    tenant.schema_version = version
    session.add(
        ExtensionSchema(
            id=subject.id,
            version=version,
            urn=schema.id,
            document=stored,
            author=author,
            created_at=now,
            cause_id=cause_id,
        )
    )
    session.flush()
    return AppliedSchema(subject.id, schema.id, version, applied=True)


def extension_schemas(session: TenantSession) -> Sequence[ExtensionSchema]:
    """Return the newest version of each schema, in the order in which they were first defined."""
    return _newest(session.scalars(select(ExtensionSchema).order_by(ExtensionSchema.version)).all())


def user_schema(session: TenantSession) -> ResourceSchema:
    """Return what a user of the tenant may hold."""
    return user_schema_at(session, session.scalar(select(Tenant.schema_version)))


def user_schema_at(session: TenantSession, version: int | None) -> ResourceSchema:
    """Return what a user may hold by the tenant's ``schema_version``.

    It is one object for each version, so that what is compiled from it is found again.
    """
    if version is None:
        return USER_RESOURCE
    key = session.tenant_id, version
    found = _kept.get(key)
    if found is None:
        rows = select(ExtensionSchema).where(ExtensionSchema.version <= version)
        newest = _newest(session.scalars(rows.order_by(ExtensionSchema.version)).all())
        own = (parse_extension(row.document, _ANY) for row in newest)
        whole = ResourceSchema(USER_RESOURCE.core, (*USER_RESOURCE.extensions, *own))
        found = _kept.setdefault(key, whole)
    while len(_kept) > _MOST_KEPT:
        _kept.pop(next(iter(_kept)), None)
    return found


def _newest(rows: Sequence[ExtensionSchema]) -> Sequence[ExtensionSchema]:
    return list({row.urn: row for row in rows}.values())


def _document(schema: Schema) -> dict[str, Any]:
    return {name: part for name, part in schema_document(schema).items() if name not in ("schemas", "meta")}


def _check_version(current: ExtensionSchema, schema: Schema) -> None:
    if current.urn != schema.id:
        raise Conflict(f"the schema {current.urn} is spelled {schema.id} here: spell it as before")
    check_successor(parse_extension(current.document, _ANY), schema)


def _check_new(schema: Schema, urns: Sequence[str], most: int) -> None:
    if len(urns) >= most:
        raise TooMany(f"the tenant has {len(urns)} schemas, at most {most} are allowed: extend one of them")
    standard = [
        each.id
        for kind in RESOURCE_TYPES
        for each in (kind.resource_schema.core, *kind.resource_schema.extensions)
    ]
    new = schema.id.lower()
    for urn in (*standard, *urns):
        old = urn.lower()
        # What follows a URN and a colon names an attribute, so no URN may begin like that.
        if new == old or new.startswith(f"{old}:") or old.startswith(f"{new}:"):
            raise Conflict(f"{schema.id} cannot be told from {urn} and its attributes: choose another URN")
