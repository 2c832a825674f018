"""Routes on seats."""

from typing import Any

from bridge.seats.browse import seats_page
from bridge.seats.holders import seats_at
from bridge.seats.tables import Seat
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.parameters import instant, text
from bridge.web.api.schemas import component, page

AT = instant("at", "The instant that is asked about; default: now")


@operation(
    "GET", "/seats", "List the seats held at an instant; a cursor continues at its own instant",
    scope="read", answer=page("Seat"),
    query=(AT, text("plan", "Only seats of this plan; none shows roles without a seat"), CURSOR, LIMIT),
)  # fmt: skip
def show_seats(call: Call) -> dict[str, Any]:
    at, after = call.query["cursor"] or (call.query["at"] or call.now, None)
    with call.database.read(call.tenant_id) as session:
        rows = seats_page(session, at, plan=call.query["plan"], after_person_id=after, limit=call.limit + 1)
    return page_of(rows, call.limit, shown=_seat, place=lambda row: (at, row.person_id))


@operation(
    "GET", "/seats/counts", "Count the seats of each plan at an instant",
    scope="read", answer=component("SeatCounts"), query=(AT,),
)  # fmt: skip
def show_seat_counts(call: Call) -> dict[str, Any]:
    at = call.query["at"] or call.now
    with call.database.read(call.tenant_id) as session:
        return {"at": at, "plans": seats_at(session, at)}


def _seat(row: Seat) -> dict[str, Any]:
    return {
        "person_id": row.person_id,
        "plan": row.plan,
        "roles": row.roles,
        "start": row.start,
        "end": row.end,
        "department": row.department,
        "cost_centre": row.cost_centre,
        "rule_set_id": row.rule_set_id,
        "rule": row.rule,
        "group_ids": row.group_ids,
        "held": row.storm_id is not None,
        "storm_id": row.storm_id,
        "waits_for": row.waits_for,
    }
