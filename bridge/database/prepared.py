"""Statements of hot paths: built once, tenant included, so that a request only fills in values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ClauseElement, Delete, Select, Table, Update, bindparam
from sqlalchemy.sql.visitors import iterate

#: The parameter that every prepared statement takes from the session that runs it.
TENANT = "the_tenant"


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A statement on tables' own columns (``table_of(Person).c``), for ``TenantSession.run``.

    An ORM statement is built, cloned and compared with each call, which costs several times what SQLite needs
    to answer it. Here all of that happens at import.
    """

    statement: Select[Any] | Update | Delete
    tables: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", frozenset(_tables(self.statement)))


@dataclass(frozen=True, slots=True)
class Ask:
    """A prepared statement with its values; one that is the ``last`` ends its transaction."""

    prepared: Prepared
    values: Mapping[str, object]
    last: bool = False


def prepared(statement: Select[Any] | Update | Delete) -> Prepared:
    """Return the statement bound to one tenant in each of its tables; all its joins must be inner ones."""
    for table in _tables(statement).values():
        statement = statement.where(table.c.tenant_id == bindparam(TENANT))
    return Prepared(statement)


def _tables(statement: ClauseElement) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for part in iterate(statement):
        table = part if isinstance(part, Table) else getattr(part, "table", None)
        if isinstance(table, Table):
            found[table.name] = table
    return found
