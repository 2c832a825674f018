"""Search through people and groups at once, in one order."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, cast, null, select, union_all

from bridge.database.sessions import TenantSession
from bridge.directory.listing import Query, groups_query, people_query
from bridge.directory.ordering import Order
from bridge.directory.tables import Group, Person
from bridge.scim.attributes import ResourceSchema
from bridge.scim.filter_tree import Filter
from bridge.scim.schemas import USER_RESOURCE
from bridge.scim.sorting import Sorting


def everything_query(
    session: TenantSession,
    *,
    connection_id: str,
    parsed: Mapping[str, Filter] | None,
    sorting: Mapping[str, Sorting],
    root: str,
    schema: ResourceSchema = USER_RESOURCE,
) -> Query:
    """Select the connection's people and groups; filter and sorting as each kind understands them.

    A kind that lacks what is sorted by has no value for it, and comes last or first with all that have none.
    """
    asked = parsed or {}
    people = people_query(
        session,
        connection_id=connection_id,
        parsed=asked.get("person"),
        root=root,
        sorting=sorting.get("person"),
        schema=schema,
    )
    groups = groups_query(
        session,
        connection_id=connection_id,
        parsed=asked.get("group"),
        root=root,
        sorting=sorting.get("group"),
    )
    known = people.order.value if people.order.value is not None else groups.order.value
    both = union_all(
        _with_value(people, known).where(Person.tenant_id == session.tenant_id),
        _with_value(groups, known).where(Group.tenant_id == session.tenant_id),
    ).subquery()
    descending = people.order.descending or groups.order.descending
    value = None if known is None else both.c.sort_value
    return Query(select(both), Order(both.c.created_at, both.c.id, value, descending))


def _with_value(query: Query, known: ColumnElement[object] | None) -> Select[Any]:
    """Give the column to sort by the type it has in the other kind, where this one lacks it."""
    if known is None or query.order.value is not None:
        return query.selected
    *others, _value = query.selected.selected_columns
    return query.selected.with_only_columns(
        *others, cast(null(), known.type).label("sort_value"), maintain_column_froms=True
    )
