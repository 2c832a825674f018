"""What the routes share: the parts that the composition root put together."""

from contextvars import ContextVar
from dataclasses import dataclass

from bridge.access.limits import RateLimits
from bridge.access.recent import RecentCallers
from bridge.database.sessions import Database
from bridge.directory.places import Places
from bridge.provisioning.request_log import RequestLog
from bridge.scim.reading import Limits
from bridge.tenants.secrets import Seal
from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Bridge:
    """The parts of a running bridge that routes call; ``limits`` are those of SCIM's resources."""

    settings: Settings
    database: Database
    seal: Seal
    request_log: RequestLog
    rate_limits: RateLimits
    places: Places
    recent_callers: RecentCallers
    limits: Limits


#: Asked a dozen times by each request, which is why no proxy of Flask's stands between.
_PRESENT: ContextVar[Bridge] = ContextVar("bridge")


def enter(parts: Bridge) -> None:
    """Have ``bridge`` return these parts until the next request of this thread begins."""
    _PRESENT.set(parts)


def bridge() -> Bridge:
    """Return the parts of the application that answers the present request."""
    return _PRESENT.get()
