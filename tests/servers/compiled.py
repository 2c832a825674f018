"""Statements that SQLAlchemy compiled for one test, kept for the next.

Each test has an engine of its own, and an engine compiles each statement anew: that took two fifths of the
time of most tests. What is compiled depends on the kind of database alone, so here all dialects of a kind
are equal.
"""

from sqlalchemy import event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.util import LRUCache

MOST = 20_000
KEPT = LRUCache(MOST)


def share() -> None:
    """Let all engines of this process have one cache."""
    for kind in (PGDialect_psycopg, SQLiteDialect_pysqlite):
        kind.__eq__ = lambda one, other: type(one) is type(other)
        kind.__hash__ = lambda one: hash(type(one))
    event.listen(Engine, "engine_connect", _use)


def _use(connection: Connection) -> None:
    connection.engine._compiled_cache = KEPT
