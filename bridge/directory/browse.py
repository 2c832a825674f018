"""Looking through people, through groups, page by page."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from bridge.database.sessions import TenantSession
from bridge.directory.tables import Group, Membership, Person
from bridge.errors import NotFound
from bridge.scim.text import fold


def people_page(
    session: TenantSession,
    *,
    search: str | None,
    connection_id: str | None,
    active: bool | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Person]:
    """Return living people in the order of their making, those after the instant and id of the last one seen.

    ``search`` is the beginning of a user name or e-mail address, in any case, or a whole external id.
    """
    rows = select(Person).where(Person.deleted_at.is_(None))
    rows = rows.order_by(Person.created_at, Person.id).limit(limit)
    if search is not None:
        key = fold(search)
        rows = rows.where(
            or_(
                Person.user_name_key.startswith(key, autoescape=True),
                Person.email_key.startswith(key, autoescape=True),
                Person.external_id == search,
            )
        )
    if connection_id is not None:
        rows = rows.where(Person.connection_id == connection_id)
    if active is not None:
        rows = rows.where(Person.active.is_(active))
    if after is not None:
        rows = rows.where(tuple_(Person.created_at, Person.id) > after)
    return session.scalars(rows).all()


def everybody(session: TenantSession, *, at_once: int) -> Iterator[list[str]]:
    """Yield the ids of all people the tenant ever had, so many at a time, in order."""
    last = ""
    while True:
        rows = select(Person.id).where(Person.id > last).order_by(Person.id).limit(at_once)
        people = list(session.scalars(rows))
        if people:
            yield people
        if len(people) < at_once:
            return
        last = people[-1]


def find_person(session: TenantSession, person_id: str) -> Person:
    """Return a person, deleted ones included: they are named by seats and invoices. Raises ``NotFound``."""
    person = session.scalar(select(Person).where(Person.id == person_id))
    if person is None:
        raise NotFound(f"there is no person {person_id} in this tenant")
    return person


def groups_page(
    session: TenantSession,
    *,
    search: str | None,
    connection_id: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[tuple[Group, int]]:
    """Return living groups, each with the number of its direct members, in the order of their making.

    ``search`` is the beginning of the display name, in any case.
    """
    rows = _counted().where(Group.deleted_at.is_(None)).order_by(Group.created_at, Group.id).limit(limit)
    if search is not None:
        rows = rows.where(Group.display_name_key.startswith(fold(search), autoescape=True))
    if connection_id is not None:
        rows = rows.where(Group.connection_id == connection_id)
    if after is not None:
        rows = rows.where(tuple_(Group.created_at, Group.id) > after)
    return [(group, members) for group, members in session.execute(rows)]


def find_group(session: TenantSession, group_id: str) -> tuple[Group, int]:
    """Return a group with the number of its direct members. Raises ``NotFound``."""
    row = session.execute(_counted().where(Group.id == group_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no group {group_id} in this tenant")
    group, members = row
    return group, members


def groups_of(session: TenantSession, person_id: str) -> Sequence[Group]:
    """Return the living groups that the person is directly in now, by name."""
    rows = (
        select(Group)
        .join(Membership, and_(*_member_of(), Membership.member_id == person_id, Membership.end.is_(None)))
        .where(Group.deleted_at.is_(None))
        .order_by(Group.display_name_key, Group.id)
    )
    return session.scalars(rows).all()


def _counted() -> Select[Group, int]:
    members = (
        select(func.count())
        .select_from(Membership)
        .where(*_member_of(), Membership.end.is_(None))
        .correlate(Group)
        .scalar_subquery()
    )
    return select(Group, members)


def _member_of() -> tuple[ColumnElement[bool], ...]:
    return (Membership.tenant_id == Group.tenant_id, Membership.group_id == Group.id)
