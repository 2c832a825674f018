"""Looking tenants up."""

from collections.abc import Sequence

from sqlalchemy import select

from bridge.database.sessions import Database, TenantSession
from bridge.errors import NotFound
from bridge.tenants.tables import DueTenant, Tenant


def tenant_ids(database: Database) -> Sequence[str]:
    """Return the ids of all tenants, oldest first: each has one nightly row, read without a tenant."""
    nightly = select(DueTenant.tenant_id).where(DueTenant.cause == "nightly").order_by(DueTenant.tenant_id)
    with database.unscoped_read() as session:
        return session.scalars(nightly).all()


def find_tenant(session: TenantSession) -> Tenant:
    """Return the session's tenant. Raises ``NotFound``."""
    tenant = session.scalars(select(Tenant)).one_or_none()
    if tenant is None:
        raise NotFound(f"there is no tenant {session.tenant_id}")
    return tenant
