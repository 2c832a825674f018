"""Finding the accounts that the tenant's join attribute proposes to join."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.agreement import EXTERNAL_ID, Agreement
from bridge.directory.join_attributes import agreement_of, current_choice
from bridge.directory.proposals import Candidate, Proposal, proposal
from bridge.directory.tables import Join, JoinAttribute, Person
from bridge.tenants.connections import list_connections


@dataclass(frozen=True, slots=True)
class Proposals:
    """What is proposed by the choice ``join_attribute_id``; ``truncated`` when there is more."""

    join_attribute_id: str | None
    attribute: str | None
    found: tuple[Proposal, ...] = ()
    truncated: bool = False


def read_proposals(
    session: TenantSession, *, now: datetime, most: int, of: Collection[str] | None = None
) -> Proposals:
    """Return at most ``most`` proposals, with ``of`` those that concern some accounts.

    Only accounts that are not deleted, of connections that are live now and that the choice trusts, with a
    value that is not empty. Nobody is joined by being proposed: an administrator confirms.
    """
    choice = current_choice(session)
    agreement = agreement_of(choice)
    if choice is None or agreement is None:
        return Proposals(None, None)
    places = _places(session, choice, now)
    keys = _keys(session, agreement, places, of=of, limit=most + 1)
    candidates = _candidates(session, agreement, places, keys[:most])
    found = (proposal(key, candidates[key], places) for key in keys[:most])
    return Proposals(
        choice.id,
        choice.attribute,
        tuple(each for each in found if each is not None),
        truncated=len(keys) > most,
    )


def _places(session: TenantSession, choice: JoinAttribute, now: datetime) -> dict[str, int]:
    """Return the place of each trusted live connection, the earliest made first."""
    trusted = set(choice.connection_ids)
    return {
        each.id: place
        for place, each in enumerate(list_connections(session))
        if each.id in trusted and each.live_from is not None and each.live_from <= now
    }


def _keys(
    session: TenantSession,
    agreement: Agreement,
    connection_ids: Collection[str],
    *,
    of: Collection[str] | None,
    limit: int,
) -> Sequence[str]:
    """Return values that accounts of several connections have, unless all of them are one person already."""
    key = _key(agreement)
    joined = aliased(Join)
    counts_as = func.coalesce(joined.person_id, Person.id)
    is_open = and_(joined.tenant_id == Person.tenant_id, joined.account_id == Person.id, joined.end.is_(None))
    chosen: Select[Any] = (
        select(key)
        .outerjoin(joined, is_open)
        .where(*_living(connection_ids), key.is_not(None), func.trim(key) != "")
        .group_by(key)
        .having(func.count(Person.connection_id.distinct()) > 1, func.count(counts_as.distinct()) > 1)
    )
    if of is not None:
        chosen = chosen.where(key.in_(select(key).where(one_of(Person.id, of))))
    return session.scalars(chosen.order_by(key).limit(limit)).all()


def _candidates(
    session: TenantSession, agreement: Agreement, connection_ids: Collection[str], keys: Sequence[str]
) -> dict[str, list[Candidate]]:
    key = _key(agreement)
    columns = (key, Person.id, Person.connection_id, Person.user_name, Person.active)
    rows = session.execute(select(*columns).where(*_living(connection_ids), one_of(key, keys))).all()
    ids = [row.id for row in rows]
    joined = select(Join.account_id, Join.person_id).where(one_of(Join.account_id, ids), Join.end.is_(None))
    person_of = {row.account_id: row.person_id for row in session.execute(joined)}
    stands_for = select(Join.person_id).where(one_of(Join.person_id, ids), Join.end.is_(None))
    accounts = Counter(session.scalars(stands_for))
    found: dict[str, list[Candidate]] = defaultdict(list)
    for value, id_, connection_id, user_name, active in rows:
        found[value].append(
            Candidate(id_, connection_id, user_name, active, person_of.get(id_), accounts[id_])
        )
    return found


def _living(connection_ids: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return Person.deleted_at.is_(None), Person.connection_id.in_(connection_ids)


def _key(agreement: Agreement) -> ColumnElement[Any]:
    """Return the value as it is compared: ``folded`` holds it so."""
    if agreement.attribute == EXTERNAL_ID:
        return Person.external_id.expression
    value: ColumnElement[Any] = Person.folded[agreement.parts].as_string()
    return value
