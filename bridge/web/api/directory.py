"""Routes on people, groups."""

from typing import Any

from bridge.directory.browse import find_group, find_person, groups_of, groups_page, people_page
from bridge.directory.tables import Group, Person
from bridge.web.api.operations import Call, operation
from bridge.web.api.pages import CURSOR, LIMIT, page_of
from bridge.web.api.parameters import text, truth
from bridge.web.api.schemas import component, page

CONNECTION = text("connection_id", "Only those of this connection")


@operation(
    "GET", "/people", "List people, oldest first", scope="read", answer=page("Person"),
    query=(
        text("search", "The beginning of a user name or e-mail address, or a whole external id"),
        CONNECTION, truth("active", "Only people who are active, or who are not"), CURSOR, LIMIT,
    ),
)  # fmt: skip
def show_people(call: Call) -> dict[str, Any]:
    query = call.query
    with call.database.read(call.tenant_id) as session:
        rows = people_page(
            session,
            search=query["search"],
            connection_id=query["connection_id"],
            active=query["active"],
            after=query["cursor"],
            limit=call.limit + 1,
        )
    return page_of(rows, call.limit, shown=_person, place=lambda row: (row.created_at, row.id))


@operation("GET", "/people/{person_id}", "Show a person", scope="read", answer=component("PersonDetail"))
def show_person(call: Call, person_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        row = find_person(session, person_id)
        groups = groups_of(session, person_id)
    named = [{"id": group.id, "display_name": group.display_name} for group in groups]
    return {**_person(row), "resource": row.resource, "groups": named}


@operation(
    "GET", "/groups", "List groups with the number of their direct members, oldest first",
    scope="read", answer=page("Group"),
    query=(text("search", "The beginning of the display name"), CONNECTION, CURSOR, LIMIT),
)  # fmt: skip
def show_groups(call: Call) -> dict[str, Any]:
    query = call.query
    with call.database.read(call.tenant_id) as session:
        rows = groups_page(
            session,
            search=query["search"],
            connection_id=query["connection_id"],
            after=query["cursor"],
            limit=call.limit + 1,
        )
    return page_of(
        rows, call.limit, shown=lambda row: _group(*row), place=lambda row: (row[0].created_at, row[0].id)
    )


@operation("GET", "/groups/{group_id}", "Show a group", scope="read", answer=component("Group"))
def show_group(call: Call, group_id: str) -> dict[str, Any]:
    with call.database.read(call.tenant_id) as session:
        return _group(*find_group(session, group_id))


def _person(row: Person) -> dict[str, Any]:
    return {
        "id": row.id,
        "connection_id": row.connection_id,
        "user_name": row.user_name,
        "external_id": row.external_id,
        "display_name": row.display_name,
        "active": row.active,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
        "deleted_at": row.deleted_at,
    }


def _group(row: Group, members: int) -> dict[str, Any]:
    return {
        "id": row.id,
        "connection_id": row.connection_id,
        "display_name": row.display_name,
        "external_id": row.external_id,
        "source": "sign-ins" if row.is_claimed else "scim",
        "members": members,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
        "deleted_at": row.deleted_at,
    }
