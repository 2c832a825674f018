"""Work on very many values without the cyclic garbage collector.

A large tenant's month is millions of small values, and the timelines of a batch of people are tens of
thousands, none of which refers back to another. Looking through all of them for cycles, again and again while
they are made, took as long as pricing them, and a fifth of the time in which seats are computed.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Pause:
    """How many are at such work; the collector rests while anybody is."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._at_work = 0

    def begin(self) -> None:
        with self._changing:
            self._at_work += 1
            gc.disable()

    def end(self) -> None:
        with self._changing:
            self._at_work -= 1
            if not self._at_work:
                gc.enable()


_pause = _Pause()


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the collector rest for the block, or for the call of a function that this decorates."""
    _pause.begin()
    try:
        yield
    finally:
        _pause.end()
