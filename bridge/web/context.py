"""What the routes share: the parts that the composition root put together."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from bridge.access.limits import RateLimits
from bridge.access.recent import RecentCallers
from bridge.database.sessions import Database
from bridge.directory.places import Places
from bridge.provisioning.request_log import RequestLog
from bridge.tenants.secrets import Seal
from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Bridge:
    """The parts of a running bridge that routes call."""

    settings: Settings
    database: Database
    seal: Seal
    request_log: RequestLog
    rate_limits: RateLimits
    places: Places
    recent_callers: RecentCallers


def bridge() -> Bridge:
    """Return the parts of the application that answers the present request."""
    return cast("Bridge", current_app.extensions["bridge"])
