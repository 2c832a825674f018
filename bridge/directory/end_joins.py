"""Ending of joins: by an administrator, or by the facts of the accounts."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, tuple_, update

from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.fact_instants import fact_instant
from bridge.directory.facts import JoinFact
from bridge.directory.lock_accounts import lock_accounts
from bridge.directory.read_joins import read_joins
from bridge.directory.tables import Join
from bridge.errors import NotFound
from bridge.journal.record import Cause, Entry, Subject, record, record_all

SEPARATED = "directory:account:separate"

#: Rows named in one statement; SQLite's limit is 32,766 parameters, two for a row.
_ROWS_AT_ONCE = 5_000

_JOINS = table_of(Join).c
_END = (
    update(table_of(Join))
    .where(
        _JOINS.tenant_id == bindparam("the_tenant"),
        _JOINS.account_id == bindparam("the_account"),
        _JOINS.start == bindparam("the_start"),
    )
    .values(end=bindparam("the_end"), ended_by=bindparam("the_cause"))
)


def separate_account(
    session: TenantSession, person_id: str, account_id: str, *, cause: Cause, now: datetime
) -> None:
    """End the join of an account to a person: from now on it stands for itself.

    Raises ``NotFound`` for people whom the tenant does not know, or who are not joined.
    """
    lock_accounts(session, [person_id, account_id])
    joins = settled_joins(session, [person_id, account_id], cause=cause, now=now)
    join = next(
        (each for each in joins if (each.account_id, each.person_id) == (account_id, person_id)), None
    )
    if join is None:
        raise NotFound(f"the account {account_id} is not joined to the person {person_id}")
    at = fact_instant(now, join.start)
    subject, details = Subject("person", account_id), {"person": person_id}
    cause_id = record(session, SEPARATED, subject, cause=cause, at=at, details=details)
    _write_ends(session, [join], [(at, cause_id)])
    mark_due(session, [subject, Subject("person", person_id)], cause_id=cause_id, now=now)


def settled_joins(
    session: TenantSession, person_ids: Collection[str], *, cause: Cause, now: datetime
) -> list[JoinFact]:
    """Note what other facts have ended of these people's joins, and return those that stand now."""
    joins = read_joins(session, person_ids)
    note_ends(session, joins, cause=cause, now=now)
    return [join for join in joins if join.end is None]


def note_ends(session: TenantSession, joins: Iterable[JoinFact], *, cause: Cause, now: datetime) -> None:
    """Write down the ends that follow from other facts, such as the account's deletion.

    All computations know them already; the rows are for whoever joins the account again, the journal for
    administrators. Twice, or while somebody else ends one of them, notes each once.
    """
    ended = {(join.account_id, join.start): join for join in joins if join.end and not join.is_noted}
    for keys in (list(ended)[first : first + _ROWS_AT_ONCE] for first in range(0, len(ended), _ROWS_AT_ONCE)):
        still_open = select(Join.account_id, Join.start).where(
            Join.end.is_(None), tuple_(Join.account_id, Join.start).in_(keys)
        )
        found = [ended[row.account_id, row.start] for row in session.execute(still_open.with_for_update())]
        _write_ends(session, found, [(join.end, join.ended_by or "") for join in found if join.end])
        record_all(session, [_told(join, cause, now) for join in found])


def _told(join: JoinFact, cause: Cause, now: datetime) -> Entry:
    since = join.end.isoformat() if join.end else None
    details = {"person": join.person_id, "since": since, "caused_by": join.ended_by}
    return Entry(SEPARATED, Subject("person", join.account_id), cause, now, details)


def _write_ends(
    session: TenantSession, joins: Sequence[JoinFact], ends: Sequence[tuple[datetime, str]]
) -> None:
    values = [
        {
            "the_tenant": session.tenant_id,
            "the_account": join.account_id,
            "the_start": join.start,
            "the_end": end,
            "the_cause": cause_id,
        }
        for join, (end, cause_id) in zip(joins, ends, strict=True)
    ]
    if values:
        session.connection().execute(_END, values)
