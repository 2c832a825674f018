"""Turning changes of groups, rule sets and limits of seats into changes of the people they concern."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, insert, literal, or_, select

from bridge.database.one_of import one_of
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import Database, TenantSession
from bridge.directory.tables import SPREADS, ChangeDue, Membership, Person
from bridge.seats.tables import Seat

_CHANGE = table_of(ChangeDue).c
_ANY = prepared(select(_CHANGE.id).where(SPREADS).limit(1))

#: Changes of groups, rule sets and plans taken in one transaction.
_AT_ONCE = 1_000


#: People of a line who are computed when its limit has changed; one would do, were all facts readable.
_SOME_OF_A_LINE = 10


@dataclass(frozen=True, slots=True)
class _Due:
    id: str
    subject_kind: str
    subject_id: str
    cause_id: str


def fan_out(database: Database, tenant_id: str) -> None:
    """Replace the due rows of groups, rule sets and plans by one for each person concerned, all or nothing.

    A group concerns everyone who was ever in it, directly or through groups in it; a rule set concerns
    everyone; a plan, whose limit has changed, some people of its line, with whom all others who are moved
    are written. Many changes of one group are one.
    """
    with database.read(tenant_id) as session:
        if session.run(_ANY).one_or_none() is None:
            return
    while True:
        with database.write(tenant_id) as session:
            taken = _taken(session, limit=_AT_ONCE)
            _spread(session, taken)
            session.execute(
                delete(ChangeDue).where(ChangeDue.id.in_([due.id for due in taken])),
                execution_options={"synchronize_session": False},
            )
        if len(taken) < _AT_ONCE:
            return


def _taken(session: TenantSession, *, limit: int) -> Sequence[_Due]:
    """Return due rows that nobody else is fanning out; another worker's stay locked until it is done."""
    chosen = _all_but_people(limit).with_for_update(skip_locked=True)
    return [_Due(*row) for row in session.execute(chosen)]


def _all_but_people(limit: int) -> Select[str, str, str, str]:
    columns = (ChangeDue.id, ChangeDue.subject_kind, ChangeDue.subject_id, ChangeDue.cause_id)
    return select(*columns).where(SPREADS).order_by(ChangeDue.id).limit(limit)


def _spread(session: TenantSession, taken: Sequence[_Due]) -> None:
    everyone = [due for due in taken if due.subject_kind == "rule_set"]
    if everyone:
        _add(session, everyone[-1], select(Person.id))
        return
    latest = {(due.subject_kind, due.subject_id): due for due in taken}
    for (kind, id_), due in latest.items():
        if kind == "plan":
            _add(session, due, select(Seat.person_id).where(_wants(id_)).limit(_SOME_OF_A_LINE))
            continue
        members = select(Membership.member_id).where(
            Membership.group_id.in_(_with_nested(session, id_)), Membership.member_kind == "person"
        )
        _add(session, due, members)


def _wants(plan: str) -> ColumnElement[bool]:
    return or_(Seat.plan == plan, Seat.waits_for == plan)


def _with_nested(session: TenantSession, group_id: str) -> Collection[str]:
    """Return the group and all groups that were ever in it, level by level; cycles end."""
    found = {group_id}
    level = {group_id}
    while level:
        nested = select(Membership.member_id).where(
            one_of(Membership.group_id, level), Membership.member_kind == "group"
        )
        level = set(session.scalars(nested)) - found
        found |= level
    return found


def _add(session: TenantSession, due: _Due, person_ids: Select[str]) -> None:
    """Add a due row per person in one statement; its id sorts where the row it comes from was."""
    found = person_ids.where(person_ids.column_descriptions[0]["entity"].tenant_id == session.tenant_id)
    people = found.distinct().subquery()
    person_id = people.columns[0]
    session.execute(
        insert(ChangeDue).from_select(
            ["tenant_id", "id", "subject_kind", "subject_id", "cause_id"],
            select(
                literal(session.tenant_id),
                literal(f"{due.id}.") + person_id,
                literal("person"),
                person_id,
                literal(due.cause_id),
            ),
        )
    )
