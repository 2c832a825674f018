"""The Redis that is the broker, for those who would rather go on without it than wait."""

from typing import TYPE_CHECKING

from config.settings import Settings

if TYPE_CHECKING:
    from redis import Redis


def open_redis(chosen: Settings) -> "Redis | None":
    """Return a client that tries once, for ``nudge_milliseconds``; None where the broker is no Redis.

    Nothing is connected yet.
    """
    if not chosen.broker.startswith(("redis://", "rediss://")):
        return None
    from redis import Redis  # noqa: PLC0415 (the commands that need none start quickly)
    from redis.backoff import NoBackoff  # noqa: PLC0415 (as above)
    from redis.retry import Retry  # noqa: PLC0415 (as above)

    seconds = chosen.nudge_milliseconds / 1000
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(chosen.broker, socket_timeout=seconds, socket_connect_timeout=seconds, retry=once)
