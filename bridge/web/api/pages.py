"""Pages of a long list, each continued by the cursor of the one before."""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from bridge.errors import InvalidValue
from bridge.web.api.parameters import TEXT_CHARACTERS, YEARS, Parameter, whole

Row = TypeVar("Row")
Place = tuple[datetime, str]


def page_of(
    rows: Sequence[Row], limit: int, *, shown: Callable[[Row], dict[str, Any]], place: Callable[[Row], Place]
) -> dict[str, Any]:
    """Return a page of ``limit`` rows; one more was asked for, which tells whether another page follows."""
    own = rows[:limit]
    return {
        "items": [shown(row) for row in own],
        "next_cursor": _cursor(*place(own[-1])) if len(rows) > limit else None,
    }


def numbered_page(
    rows: Iterator[Row], *, after: int, limit: int, shown: Callable[[Row], dict[str, Any]]
) -> dict[str, Any]:
    """Return the ``limit`` rows that follow the first ``after``, each with its position, counted from 1."""
    found = list(islice(rows, after, after + limit + 1))
    items = [{"position": position, **shown(row)} for position, row in enumerate(found[:limit], after + 1)]
    return {"items": items, "next_after": after + limit if len(found) > limit else None}


def _cursor(at: datetime, id_: str) -> str:
    written = f"{at.astimezone(UTC).isoformat()} {id_}"
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def _read_cursor(given: str) -> Place:
    refusal = InvalidValue("this is no cursor of ours: pass on next_cursor of the page before")
    try:
        padded = given + "=" * (-len(given) % 4)
        at, _, id_ = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition(" ")
        instant = datetime.fromisoformat(at)
    except (ValueError, binascii.Error) as error:
        raise refusal from error
    if instant.utcoffset() is None or instant.year not in YEARS or not id_.isprintable():
        raise refusal
    return instant, id_


CURSOR = Parameter(
    "cursor",
    "next_cursor of the page before; without it the first page is answered",
    {"type": "string", "maxLength": TEXT_CHARACTERS},
    _read_cursor,
)
LIMIT = whole("limit", "Most items in the page; the operator sets how many are allowed", least=1)
AFTER = whole("after", "next_after of the page before", default=0)
