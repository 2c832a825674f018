"""Answers with a list: of people, of groups, or of both (RFC 7644 section 3.4.2, RFC 9865)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

from flask import Response

from bridge.database.sessions import TenantSession
from bridge.directory.counts import Kind as DirectoryKind
from bridge.directory.cursors import read_cursor, scope_of, write_cursor
from bridge.directory.encoded import Encoded
from bridge.directory.listing import Page, Query, cursor_page, groups_query, index_page, people_query
from bridge.directory.lookups import looked_up
from bridge.directory.ordering import Position
from bridge.directory.search_all import everything_query
from bridge.directory.whole_lists import whole_page
from bridge.errors import InvalidValue
from bridge.provisioning.client import Client
from bridge.scim.attributes import ResourceSchema
from bridge.scim.filter_resolution import resolve_filter
from bridge.scim.filter_tree import Filter
from bridge.scim.filter_types import resolve_for_each
from bridge.scim.messages import cursor_response, list_response
from bridge.scim.names import find
from bridge.scim.schemas import GROUP_RESOURCE
from bridge.scim.search_request import SearchRequest
from bridge.scim.sorting import Sorting, sorting_of
from bridge.scim.text import shown
from bridge.web.context import bridge
from bridge.web.recording import observed
from bridge.web.scim.answers import answer
from bridge.web.scim.entrance import reading
from bridge.web.scim.parameters import Shape, parsed_filter, window
from bridge.web.scim.rendering import encode_groups, encode_people, render_groups, render_people

Kind = Literal["User", "Group", "all"]
Document = dict[str, Any]

#: What the directory calls them.
_KINDS: Mapping[str, DirectoryKind] = MappingProxyType({"User": "person", "Group": "group"})


def list_of(kind: Kind, read: Callable[[Client], SearchRequest]) -> Response:
    """Answer the page of a list that ``read`` says is asked for, by index or by cursor."""
    with reading() as (session, client):
        asked = read(client)
        start_index, count = window(asked)
        if asked.cursor is None:
            at_once = _looked_up(session, client, kind, asked) or _whole(session, client, kind, asked)
            if at_once is not None:
                return at_once
            page = index_page(
                session, _query(session, client, kind, asked), start_index=start_index, count=count
            )
            documents = _rendered(session, client, page, asked)
            return answer(list_response(documents, page.total, start_index, len(documents)))
        query, scope = _query(session, client, kind, asked), _scope(session, client, kind, asked)
        position = (
            read_cursor(asked.cursor, scope=scope, now=observed().at, seal=client.seal)
            if asked.cursor
            else None
        )
        page = cursor_page(session, query, position=position, count=count)
        documents = _rendered(session, client, page, asked)
    cursors = {
        "following": _cursor(page.behind, scope, client),
        "preceding": _cursor(page.before, scope, client),
    }
    return answer(cursor_response(documents, page.total, **cursors))


def _whole(session: TenantSession, client: Client, kind: Kind, asked: SearchRequest) -> Response | None:
    """Answer at once where all are asked for, in the order of their making and with all attributes.

    Entra never asks for the members of groups.
    """
    if kind == "all" or asked.filter is not None or asked.sort_by is not None:
        return None
    shape = Shape(asked.attributes, asked.excluded, _schema(client, kind))
    if not (shape.whole or (kind == "Group" and shape.lacks_only("members"))):
        return None
    start_index, count = window(asked)
    page = whole_page(
        session,
        _KINDS[kind],
        connection_id=client.connection_id,
        start_index=start_index,
        count=count,
        root=client.root,
        places=bridge().places,
    )
    if page is None:
        return None
    found = _encoded(session, client, kind, page.found, members=shape.whole)
    return answer(list_response(found, page.total, start_index, len(page.found)))


def _encoded(
    session: TenantSession, client: Client, kind: Kind, found: Sequence[Encoded], *, members: bool
) -> object:
    if kind == "User":
        return encode_people(found, root=client.root)
    return encode_groups(session, found, root=client.root, members=members)


def _schema(client: Client, kind: Kind) -> ResourceSchema:
    return client.user_schema if kind == "User" else GROUP_RESOURCE


def _query(session: TenantSession, client: Client, kind: Kind, asked: SearchRequest) -> Query:
    if kind == "all":
        return _query_all(session, client, asked)
    schema = _schema(client, kind)
    return (partial(people_query, schema=schema) if kind == "User" else groups_query)(
        session,
        connection_id=client.connection_id,
        parsed=_resolved(client, schema, asked),
        sorting=sorting_of(asked.sort_by, asked.sort_order, schema, client.dialect.tolerances),
        root=client.root,
    )


def _resolved(client: Client, schema: ResourceSchema, asked: SearchRequest) -> Filter | None:
    parsed = parsed_filter(asked.filter, client.dialect)
    if parsed is None:
        return None
    return resolve_filter(parsed, schema, tolerant="text_in_comparisons" in client.dialect.tolerances)


def _looked_up(session: TenantSession, client: Client, kind: Kind, asked: SearchRequest) -> Response | None:
    """Answer at once where the filter is a look-up by a key."""
    if kind == "all" or asked.filter is None or asked.sort_by is not None:
        return None
    schema, of = _schema(client, kind), _KINDS[kind]
    found = looked_up(
        session,
        of,
        _resolved(client, schema, asked),
        connection_id=client.connection_id,
        root=client.root,
    )
    if found is None:
        return None
    start_index, count = window(asked)
    wanted = found[start_index - 1 : start_index - 1 + count]
    resources: object
    if Shape(asked.attributes, asked.excluded, schema).whole:
        resources = _encoded(session, client, kind, wanted, members=True)
    else:
        parsed = tuple(each.found() for each in wanted)
        page = Page(len(found), parsed, kinds={each.id: of for each in parsed})
        resources = _rendered(session, client, page, asked)
    return answer(list_response(resources, len(found), start_index, len(wanted)))


def _query_all(session: TenantSession, client: Client, asked: SearchRequest) -> Query:
    parsed = parsed_filter(asked.filter, client.dialect)
    tolerant = "text_in_comparisons" in client.dialect.tolerances
    schemas = _schemas(client)
    each = () if parsed is None else resolve_for_each(parsed, tuple(schemas.values()), tolerant=tolerant)
    return everything_query(
        session,
        connection_id=client.connection_id,
        parsed=dict(zip(schemas, each, strict=False)),
        sorting=_sorting_of_all(asked, schemas, client.dialect.tolerances),
        root=client.root,
        schema=client.user_schema,
    )


def _schemas(client: Client) -> dict[str, ResourceSchema]:
    return {"person": client.user_schema, "group": GROUP_RESOURCE}


def _sorting_of_all(
    asked: SearchRequest, schemas: Mapping[str, ResourceSchema], tolerances: frozenset[str]
) -> dict[str, Sorting]:
    """Return how each kind is sorted; a kind without the attribute is not, as long as the other has it."""
    known = {
        kind: sorting_of(asked.sort_by, asked.sort_order, schema, tolerances)
        for kind, schema in schemas.items()
        if asked.sort_by is None or find(schema, asked.sort_by, tolerances)
    }
    if not known:
        raise InvalidValue(f"sortBy {shown(asked.sort_by)} is no attribute of any resource here. Correct it.")
    return {kind: sorting for kind, sorting in known.items() if sorting is not None}


def _rendered(session: TenantSession, client: Client, page: Page, asked: SearchRequest) -> Sequence[Document]:
    documents: dict[str, Document] = {}
    for kind, render in (("person", render_people), ("group", render_groups)):
        found = [each for each in page.found if page.kinds[each.id] == kind]
        if found:
            wanted = Shape(asked.attributes, asked.excluded, _schemas(client)[kind])
            rendered = render(session, found, root=client.root, shape=wanted)
            documents.update(zip((each.id for each in found), rendered, strict=True))
    return [documents[each.id] for each in page.found]


def _scope(session: TenantSession, client: Client, kind: Kind, asked: SearchRequest) -> str:
    """Return what makes this list another than the next; the size of a page may change on the way."""
    return scope_of(
        session.tenant_id,
        client.connection_id,
        kind,
        asked.filter,
        (asked.sort_by or "").lower(),
        (asked.sort_order or "").lower(),
    )


def _cursor(position: Position | None, scope: str, client: Client) -> str | None:
    if position is None:
        return None
    until = observed().at + timedelta(seconds=bridge().settings.cursor_seconds)
    return write_cursor(position, scope=scope, until=until, seal=client.seal)
