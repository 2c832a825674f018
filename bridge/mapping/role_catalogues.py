"""The roles that a tenant knows: the shipped ones, with its own above them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import defer

from bridge.database.sessions import TenantSession
from bridge.mapping.role_document import stored_roles
from bridge.mapping.tables import RoleCatalogue
from config.catalogue import Role, roles


def roles_of(session: TenantSession, *, at: datetime | None = None) -> Mapping[str, Role]:
    """Return the tenant's roles by key, as they were at an instant (default: as they are).

    A tenant's own role stands in the place of a shipped one with the same key.
    """
    newest = newest_catalogue(session, at=at)
    return roles() if newest is None else {**roles(), **stored_roles(newest.document)}


def newest_catalogue(session: TenantSession, *, at: datetime | None = None) -> RoleCatalogue | None:
    """Return the version that holds; None where the tenant has no roles of its own."""
    rows = select(RoleCatalogue).order_by(RoleCatalogue.version.desc()).limit(1)
    if at is not None:
        rows = rows.where(RoleCatalogue.created_at <= at)
    found: RoleCatalogue | None = session.scalar(rows)
    return found


def list_catalogues(session: TenantSession) -> Sequence[RoleCatalogue]:
    """Return every version, the newest first, without the documents."""
    rows = select(RoleCatalogue).options(defer(RoleCatalogue.document))
    return session.scalars(rows.order_by(RoleCatalogue.version.desc())).all()
