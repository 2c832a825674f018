"""Identifiers that sort by the instant of their making."""

import os
import threading
from datetime import UTC, datetime, timedelta

VERSION_7 = 0x7
VARIANT = 0b10
RANDOM_BYTES = 10
BYTES_AT_ONCE = 4096

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class _Randomness:
    """Bytes of the operating system's generator, drawn many at once: a system call for each id is slow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes, self._used = b"", 0

    def take(self) -> int:
        """Return 80 random bits that nobody else gets."""
        with self._lock:
            if self._used + RANDOM_BYTES > len(self._bytes):
                self._bytes, self._used = os.urandom(BYTES_AT_ONCE), 0
            taken = self._bytes[self._used : self._used + RANDOM_BYTES]
            self._used += RANDOM_BYTES
        return int.from_bytes(taken)


_randomness = _Randomness()


def _draw_anew() -> None:
    """Let a forked child draw its own bytes, not its parent's."""
    global _randomness  # noqa: PLW0603 (a lock that was held at the fork must go as well)
    _randomness = _Randomness()


os.register_at_fork(after_in_child=_draw_anew)


def new_id(now: datetime) -> str:
    """Return a UUID of version 7 (RFC 9562 section 5.7): milliseconds of ``now``, then 74 random bits."""
    milliseconds, drawn = (now - _EPOCH) // _MILLISECOND, _randomness.take()
    first, last = drawn >> 68, drawn & (1 << 62) - 1
    text = f"{milliseconds << 80 | VERSION_7 << 76 | first << 64 | VARIANT << 62 | last:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
