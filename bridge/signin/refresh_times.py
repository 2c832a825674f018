"""When a session is asked for again at its provider."""

from datetime import timedelta

from config.settings import Settings

#: Past this many doublings a pause is the longest one in any case.
DOUBLINGS = 20


def until_refresh(expires_in: int | None, chosen: Settings) -> timedelta:
    """Return how long to wait after an answer whose access token lives so many seconds, if it says."""
    longest, least = _longest(chosen), timedelta(seconds=chosen.session_refresh_least_seconds)
    if expires_in is None:
        return longest
    return max(least, timedelta(seconds=min(expires_in, longest // timedelta(seconds=1))))


def until_retry(failures: int, chosen: Settings) -> timedelta:
    """Return how long to wait after a failure that so many in a row went before."""
    seconds = chosen.session_refresh_retry_seconds << min(failures, DOUBLINGS)
    return min(timedelta(seconds=seconds), _longest(chosen))


def _longest(chosen: Settings) -> timedelta:
    return timedelta(minutes=chosen.session_refresh_minutes)
