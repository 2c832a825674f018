"""Which accounts are proposed to count as one person, because they agree in the tenant's join attribute."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account with the value; ``person_id`` is whom it is joined to, ``accounts`` how many are to it."""

    id: str
    connection_id: str
    user_name: str
    active: bool
    person_id: str | None
    accounts: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Accounts that have one value in common. ``person`` is who would stand for the human.

    ``problem`` says why nobody can be joined; there is then no person.
    """

    value: str
    person: Candidate | None
    accounts: tuple[Candidate, ...]
    problem: str | None = None


def proposal(value: str, candidates: Sequence[Candidate], connections: Mapping[str, int]) -> Proposal | None:
    """Return what is proposed of the accounts that have this value; None when all are one person already.

    ``connections`` gives the place of each connection, the earliest made first: its account stands for the
    human, unless another one does already. Where two accounts of a connection have the value nobody can tell
    which of them is meant, and nobody is joined.
    """
    ordered = sorted(candidates, key=lambda each: (connections[each.connection_id], each.id))
    if len({each.person_id or each.id for each in ordered}) == 1:
        return None
    if max(Counter(each.connection_id for each in ordered).values()) > 1:
        return Proposal(value, None, tuple(ordered), "several accounts of one connection have the value")
    standing = {each.person_id for each in ordered if each.person_id} | {
        each.id for each in ordered if each.accounts
    }
    if len(standing) > 1 or not standing <= {each.id for each in ordered}:
        return Proposal(value, None, tuple(ordered), "some are joined to different people already")
    person = next((each for each in ordered if each.id in standing), ordered[0])
    others = [each for each in ordered if each is not person and each.person_id is None]
    return Proposal(value, person, tuple(others))
