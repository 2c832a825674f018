"""The only reader of the wall clock."""

from datetime import UTC, datetime

from bridge.errors import Misconfigured
from config.settings import settings


def now() -> datetime:
    """Return the present instant in UTC, or the one in ``BRIDGE_CLOCK_FILE`` where the clock is driven.

    Raises ``Misconfigured`` when the file holds no instant with an offset.
    """
    path = settings().clock_file
    if path is None:
        return datetime.now(UTC)
    try:
        instant = datetime.fromisoformat(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"BRIDGE_CLOCK_FILE {path} holds no instant such as 2026-09-01T07:00:00Z"
        ) from error
    if instant.tzinfo is None:
        raise Misconfigured(f"BRIDGE_CLOCK_FILE {path} holds a local time; add an offset such as Z")
    return instant.astimezone(UTC)
