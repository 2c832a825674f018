"""Routes on what the comparison with Stripe found."""

from typing import Any

from bridge.delivery.browse_differences import KINDS, SUBJECTS, differences_page
from bridge.delivery.tables import StripeDifference
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.parameters import choice
from bridge.web.api.schemas import INSTANT, TEXT, listed, maybe, record

DIFFERENCE = record(
    {
        "id": TEXT,
        "kind": {"enum": list(KINDS)},
        "subject": {"enum": list(SUBJECTS)},
        **dict.fromkeys(("reference", "ours", "theirs"), TEXT),
        "found_at": INSTANT,
    }
)


@operation(
    "GET", "/stripe/differences", "List where Stripe says something else, as the last comparison found it",
    scope="read", answer=record({"items": listed(DIFFERENCE), "next_cursor": maybe(TEXT)}),
    query=(
        choice("kind", "Only those of this kind", KINDS),
        choice("subject", "Only those about this", SUBJECTS),
        CURSOR,
        LIMIT,
    ),
)  # fmt: skip
def show_differences(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = differences_page(
            session,
            after=call.query["cursor"],
            kind=call.query["kind"],
            subject=call.query["subject"],
            limit=call.limit + 1,
        )
    return page_of(rows, call.limit, shown=_shown, place=lambda row: (row.found_at, row.id))


def _shown(row: StripeDifference) -> dict[str, Any]:
    names = ("id", "kind", "subject", "reference", "ours", "theirs", "found_at")
    return {name: getattr(row, name) for name in names}
