"""Comparison with a list of texts that takes one parameter, however long the list is.

``IN`` has a parameter for each value: SQLAlchemy writes all of them into the statement, psycopg reads them,
and PostgreSQL parses and plans the statement for each length. With hundreds of ids that takes longer than to
find the rows.
"""

from collections.abc import Callable, Collection
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Dialect,
    Select,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import UserDefinedType


class Texts(UserDefinedType[list[str]]):
    """A list of texts: an array on PostgreSQL, a JSON document on SQLite; either is sent as text."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_options: object) -> str:
        """Return the name by which PostgreSQL is told the parameter's type."""
        return "TEXT[]"

    def bind_processor(self, dialect: Dialect) -> Callable[[list[str] | None], str]:
        """Return what writes the list: psycopg's own way of writing arrays takes ten times as long."""
        return _array if dialect.name == "postgresql" else _document


def _array(texts: list[str] | None) -> str:
    if not texts:
        return "{}"
    if any(special in "".join(texts) for special in '\\"'):
        texts = [each.replace("\\", "\\\\").replace('"', '\\"') for each in texts]
    return '{"' + '","'.join(texts) + '"}'


def _document(texts: list[str] | None) -> str:
    return orjson.dumps(texts or []).decode()


class _OneOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


def one_of(column: Any, values: Collection[str] | BindParameter[list[str]]) -> ColumnElement[bool]:  # noqa: ANN401 (a column of a row or of a table)
    """Tell whether a column's text is one of these, or of those that a prepared statement is given."""
    return _OneOf(column, _parameter(values))


def _parameter(values: Collection[str] | BindParameter[list[str]]) -> BindParameter[list[str]]:
    return values if isinstance(values, BindParameter) else bindparam(None, list(values), type_=Texts())


def texts(name: str) -> BindParameter[list[str]]:
    """Return the parameter of a prepared statement that takes a list of texts."""
    return bindparam(name, type_=Texts())


def looked_up(
    rows: Select[*tuple[Any, ...]],
    column: Any,  # noqa: ANN401 (as above)
    values: Collection[str] | BindParameter[list[str]],
    *,
    is_postgresql: bool,
) -> Select[*tuple[Any, ...]]:
    """Return these rows where the column is one of the values, on PostgreSQL looked up one value at a time.

    For a table that is filled and emptied again and again: what PostgreSQL thinks it holds is never true, and
    it would read all of the tenant's rows to find a few hundred of them. ``OFFSET 0`` leaves it no choice.
    """
    if not is_postgresql:
        return rows.where(one_of(column, values))
    asked = func.unnest(_parameter(values)).table_valued("value").render_derived()
    found = rows.where(column == asked.c.value).offset(0).lateral()
    return select(found).select_from(asked.join(found, true()))


@compiles(_OneOf)
def _in_json(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (as compilers pass them on)
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 (both are compiled expressions)


@compiles(_OneOf, "postgresql")
def _in_array(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (as above)
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({values})"
