"""The instant of a new fact about a resource."""

from datetime import datetime, timedelta

STEP = timedelta(microseconds=1)


def fact_instant(now: datetime, *before: datetime | None) -> datetime:
    """Return ``now``, or the instant right after the last of those before, should that be later.

    Requests are ordered by their arrival under the resource's row lock, whatever the clocks of several
    machines say; no fact starts before the one it replaces has ended.
    """
    return max([now, *(instant + STEP for instant in before if instant is not None)])
