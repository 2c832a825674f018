"""Joining of accounts to the person whose they are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_all_due
from bridge.directory.end_joins import settled_joins
from bridge.directory.fact_instants import fact_instant
from bridge.directory.facts import JoinFact
from bridge.directory.lock_accounts import Account, lock_accounts
from bridge.directory.tables import Join
from bridge.errors import Conflict, TooMany
from bridge.journal.record import Cause, Entry, Subject, record_all

REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """An account that shall count as the person; ``pointer`` is where the caller's document says so."""

    account_id: str
    person_id: str
    pointer: str


def join_accounts(
    session: TenantSession,
    wanted: Sequence[Wanted],
    *,
    reason: str,
    join_attribute_id: str | None = None,
    most: int,
    cause: Cause,
    now: datetime,
) -> int:
    """Let accounts count as the person named with each from now on; return how many did not before.

    Joins are flat: who counts as another has no accounts, and who has accounts counts as nobody else. Both
    may be of one connection: whoever has an account for daily work and one to administer with is one human.
    All are joined, or none. Raises ``NotFound`` for people whom the tenant does not know, ``Conflict`` where
    the present joins forbid it or an account is deleted, ``TooMany`` for more than ``most`` accounts.
    """
    ids = [id_ for each in wanted for id_ in (each.account_id, each.person_id)]
    accounts = lock_accounts(session, ids)
    standing = settled_joins(session, ids, cause=cause, now=now)
    new = _checked(wanted, accounts, standing, most=most)
    starts = [fact_instant(now, *(accounts[id_].changed_at for id_ in _both(each))) for each in new]
    made_by = "administrator" if join_attribute_id is None else "attribute"
    told = [_told(each, made_by, cause, start) for each, start in zip(new, starts, strict=True)]
    causes = record_all(session, told)
    rows = [
        {
            "tenant_id": session.tenant_id,
            "account_id": each.account_id,
            "person_id": each.person_id,
            "start": start,
            "made_by": made_by,
            "join_attribute_id": join_attribute_id,
            "reason": reason,
            "started_by": cause_id,
        }
        for each, start, cause_id in zip(new, starts, causes, strict=True)
    ]
    session.add_rows(Join, rows)
    due = [(Subject("person", id_), c) for each, c in zip(new, causes, strict=True) for id_ in _both(each)]
    mark_all_due(session, due, now=now)
    return len(new)


def _told(wanted: Wanted, made_by: str, cause: Cause, at: datetime) -> Entry:
    details = {"person": wanted.person_id, "made_by": made_by}
    return Entry("directory:account:join", Subject("person", wanted.account_id), cause, at, details)


def _both(wanted: Wanted) -> tuple[str, str]:
    return wanted.account_id, wanted.person_id


def _checked(
    wanted: Sequence[Wanted], accounts: dict[str, Account], standing: Sequence[JoinFact], *, most: int
) -> list[Wanted]:
    """Return what is new of what is wanted, each checked against what stands and what came before it."""
    person_of = {join.account_id: join.person_id for join in standing}
    numbers = Counter(person_of.values())
    new: list[Wanted] = []
    for each in wanted:
        if person_of.get(each.account_id) == each.person_id:
            continue
        _check(each, accounts, person_of, numbers, most=most)
        person_of[each.account_id] = each.person_id
        numbers[each.person_id] += 1
        new.append(each)
    return new


def _check(
    wanted: Wanted,
    accounts: dict[str, Account],
    person_of: dict[str, str],
    numbers: Counter[str],
    *,
    most: int,
) -> None:
    account_id, person_id = _both(wanted)
    if account_id == person_id:
        raise _conflict(wanted, f"the account {account_id} is this person already")
    for id_ in (account_id, person_id):
        if accounts[id_].deleted_at is not None:
            raise _conflict(wanted, f"{id_} is deleted: only accounts that exist can be joined")
    if account_id in person_of:
        raise _conflict(
            wanted, f"the account {account_id} is joined to {person_of[account_id]}: separate it first"
        )
    if numbers[account_id]:
        raise _conflict(
            wanted, f"other accounts are joined to {account_id}: separate them, or name it the person"
        )
    if person_id in person_of:
        raise _conflict(wanted, f"{person_id} is joined to {person_of[person_id]}: name that one the person")
    if numbers[person_id] >= most:
        raise TooMany(
            f"{numbers[person_id]} accounts are joined to {person_id}, at most {most} are allowed",
            pointer=wanted.pointer,
        )


def _conflict(wanted: Wanted, detail: str) -> Conflict:
    return Conflict(detail, pointer=wanted.pointer)
