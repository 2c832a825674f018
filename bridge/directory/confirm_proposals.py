"""Confirmation of proposed joins by an administrator."""

from collections.abc import Sequence
from datetime import datetime

from bridge.database.sessions import TenantSession
from bridge.directory.end_joins import settled_joins
from bridge.directory.join_accounts import Wanted, join_accounts
from bridge.directory.lock_accounts import lock_accounts
from bridge.directory.read_proposals import read_proposals
from bridge.errors import Conflict, TooMany
from bridge.journal.record import Cause


def confirm_proposals(
    session: TenantSession,
    wanted: Sequence[Wanted],
    *,
    most: int,
    at_once: int,
    cause: Cause,
    now: datetime,
) -> int:
    """Join accounts as they are proposed, all or none; return how many were not joined before.

    Each is looked at again under its row's lock. Raises ``NotFound``, ``TooMany`` for more than ``at_once``,
    and ``Conflict`` for what is not, or no longer, proposed: the join attribute was chosen anew, a value
    changed, or another account has it too. ``most`` accounts may be joined to one person.
    """
    if len(wanted) > at_once:
        raise TooMany(f"found {len(wanted)} joins, at most {at_once} are confirmed at once", pointer="/joins")
    ids = [id_ for each in wanted for id_ in (each.account_id, each.person_id)]
    lock_accounts(session, ids)
    standing = settled_joins(session, ids, cause=cause, now=now)
    proposals = read_proposals(session, now=now, most=len(ids), of=ids)
    known = {(join.account_id, join.person_id) for join in standing}
    known |= {
        (account.id, each.person.id)
        for each in proposals.found
        if each.person is not None
        for account in each.accounts
    }
    for each in wanted:
        if (each.account_id, each.person_id) not in known:
            raise Conflict(
                f"the account {each.account_id} is not proposed to be joined to {each.person_id}: look at "
                "the proposals again",
                pointer=each.pointer,
            )
    reason = f"agrees in {proposals.attribute}"
    return join_accounts(
        session,
        wanted,
        reason=reason,
        join_attribute_id=proposals.join_attribute_id,
        most=most,
        cause=cause,
        now=now,
    )
