"""Instants as whole microseconds since 1970, counted by the database.

Whoever needs numbers is spared a datetime of each row, which costs more than the row.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Microseconds(FunctionElement[int]):
    type = BigInteger()
    inherit_cache = True


def microseconds_of(instant: ColumnElement[Any]) -> ColumnElement[int]:
    """Return an instant as the microseconds that the database counts, exactly; NULL stays NULL."""
    return _Microseconds(instant)


@compiles(_Microseconds)
def _of_text(element: _Microseconds, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (as compilers pass them on)
    """Read SQLite's text, whose last six digits are the microseconds (see ``columns.Instant``)."""
    [text] = (compiler.process(each, **options) for each in element.clauses)
    whole = f"CAST(strftime('%s', substr({text}, 1, 19)) AS INTEGER)"  # it would round what is left
    return f"({whole} * 1000000 + CAST(substr({text}, -6) AS INTEGER))"


@compiles(_Microseconds, "postgresql")
def _of_instant(element: _Microseconds, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (as above)
    [instant] = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(extract(epoch FROM {instant}) * 1000000 AS BIGINT)"
