"""Routes on storms, the fuse that makes them, alerts."""

from typing import Any

from bridge.alerts.browse import alerts_page
from bridge.alerts.ring import REMEDY
from bridge.alerts.tables import Alert
from bridge.seats.browse_storms import count_people, storm_people_page, storms_page
from bridge.seats.confirm_storm import confirm_storm
from bridge.seats.find_storm import find_storm
from bridge.seats.fuse_limits import RANGES, fuse_limits, set_fuse
from bridge.seats.storm_windows import FuseLimits
from bridge.seats.tables import Storm, StormPerson
from bridge.seats.undo_storm import undo_storm
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.parameters import choice, truth
from bridge.web.api.schemas import INSTANT, TEXT, TRUTH, WHOLE, Schema, listed, maybe, record

STATUSES = ("open", "confirmed", "undone")

STORM = record(
    {
        **dict.fromkeys(("id", "connection_id", "status", "opened_by"), TEXT),
        **dict.fromkeys(("first_at", "last_at", "opened_at"), INSTANT),
        "people": WHOLE,
        "decided_at": maybe(INSTANT),
        "decided_by": maybe(TEXT),
    }
)
UNDONE = {
    **dict.fromkeys(("people", "groups", "memberships", "left_people", "left_memberships"), WHOLE),
    "undone": TRUTH,
}
FUSE = record(dict.fromkeys(RANGES, WHOLE))
ALERT = record(
    {
        **dict.fromkeys(("id", "kind", "cause", "what_to_do"), TEXT),
        "detail": maybe(TEXT),
        "opened_at": INSTANT,
        "closed_at": maybe(INSTANT),
    }
)


def _page(items: Schema) -> Schema:
    return record({"items": listed(items), "next_cursor": maybe(TEXT)})


@operation(
    "GET", "/storms", "List the storms, the latest first: releases of many seats at once that wait",
    scope="read", answer=_page(STORM),
    query=(choice("status", "Only those of this status", STATUSES), CURSOR, LIMIT),
)  # fmt: skip
def show_storms(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = storms_page(
            session, before=call.query["cursor"], status=call.query["status"], limit=call.limit + 1
        )
        people = count_people(session, [row.id for row in rows])
    return page_of(
        rows,
        call.limit,
        shown=lambda row: shown_storm(row, people),
        place=lambda row: (row.opened_at, row.id),
    )


@operation("GET", "/storms/{storm_id}", "Show a storm", scope="read", answer=STORM)
def show_storm(call: Call, storm_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return shown_storm(find_storm(session, storm_id), count_people(session, [storm_id]))


@operation(
    "GET", "/storms/{storm_id}/people", "List who lost something in a storm, and when",
    scope="read", answer=_page(record({"person_id": TEXT, "at": INSTANT})), query=(CURSOR, LIMIT),
)  # fmt: skip
def show_storm_people(call: Call, storm_id: str) -> dict[str, Any]:
    place = call.query["cursor"]
    after = None if place is None else (place[1], place[0])
    with call.database.read(call.tenant_id) as session:
        find_storm(session, storm_id)
        rows = storm_people_page(session, storm_id, after=after, limit=call.limit + 1)
    return page_of(rows, call.limit, shown=_person, place=lambda row: (row.at, row.person_id))


@operation(
    "POST", "/storms/{storm_id}/confirm", "Let the seats of a storm end when its facts say; twice is once",
    scope="storms:write", answer=record({"confirmed": TRUTH}),
)  # fmt: skip
def confirm_one_storm(call: Call, storm_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        return {"confirmed": confirm_storm(session, storm_id, cause=call.cause, now=call.now)}


@operation(
    "POST", "/storms/{storm_id}/undo", "Bring back the people of a storm, and deleted groups; twice is once",
    scope="storms:write", answer=record(UNDONE),
)  # fmt: skip
def undo_one_storm(call: Call, storm_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        undone = undo_storm(session, storm_id, cause=call.cause, now=call.now)
    counted = {name: getattr(undone, name, 0) for name in UNDONE if name != "undone"}
    return {**counted, "undone": undone is not None}


@operation("GET", "/fuse", "Show what a connection may take at once", scope="read", answer=FUSE)
def show_fuse(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return shown_fuse(fuse_limits(session))


@operation(
    "PATCH", "/fuse", "Choose what a connection may take at once; what is left out stays",
    scope="storms:write", answer=FUSE,
    body=record(
        {}, {name: {"type": "integer", "minimum": least, "maximum": most}
             for name, (least, most) in RANGES.items()},
    ),
)  # fmt: skip
def change_fuse(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        return shown_fuse(set_fuse(session, **call.body, cause=call.cause, now=call.now))


@operation(
    "GET", "/alerts", "List alerts, the latest first; each says what to do",
    scope="read", answer=_page(ALERT),
    query=(truth("open", "Only those that are not dealt with"), CURSOR, LIMIT),
)  # fmt: skip
def show_alerts(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = alerts_page(
            session, before=call.query["cursor"], only_open=bool(call.query["open"]), limit=call.limit + 1
        )
    return page_of(rows, call.limit, shown=shown_alert, place=lambda row: (row.opened_at, row.id))


def shown_storm(row: Storm, people: dict[str, int]) -> dict[str, Any]:
    """Return a storm for JSON."""
    return {
        "id": row.id,
        "connection_id": row.connection_id,
        "status": row.status,
        "people": people.get(row.id, 0),
        "first_at": row.first_at,
        "last_at": row.last_at,
        "opened_at": row.opened_at,
        "opened_by": row.opened_by,
        "decided_at": row.decided_at,
        "decided_by": row.decided_by,
    }


def shown_fuse(limits: FuseLimits) -> dict[str, int]:
    """Return limits for JSON."""
    return {name: getattr(limits, name) for name in RANGES}


def shown_alert(row: Alert) -> dict[str, Any]:
    """Return an alert for JSON."""
    return {
        "id": row.id,
        "kind": row.kind,
        "cause": row.cause_id,
        "what_to_do": REMEDY[row.kind],
        "detail": row.detail,
        "opened_at": row.opened_at,
        "closed_at": row.closed_at,
    }


def _person(row: StormPerson) -> dict[str, Any]:
    return {"person_id": row.person_id, "at": row.at}
