"""Routes on the journal."""

from dataclasses import asdict
from typing import Any

from bridge.journal.read import Placed, entries, latest
from bridge.journal.verify import verify
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.parameters import text, whole
from bridge.web.api.schemas import component, page, whole_list


@operation(
    "GET", "/journal", "List what happened, the latest first, sealed or not",
    scope="journal:read", answer=page("JournalEntry"),
    query=(
        text("subject_id", "Only entries about this person, group, invoice, …"),
        text("request_id", "Only entries that this request caused"),
        CURSOR, LIMIT,
    ),
)  # fmt: skip
def show_journal(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = latest(
            session,
            before=call.query["cursor"],
            limit=call.limit + 1,
            subject_id=call.query["subject_id"],
            request_id=call.query["request_id"],
        )
    return page_of(rows, call.limit, shown=_entry, place=lambda row: (row.entry.at, row.entry.id))


@operation(
    "GET", "/journal/sealed", "Read sealed entries in the chain's order: reading on by position misses none",
    scope="journal:read", answer=whole_list("JournalEntry"),
    query=(whole("after", "The position of the last entry read", default=0), LIMIT),
)  # fmt: skip
def show_sealed_journal(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        rows = entries(session, after_position=call.query["after"], limit=call.limit)
    return {"items": [_entry(row) for row in rows]}


@operation(
    "GET", "/journal/verification", "Recompute the journal's chain from its first entry",
    scope="journal:read", answer=component("Verification"),
)  # fmt: skip
def verify_journal(call: Call) -> dict[str, Any]:
    return asdict(verify(call.database, call.tenant_id))


def _entry(row: Placed) -> dict[str, Any]:
    entry = row.entry
    return {
        "id": entry.id,
        "at": entry.at,
        "action": entry.action,
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "request_id": entry.request_id,
        "subject_kind": entry.subject_kind,
        "subject_id": entry.subject_id,
        "details": entry.details,
        "position": row.position,
        "hash": row.hash,
    }
