"""Writing into the journal, in the transaction of what it tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.journal.tables import JournalEntry


@dataclass(frozen=True, slots=True)
class Cause:
    """Who caused a change, in which request.

    ``actor_kind`` is ``connection`` (an identity provider), ``api_key``, ``person`` (who is signed in),
    ``visit`` (who came to the pages by a link), ``operator`` (the command line) or ``worker``; ``actor_id``
    is the id of that connection, key, person or visit, the login's name, the task's name.
    ``request_id`` finds the request in the provisioning log and in the service's own log.
    """

    actor_kind: str
    actor_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What an entry is about: ``person``, ``group``, ``rule_set``, ``invoice``, … and its id."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to be told; see ``record``."""

    action: str
    subject: Subject
    cause: Cause
    at: datetime
    details: Mapping[str, Any]


def record(
    session: TenantSession,
    action: str,
    subject: Subject,
    *,
    cause: Cause,
    at: datetime,
    details: Mapping[str, Any] | None = None,
) -> str:
    """Add one entry and return its id, by which facts name their cause.

    ``action`` reads source:subject:verb, as in ``scim:person:create``. ``details`` may hold ids, counts and
    keys of the catalogues, never a name, an address or another attribute of a person.
    """
    return record_all(session, [Entry(action, subject, cause, at, details or {})])[0]


def record_all(session: TenantSession, entries: Sequence[Entry]) -> list[str]:
    """Add many entries in one statement, as ``record`` adds one, and return their ids."""
    rows = [
        {
            "tenant_id": session.tenant_id,
            "id": new_id(entry.at),
            "at": entry.at,
            "action": entry.action,
            "actor_kind": entry.cause.actor_kind,
            "actor_id": entry.cause.actor_id,
            "request_id": entry.cause.request_id,
            "subject_kind": entry.subject.kind,
            "subject_id": entry.subject.id,
            "details": dict(entry.details),
        }
        for entry in entries
    ]
    session.hold_rows(JournalEntry, rows)
    return [str(row["id"]) for row in rows]
