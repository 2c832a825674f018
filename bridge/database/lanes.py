"""Connections that stay with a thread from one of its transactions to the next."""

import threading
import time
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import Pool, QueuePool

#: A connection that rested no longer than this is taken to live; the pool asks one that rested longer.
TRUSTED_SECONDS = 1.0

#: The key of a connection's ``info`` under which it keeps since when it rests, of the monotonic clock.
RESTING_SINCE = "resting_since"


class Lanes:
    """Connections of PostgreSQL that are kept at hand, a thread's own.

    To take one out of the pool and to put it back costs as much as the rest of a look-up by key. ``most`` of
    them rest here, as many as the pool keeps: it may open as many again for those who come without one.
    """

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._resting: dict[int, tuple[Connection, float]] = {}

    def take(self, engine: Engine) -> Connection:
        """Return this thread's connection, or one of the pool."""
        resting = self._resting.pop(threading.get_ident(), None)
        if resting is None:
            return engine.connect()
        connection, since = resting
        if time.monotonic() - since < TRUSTED_SECONDS:
            return connection
        known = connection.info
        connection.close()
        known[RESTING_SINCE] = since
        return engine.connect()

    def give(self, connection: Connection) -> None:
        """Keep a connection on which no transaction is open for this thread, or put it back into the pool."""
        thread = threading.get_ident()
        if connection.invalidated or thread in self._resting or len(self._resting) >= self._most:
            connection.close()
        else:
            self._resting[thread] = connection, time.monotonic()

    def forget(self) -> None:
        """Leave all that rest to the parent process from which this one was forked."""
        self._resting.clear()

    def end(self, _engine: Engine | None = None) -> None:
        """Close all that rest, and keep none any more: as soon as the engine is disposed of."""
        self._most = 0
        while self._resting:
            _, (connection, _) = self._resting.popitem()
            connection.invalidate()
            connection.close()


_KNOWN: WeakKeyDictionary[Pool, Lanes] = WeakKeyDictionary()


def lanes_of(engine: Engine) -> Lanes | None:
    """Return the lanes of an engine's pool, one for all who work on it; None where it is not PostgreSQL's."""
    pool = engine.pool
    if engine.dialect.name != "postgresql" or not isinstance(pool, QueuePool):
        return None
    if pool not in _KNOWN:
        _KNOWN[pool] = Lanes(most=pool.size())
        event.listen(engine, "engine_disposed", _KNOWN[pool].end)
    return _KNOWN[pool]
