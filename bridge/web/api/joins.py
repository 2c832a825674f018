"""Routes on joins: which accounts count as one person, what proposes them."""

from typing import Any

from bridge.directory.browse import find_person
from bridge.directory.confirm_proposals import confirm_proposals
from bridge.directory.end_joins import separate_account
from bridge.directory.facts import JoinFact
from bridge.directory.join_accounts import REASON_CHARACTERS, Wanted, join_accounts
from bridge.directory.join_attributes import choose_join_attribute, list_choices
from bridge.directory.proposals import Candidate, Proposal
from bridge.directory.read_joins import joins_of
from bridge.directory.read_proposals import read_proposals
from bridge.directory.tables import JoinAttribute
from bridge.web.api.operations import Call, operation
from bridge.web.api.parameters import instant
from bridge.web.api.schemas import INSTANT, TEXT, TEXTS, TRUTH, WHOLE, Schema, listed, maybe, record
from bridge.web.context import bridge

ID: Schema = {"type": "string", "minLength": 1, "maxLength": 64}
REASON: Schema = {"type": "string", "minLength": 1, "maxLength": REASON_CHARACTERS}
#: More connections than any tenant has, and more proposals than are ever listed, need not be read.
CONNECTIONS_MOST = 1000
CONFIRMED_MOST = 100_000

JOIN = record(
    {
        **dict.fromkeys(("account_id", "person_id", "made_by", "reason", "started_by"), TEXT),
        "start": INSTANT,
        "end": maybe(INSTANT),
        "ended_by": maybe(TEXT),
    }
)
JOINED = record({"joined": WHOLE})
_CANDIDATE = record({**dict.fromkeys(("id", "connection_id", "user_name"), TEXT), "active": TRUTH})
PROPOSALS = record(
    {
        "attribute": maybe(TEXT),
        "truncated": TRUTH,
        "items": listed(
            record(
                {
                    "value": TEXT,
                    "person": {"anyOf": [_CANDIDATE, {"type": "null"}]},
                    "accounts": listed(_CANDIDATE),
                    "problem": maybe(TEXT),
                }
            )
        ),
    }
)
_CHOICE = {"id": TEXT, "version": WHOLE, "attribute": maybe(TEXT)}


@operation(
    "GET", "/people/{person_id}/accounts", "List the joins at an instant that a person takes part in",
    scope="read", answer=record({"items": listed(JOIN)}),
    query=(instant("at", "The instant that is asked about; default: those that stand"),),
)  # fmt: skip
def show_accounts(call: Call, person_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        find_person(session, person_id)
        joins = joins_of(session, person_id, at=call.query["at"])
    return {"items": [_join(join) for join in joins]}


@operation(
    "POST", "/people/{person_id}/accounts", "Let an account count as a person from now on",
    scope="people:write", body=record({"account_id": ID, "reason": REASON}), answer=JOINED,
)  # fmt: skip
def join_account(call: Call, person_id: str) -> dict[str, Any]:
    wanted = Wanted(call.body["account_id"], person_id, "/account_id")
    with call.database.write(call.tenant_id) as session:
        joined = join_accounts(
            session,
            [wanted],
            reason=call.body["reason"],
            most=bridge().settings.joined_accounts,
            cause=call.cause,
            now=call.now,
        )
    return {"joined": joined}


@operation(
    "DELETE", "/people/{person_id}/accounts/{account_id}", "Let a joined account stand for itself again",
    scope="people:write", status=204,
)  # fmt: skip
def end_join(call: Call, person_id: str, account_id: str) -> None:
    with call.database.write(call.tenant_id) as session:
        separate_account(session, person_id, account_id, cause=call.cause, now=call.now)


@operation(
    "GET", "/join-attributes", "List the choices of what proposes joins, the newest first: it holds",
    scope="read",
    answer=record(
        {
            "items": listed(
                record({**_CHOICE, "connections": TEXTS, "author": TEXT, "created_at": INSTANT})
            )
        }
    ),
)  # fmt: skip
def show_join_attributes(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return {"items": [_choice(row) for row in list_choices(session)]}


@operation(
    "POST", "/join-attributes", "Choose what proposes joins from now on, between which connections",
    scope="people:write", status=201, answer=record({**_CHOICE, "applied": TRUTH}),
    body=record(
        {"attribute": maybe(TEXT)},
        {"connections": {"type": "array", "items": ID, "maxItems": CONNECTIONS_MOST}},
    ),
)  # fmt: skip
def make_join_attribute(call: Call) -> dict[str, Any]:
    with call.database.write(call.tenant_id) as session:
        chosen = choose_join_attribute(
            session,
            call.body["attribute"],
            call.body.get("connections", []),
            author=f"api_key {call.caller.credential_id}",
            cause=call.cause,
            now=call.now,
        )
    return {
        "id": chosen.id, "version": chosen.version, "attribute": chosen.attribute, "applied": chosen.applied,
    }  # fmt: skip


@operation(
    "GET", "/join-proposals", "List accounts that agree in the join attribute, or why none can be joined",
    scope="read", answer=PROPOSALS,
)  # fmt: skip
def show_proposals(call: Call) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        proposals = read_proposals(session, now=call.now, most=bridge().settings.join_proposals)
    return {
        "attribute": proposals.attribute,
        "truncated": proposals.truncated,
        "items": [_proposal(each) for each in proposals.found],
    }


@operation(
    "POST", "/join-proposals", "Confirm proposed joins: all that are named, or none",
    scope="people:write", answer=JOINED,
    body=record(
        {
            "joins": {
                "type": "array", "items": record({"account_id": ID, "person_id": ID}),
                "minItems": 1, "maxItems": CONFIRMED_MOST,
            }
        }
    ),
)  # fmt: skip
def confirm(call: Call) -> dict[str, Any]:
    wanted = [
        Wanted(each["account_id"], each["person_id"], f"/joins/{index}")
        for index, each in enumerate(call.body["joins"])
    ]
    settings = bridge().settings
    with call.database.write(call.tenant_id) as session:
        joined = confirm_proposals(
            session,
            wanted,
            most=settings.joined_accounts,
            at_once=settings.join_proposals,
            cause=call.cause,
            now=call.now,
        )
    return {"joined": joined}


def _join(join: JoinFact) -> dict[str, Any]:
    return {
        "account_id": join.account_id,
        "person_id": join.person_id,
        "start": join.start,
        "end": join.end,
        "made_by": join.made_by,
        "reason": join.reason,
        "started_by": join.started_by,
        "ended_by": join.ended_by,
    }


def _choice(row: JoinAttribute) -> dict[str, Any]:
    return {
        "id": row.id,
        "version": row.version,
        "attribute": row.attribute,
        "connections": row.connection_ids,
        "author": row.author,
        "created_at": row.created_at,
    }


def _proposal(proposal: Proposal) -> dict[str, Any]:
    return {
        "value": proposal.value,
        "person": None if proposal.person is None else _candidate(proposal.person),
        "accounts": [_candidate(each) for each in proposal.accounts],
        "problem": proposal.problem,
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "id": candidate.id,
        "connection_id": candidate.connection_id,
        "user_name": candidate.user_name,
        "active": candidate.active,
    }
