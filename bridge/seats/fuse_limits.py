"""What a tenant's fuse lets pass."""

from datetime import datetime

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.errors import InvalidValue
from bridge.journal.record import Cause, Subject, record
from bridge.seats.storm_windows import FuseLimits
from bridge.seats.tables import Fuse
from bridge.tenants.read import find_tenant
from config.settings import settings

#: The least and the most that may be chosen of each limit.
RANGES = {"people": (0, 1_000_000), "percent": (0, 100), "group_people": (1, 1_000_000)}


def fuse_limits(session: TenantSession) -> FuseLimits:
    """Return the tenant's own limits, or those of the settings."""
    own = session.scalar(select(Fuse))
    if own is not None:
        return FuseLimits(own.people, own.percent, own.group_people)
    default = settings()
    return FuseLimits(default.fuse_people, default.fuse_percent, default.fuse_group_people)


def set_fuse(
    session: TenantSession,
    *,
    people: int | None = None,
    percent: int | None = None,
    group_people: int | None = None,
    cause: Cause,
    now: datetime,
) -> FuseLimits:
    """Choose limits for the tenant from now on; what is not named stays. What was decided stays decided.

    Raises ``InvalidValue`` with a pointer for a limit out of its range, ``NotFound`` without the tenant.
    """
    find_tenant(session)
    before = fuse_limits(session)
    after = FuseLimits(
        before.people if people is None else people,
        before.percent if percent is None else percent,
        before.group_people if group_people is None else group_people,
    )
    values = {name: getattr(after, name) for name in RANGES}
    for name, (least, most) in RANGES.items():
        if not least <= values[name] <= most:
            raise InvalidValue(f"found {values[name]}, allowed {least} to {most}", pointer=f"/{name}")
    subject = Subject("tenant", session.tenant_id)
    entry = record(session, "seat:fuse:set", subject, cause=cause, at=now, details=values)
    row = Fuse(tenant_id=session.tenant_id, **values, changed_at=now, cause_id=entry)
    session.merge(row)
    session.flush()
    return after
