"""When a credential ends, told ahead of time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.tenants.tables import Credential

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Expiry:
    """Whole days that are left, 0 on the last one; None when it does not expire or has ended."""

    days: int | None
    soon: bool


def expiry_of(row: Credential, *, warning_days: int, now: datetime) -> Expiry:
    """Return how long a credential lives, and whether to replace it now."""
    if row.expires_at is None or row.expires_at <= now or row.revoked_at is not None:
        return Expiry(None, soon=False)
    left = row.expires_at - now
    return Expiry(left // DAY, soon=left <= warning_days * DAY)
