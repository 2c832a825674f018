"""Reading which accounts count as one person."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.agreement import Agreement
from bridge.directory.facts import JoinFact, PersonVersionFact
from bridge.directory.read_versions import in_chunks, read_versions
from bridge.directory.standing import standing
from bridge.directory.tables import Join, JoinAttribute

_JOIN, _CHOICE = table_of(Join).c, table_of(JoinAttribute).c
_OF_ANY = or_(one_of(_JOIN.account_id, texts("ids")), one_of(_JOIN.person_id, texts("ids")))
_JOINS = prepared(
    select(
        _JOIN.account_id, _JOIN.person_id, _JOIN.start, _JOIN.end, _JOIN.made_by, _JOIN.join_attribute_id,
        _JOIN.reason, _JOIN.started_by, _JOIN.ended_by,
    ).where(_OF_ANY)
)  # fmt: skip
_SIDES = prepared(select(_JOIN.account_id, _JOIN.person_id).where(_OF_ANY))
_CHOICES = prepared(
    select(_CHOICE.id, _CHOICE.attribute, _CHOICE.case_exact).where(one_of(_CHOICE.id, texts("ids")))
)


def stored_joins(session: TenantSession, person_ids: Collection[str]) -> list[JoinFact]:
    """Return every join that one of these people ever took part in, on either side, as it is stored."""
    rows = {
        (each.account_id, each.start): each
        for ids in in_chunks(person_ids)
        for each in session.run(_JOINS, ids=ids)
    }
    chosen = sorted({each.join_attribute_id for each in rows.values() if each.join_attribute_id})
    agreements = {
        id_: Agreement(attribute, case_exact)
        for ids in in_chunks(chosen)
        for id_, attribute, case_exact in session.run(_CHOICES, ids=ids)
    }
    return [_fact(each, agreements.get(each.join_attribute_id)) for each in rows.values()]


def _fact(row: Any, agreement: Agreement | None) -> JoinFact:  # noqa: ANN401 (a row of the columns above)
    return JoinFact(
        account_id=row.account_id,
        person_id=row.person_id,
        start=row.start,
        end=row.end,
        made_by=row.made_by,
        agreement=agreement,
        reason=row.reason,
        started_by=row.started_by,
        ended_by=row.ended_by,
        is_noted=row.end is not None,
    )


def read_joins(session: TenantSession, person_ids: Collection[str]) -> list[JoinFact]:
    """Return the joins that these people ever took part in, each with its true end."""
    joins = stored_joins(session, person_ids)
    versions = read_versions(session, both_sides(joins))
    return standing_joins(joins, versions)


def joins_of(session: TenantSession, person_id: str, *, at: datetime | None) -> list[JoinFact]:
    """Return the joins that a person takes part in at an instant, on either side; None: those without end."""
    joins = read_joins(session, [person_id])
    if at is None:
        found = [join for join in joins if join.end is None]
    else:
        found = [join for join in joins if join.start <= at and (join.end is None or join.end > at)]
    return sorted(found, key=lambda join: (join.start, join.account_id))


def standing_joins(
    joins: Sequence[JoinFact], versions: Mapping[str, Sequence[PersonVersionFact]]
) -> list[JoinFact]:
    """Return the joins with their true ends, given the versions of all who take part."""
    return [
        standing(join, versions.get(join.account_id, ()), versions.get(join.person_id, ())) for join in joins
    ]


def both_sides(joins: Sequence[JoinFact]) -> set[str]:
    """Return everybody who takes part in these joins."""
    return {id_ for join in joins for id_ in (join.account_id, join.person_id)}


def neighbours(session: TenantSession, person_ids: Collection[str]) -> Mapping[str, set[str]]:
    """Return whom each of these people was ever joined with: whoever of the two changes, both are affected.

    A person's facts are those of the accounts joined to them; how long a join stands hangs on either side.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for ids in in_chunks(person_ids):
        for account_id, person_id in session.run(_SIDES, ids=ids):
            found[account_id].add(person_id)
            found[person_id].add(account_id)
    return {person_id: found[person_id] for person_id in person_ids if person_id in found}
