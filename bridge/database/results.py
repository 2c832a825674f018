"""The rows that a statement was answered with."""

from collections.abc import Iterator
from typing import Any


class Rows:
    """All rows of an answer, read to the end; a row has its columns by position and by name.

    It stands in for SQLAlchemy's result, which for the one row of a look-up by key costs as much as the
    look-up.
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Return every row."""
        return self._rows

    def one(self) -> Any:  # noqa: ANN401 (a row of whichever statement)
        """Return the only row. Raises ``ValueError`` unless there is exactly one."""
        [row] = self._rows
        return row

    def one_or_none(self) -> Any:  # noqa: ANN401 (as above)
        """Return the only row, if there is any. Raises ``ValueError`` if there are several."""
        return self.one() if self._rows else None

    def scalar_one(self) -> Any:  # noqa: ANN401 (a column of whichever type)
        """Return the first column of the only row. Raises ``ValueError`` unless there is exactly one."""
        return self.one()[0]

    def scalars(self) -> list[Any]:
        """Return the first column of every row."""
        return [row[0] for row in self._rows]
