"""People and groups as they are answered: with the JSON text that is stored, which nobody needs to parse."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    DateTime,
    FromClause,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from bridge.database.prepared import TENANT
from bridge.database.rows import Row, table_of
from bridge.database.sessions import TenantSession
from bridge.directory.counts import Kind
from bridge.directory.search import Found, GroupName, groups_of
from bridge.directory.tables import Group, Membership, Person

#: The length of an instant's text with all its digits.
MICROSECONDS = 26

ROWS: Mapping[Kind, type[Row]] = MappingProxyType({"person": Person, "group": Group})


class Encoded(NamedTuple):
    """A person or group as it is now, like ``Found``; ``resource`` is the JSON text that is stored.

    The instants are text as well, see ``instant_of`` and ``as_dated``. ``groups`` is the JSON text of the
    groups that a person is directly in, as RFC 7643 section 4.1.2 has them, if any.
    """

    id: str
    version: int
    created_at: str
    changed_at: str
    resource: str
    groups: str | None

    def found(self) -> Found:
        """Return the same with its resource read."""
        created_at, changed_at = instant_of(self.created_at), instant_of(self.changed_at)
        return Found(self.id, orjson.loads(self.resource), self.version, created_at, changed_at)


def encoded(kind: Kind, *, postgresql: bool, groups: bool) -> Select[Any]:
    """Select the living of a connection, with the columns of ``Encoded``, people with ``groups`` or without.

    It takes ``connection_id``, and for groups their address with a slash at its end as ``groups_at``.
    """
    table = table_of(ROWS[kind])
    of = table.c
    named = _groups_of(of.id, postgresql=postgresql) if groups else cast(null(), Text)
    return select(
        of.id,
        of.version,
        _written(of.created_at, postgresql=postgresql),
        _written(of.changed_at, postgresql=postgresql),
        cast(of.resource, Text).label("resource"),
        named.label("groups"),
    ).where(*living(table))


def with_groups(session: TenantSession, people: Sequence[Encoded], *, root: str) -> tuple[Encoded, ...]:
    """Return the people with their groups, read by one query: for many that costs less than one for each."""
    named = groups_of(session, [each.id for each in people])
    return tuple(
        each._replace(groups=_references(named[each.id], root)) if named[each.id] else each for each in people
    )


def _references(groups: Sequence[GroupName], root: str) -> str:
    listed = [
        {"value": each.id, "$ref": f"{root}/Groups/{each.id}", "display": each.display_name, "type": "direct"}
        for each in groups
    ]
    return orjson.dumps(listed).decode()


def living(table: FromClause) -> tuple[ColumnElement[bool], ...]:
    """Return what selects the living of one connection."""
    of = table.c
    own = (of.tenant_id == bindparam(TENANT), of.connection_id == bindparam("connection_id"))
    return (*own, of.deleted_at.is_(None))


def instant_of(written: str) -> datetime:
    """Return an instant as it was read: UTC, with a blank before the time."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def as_dated(written: str) -> str:
    """Return an instant as it was read in the words of RFC 7643 section 2.3.5, with all six digits.

    PostgreSQL leaves out zeros at the end.
    """
    whole = written if len(written) == MICROSECONDS else f"{written:.<20}".ljust(MICROSECONDS, "0")
    return f"{whole[:10]}T{whole[11:]}Z"


def _written(instant: ColumnElement[datetime], *, postgresql: bool) -> ColumnElement[str]:
    """Return the instant as text: a page has hundreds, which nobody reads but who is answered."""
    return cast(in_utc(instant, postgresql=True), Text) if postgresql else type_coerce(instant, Text)


def in_utc(instant: ColumnElement[datetime], *, postgresql: bool) -> ColumnElement[datetime]:
    """Return the instant as the drivers read it quickest, in UTC and without an offset."""
    if postgresql:
        return func.timezone(literal_column("'UTC'"), instant, type_=DateTime())
    return type_coerce(instant, DateTime())


def _groups_of(person_id: ColumnElement[str], *, postgresql: bool) -> ScalarSelect[str]:
    """Return the groups that a person is directly in as one JSON text, as RFC 7643 has them, or null."""
    groups = table_of(Group).alias()
    build = func.json_build_object if postgresql else func.json_object
    named = build(
        *(literal_column("'value'"), groups.c.id),
        *(literal_column("'$ref'"), param("groups_at", Text()) + groups.c.id),
        *(literal_column("'display'"), groups.c.display_name),
        *(literal_column("'type'"), literal_column("'direct'")),
    )
    return _listed(named, groups, person_id, postgresql=postgresql)


def group_names(person_id: ColumnElement[str], *, postgresql: bool) -> ScalarSelect[str]:
    """Return the groups that a person is directly in as one JSON text of ids with names, or null."""
    groups = table_of(Group).alias()
    build = func.json_build_array if postgresql else func.json_array
    named = build(groups.c.id, groups.c.display_name)
    return _listed(named, groups, person_id, postgresql=postgresql)


def _listed(
    named: ColumnElement[Any], groups: FromClause, person_id: ColumnElement[str], *, postgresql: bool
) -> ScalarSelect[str]:
    """Return what is told of each of the groups as one JSON text, oldest membership first, or null."""
    members = table_of(Membership).alias()
    each = (
        select(named.label("named"))
        .where(
            members.c.tenant_id == bindparam(TENANT),
            members.c.member_id == person_id,
            members.c.end.is_(None),
            groups.c.tenant_id == members.c.tenant_id,
            groups.c.id == members.c.group_id,
        )
        .order_by(members.c.start, groups.c.id)
        .correlate(person_id.table)
        .subquery()
    )
    if postgresql:
        return select(cast(func.json_agg(each.c.named), Text)).scalar_subquery()
    listed = func.json_group_array(func.json(each.c.named))
    return select(func.nullif(listed, "[]")).scalar_subquery()


def param(name: str, type_: TypeEngine[Any]) -> BindParameter[Any]:
    """Return a parameter of a type."""
    return bindparam(name, type_=type_)
