"""Routes on what people used and when they signed in."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bridge.billing.runs import closed_until
from bridge.directory.browse import find_person
from bridge.errors import InvalidSyntax, TooMany
from bridge.usage.apply_meters import apply_meters, read_meters
from bridge.usage.browse import latest_of
from bridge.usage.events import Taken
from bridge.usage.tables import SignIn
from bridge.usage.take_sign_ins import take_sign_ins
from bridge.usage.take_usage import take_usage
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import AFTER, LIMIT, numbered_page
from bridge.web.api.usage_schemas import APPLIED_METERS, CLOUD_EVENTS, METERS, SIGN_IN_PAGE, SIGN_INS, TAKEN
from bridge.web.bodies import json_body, json_object
from bridge.web.context import bridge


@operation("GET", "/meters", "List what is counted", scope="read", answer=METERS)
def show_meters(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return {"meters": [meter.document() for meter in read_meters(session).values()]}


@operation(
    "POST", "/meters", "Make or change the meters of a document; others stay",
    scope="billing:write", body=METERS, answer=APPLIED_METERS,
)  # fmt: skip
def change_meters(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        changed = apply_meters(
            session, call.body, most=bridge().settings.meters, cause=call.cause, now=call.now
        )
    return {"changed": list(changed)}


@operation(
    "POST", "/usage/events", "Take in a batch of consumption; bad events are told one by one",
    scope="usage:write", body=CLOUD_EVENTS, answer=TAKEN, raw=True,
)  # fmt: skip
def send_usage(call: Call) -> dict[str, Any]:
    take = partial(take_usage, seal=bridge().seal)
    return _taken(call, take, json_body(), "", bridge().settings.usage_events)


@operation(
    "POST", "/sign-ins", "Take in a batch of sign-ins; bad ones are told one by one",
    scope="usage:write", body=SIGN_INS, answer=TAKEN, raw=True,
)  # fmt: skip
def send_sign_ins(call: Call) -> dict[str, Any]:
    batch = json_object().get("sign_ins")
    return _taken(call, take_sign_ins, batch, "/sign_ins", bridge().settings.sign_ins)


@operation(
    "GET", "/people/{person_id}/sign-ins", "List when somebody signed in, and how, the latest first",
    scope="read", query=(AFTER, LIMIT), answer=SIGN_IN_PAGE,
)  # fmt: skip
def show_sign_ins(call: Call, person_id: str) -> dict[str, Any]:
    after: int = call.query["after"]
    with call.database.read(call.tenant_id) as session:
        rows = latest_of(session, find_person(session, person_id).id, most=after + call.limit + 1)
    return numbered_page(iter(rows), after=after, limit=call.limit, shown=_shown)


def _shown(row: SignIn) -> dict[str, Any]:
    own = {"connection": row.connection_id, "id": row.id, "person": row.person_id, "at": row.at}
    return {**own, "amr": row.amr, "acr": row.acr, "auth_time": row.auth_time}


def _taken(call: Call, take: Callable[..., Taken], batch: object, pointer: str, most: int) -> dict[str, Any]:
    rows = checked_batch(batch, pointer, most)
    with call.database.write(call.tenant_id) as session:
        taken = take(
            session,
            rows,
            closed_until=closed_until,
            late_days=bridge().settings.late_days,
            cause=call.cause,
            now=call.now,
        )
    return taken.document()


def checked_batch(batch: object, pointer: str, most: int) -> Sequence[object]:
    """Return a batch. Raises ``InvalidSyntax`` for what is no list, ``TooMany`` past the limit."""
    if not isinstance(batch, list):
        raise InvalidSyntax("send a JSON array of events", pointer=pointer)
    if len(batch) > most:
        raise TooMany(f"found {len(batch)} events, allowed at most {most} in one batch", pointer=pointer)
    return batch
