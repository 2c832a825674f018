"""Routes on limits of seats, with the people who wait for one."""

from typing import Any

from bridge.errors import InvalidValue
from bridge.oversight.limit_seats import limit_seats
from bridge.oversight.preview_change import preview_limit
from bridge.seats.admission import SeatLimit
from bridge.seats.browse_lines import Line, Place, lines_at, queue_at
from bridge.seats.seat_limits import ACCESS, LimitBounds, WantedLimit
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.parameters import instant, parse_instant, text
from bridge.web.api.previews import PREVIEW
from bridge.web.api.schemas import INSTANT, TEXT, TRUTH, WHOLE, Schema, listed, maybe, record
from bridge.web.context import bridge
from config.catalogue import plan_keys

AT = instant("at", "The instant that is asked about; default: now")

_LIMIT = {"seats": maybe(WHOLE), "access": TEXT, "effective_from": INSTANT, "until": maybe(INSTANT)}
LINE: Schema = record(
    {"plan": TEXT, "held": WHOLE, "waiting": WHOLE, "limit": {"anyOf": [record(_LIMIT), {"type": "null"}]}}
)
WANTED: Schema = record(
    {"plan": TEXT, "seats": {"type": ["integer", "null"], "minimum": 0}},
    {
        "access": {"type": "string", "enum": list(ACCESS)},
        "effective_from": {"type": ["string", "null"], "format": "date-time"},
    },
)


@operation(
    "GET", "/seat-limits", "List the plans whose seats are limited: how many are held, how many people wait",
    scope="read", answer=record({"at": INSTANT, "items": listed(LINE)}), query=(AT,),
)  # fmt: skip
def show_seat_limits(call: Call) -> dict[str, Any]:
    at = call.query["at"] or call.now
    with call.database.read(call.tenant_id) as session:
        return {"at": at, "items": [_line(each) for each in lines_at(session, at)]}


@operation(
    "GET", "/seat-limits/queue", "List who waits for a seat of a plan, the next first",
    scope="read", query=(text("plan", "The plan that is waited for"), AT, CURSOR, LIMIT),
    answer=record(
        {"items": listed(record({"number": WHOLE, "person_id": TEXT, "since": INSTANT})),
         "next_cursor": maybe(TEXT)}
    ),
)  # fmt: skip
def show_seat_queue(call: Call) -> dict[str, Any]:
    plan: str | None = call.query["plan"]
    if plan is None:
        raise InvalidValue("name the plan that is waited for", pointer="/plan")
    at, last = call.query["cursor"] or (call.query["at"] or call.now, "0")
    after = int(last) if last.isdecimal() else 0
    with call.database.read(call.tenant_id) as session:
        rows = queue_at(session, plan, at)[after : after + call.limit + 1]
    return page_of(rows, call.limit, shown=_place, place=lambda row: (at, str(row.number)))


@operation(
    "POST", "/seat-limits", "Limit the seats of a plan, or lift its limit with null; who has a seat keeps it",
    scope="rules:write", body=WANTED, answer=record({"plan": TEXT, **_LIMIT, "applied": TRUTH}),
)  # fmt: skip
def set_seat_limit(call: Call) -> dict[str, Any]:
    wanted, bounds = _wanted(call), _bounds()
    with call.database.write(call.tenant_id) as session:
        made = limit_seats(
            session, wanted, known_plans=plan_keys(), bounds=bounds, cause=call.cause, now=call.now
        )
    return {"plan": wanted.plan, **_limit(made.limit), "applied": made.applied}


@operation(
    "POST", "/seat-limits/preview", "Tell what a limit would do to people and money; nothing changes",
    scope="rules:write", body=WANTED, answer=PREVIEW,
)  # fmt: skip
def preview_seat_limit(call: Call) -> dict[str, Any]:
    return preview_limit(
        call.database, call.tenant_id, _wanted(call), known_plans=plan_keys(), bounds=_bounds(), now=call.now
    )


def _wanted(call: Call) -> WantedLimit:
    since = call.body.get("effective_from")
    return WantedLimit(
        plan=call.body["plan"],
        seats=None if call.body["seats"] is None else int(call.body["seats"]),
        access=call.body.get("access"),
        start=None if since is None else parse_instant(since, pointer="/effective_from"),
    )


def _bounds() -> LimitBounds:
    settings = bridge().settings
    return LimitBounds(settings.seat_limit_most, settings.seat_limit_changes)


def _line(line: Line) -> dict[str, Any]:
    limit = None if line.limit is None else _limit(line.limit)
    return {"plan": line.plan, "held": line.held, "waiting": line.waiting, "limit": limit}


def _limit(limit: SeatLimit) -> dict[str, Any]:
    return {
        "seats": limit.seats,
        "access": limit.access,
        "effective_from": limit.start,
        "until": limit.end,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"number": place.number, "person_id": place.person_id, "since": place.since}
