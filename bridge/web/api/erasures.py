"""Routes on the erasure of people."""

from typing import Any

from bridge.provisioning.erase_people import ask_erasure
from bridge.web.api.operations import Call, operation
from bridge.web.api.schemas import INSTANT, TEXT, maybe, record


@operation(
    "POST", "/people/{person_id}/erasure",
    "Have a person who is gone erased in the night after everything about them is settled; twice is once",
    scope="people:erase",
    answer=record({"person_id": TEXT, "asked_at": INSTANT, "settled_until": maybe(INSTANT)}),
)  # fmt: skip
def erase_person(call: Call, person_id: str) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        asked = ask_erasure(session, person_id, cause=call.cause, now=call.now)
    return {
        "person_id": asked.person_id, "asked_at": asked.asked_at, "settled_until": asked.settled_until,
    }  # fmt: skip
