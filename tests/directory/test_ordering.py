"""Random people and groups in order: the databases sort as Python sorts, page by page as well as at once."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.database.sessions import Database, TenantSession
from bridge.directory.listing import Query, cursor_page, groups_query, index_page, people_query
from bridge.directory.ordering import Position
from bridge.directory.search import groups_of, members_of
from bridge.directory.search_all import everything_query
from bridge.scim.schemas import ENTERPRISE_USER_URN, GROUP_RESOURCE, USER_RESOURCE, ResourceSchema
from bridge.scim.sorting import Sorting, sorting_of
from bridge.scim.text import fold
from bridge.web.scim.rendering import group_document, user_document
from tests.database.opened import NOW
from tests.directory.test_search_agrees import GROUPS, PEOPLE, ROOT, external_id, store, undone, user_name

BOTH_DATABASES = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
#: Attribute, and whether its texts are compared with case.
USER_ATTRIBUTES = {
    "userName": False, "externalId": True, "displayName": False, "title": False, "profileUrl": True,
    "name.familyName": False, "active": False, "emails": False, "emails.type": False, "emails.primary": False,
    "groups.display": False, "groups.value": True, "schemas": True, "id": True, "meta.created": False,
    "meta.version": True, f"{ENTERPRISE_USER_URN}:department": False,
    f"{ENTERPRISE_USER_URN}:manager": True,
}  # fmt: skip
GROUP_ATTRIBUTES = {"displayName": False, "externalId": True, "members": True, "members.type": False}
ORDERS = st.sampled_from([None, "ascending", "descending", "Descending"])


def wanted(name: str, order: str | None, schema: ResourceSchema) -> Sorting:
    found = sorting_of(name, order, schema, frozenset())
    assert found is not None
    return found


def value_in(document: dict[str, Any], name: str, *, case_exact: bool) -> object:
    """What the RFC has the resource sorted by, or None."""
    holder: Any = document
    for urn in (ENTERPRISE_USER_URN,):
        if name.startswith(urn):
            holder, name = document.get(urn, {}), name.removeprefix(f"{urn}:")
    head, _, sub = name.partition(".")
    value = holder.get(head)
    if isinstance(value, list):
        value = next((each for each in value if isinstance(each, dict) and each.get("primary")), value[0])
    if isinstance(value, dict):
        value = value.get(sub or "value")
    if isinstance(value, str):
        value = value if case_exact else fold(value)
    return None if value == "" else value


def sorted_by(
    documents: list[dict[str, Any]], value: Callable[[dict[str, Any]], Any], *, descending: bool
) -> list[str]:
    present = [each for each in documents if value(each) is not None]
    absent = [each["id"] for each in documents if value(each) is None]
    ordered = [each["id"] for each in sorted(present, key=value, reverse=descending)]
    if descending:  # those that are alike stay in the order of their making
        ordered = []
        for key in sorted({value(each) for each in present}, reverse=True):
            ordered += [each["id"] for each in present if value(each) == key]
        return absent + ordered
    return ordered + absent


def ids_at_once(session: TenantSession, query: Query) -> list[str]:
    return [each.id for each in index_page(session, query, start_index=1, count=99).found]


def walked(session: TenantSession, query: Query, *, count: int) -> tuple[list[str], list[str]]:
    """Go through a list forwards to its end, and back to its beginning."""
    page = cursor_page(session, query, position=None, count=count)
    forwards = [each.id for each in page.found]
    while page.behind is not None:
        page = cursor_page(session, query, position=page.behind, count=count)
        forwards += [each.id for each in page.found]
    backwards = [each.id for each in page.found]
    while page.before is not None:
        page = cursor_page(session, query, position=page.before, count=count)
        backwards = [each.id for each in page.found] + backwards
    return forwards, backwards


@BOTH_DATABASES
@given(
    people=st.lists(PEOPLE, min_size=2, max_size=5, unique_by=(user_name, external_id)),
    groups=st.lists(GROUPS, max_size=2, unique_by=external_id),
    order=ORDERS,
    count=st.integers(1, 3),
)
def test_people_come_in_the_order_that_python_gives_them(
    database: Database, people: list[Any], groups: list[Any], order: str | None, count: int
):
    with undone(database) as (session, connection_id):
        store(session, connection_id, people, groups)
        asked = {"connection_id": connection_id, "parsed": None, "root": ROOT}
        found = index_page(session, people_query(session, **asked), start_index=1, count=9).found
        named = groups_of(session, [each.id for each in found])
        documents = [user_document(each, named[each.id], root=ROOT) for each in found]
        for name, case_exact in USER_ATTRIBUTES.items():
            sorting = wanted(name, order, USER_RESOURCE)
            expected = sorted_by(
                documents,
                lambda each, name=name, case_exact=case_exact: value_in(each, name, case_exact=case_exact),
                descending=sorting.descending,
            )
            query = people_query(session, sorting=sorting, **asked)
            assert ids_at_once(session, query) == expected, name
            assert walked(session, query, count=count) == (expected, expected), name


@BOTH_DATABASES
@given(groups=st.lists(GROUPS, min_size=1, max_size=4, unique_by=external_id), order=ORDERS)
def test_groups_come_in_the_order_that_python_gives_them(
    database: Database, groups: list[Any], order: str | None
):
    with undone(database) as (session, connection_id):
        store(session, connection_id, [{"userName": "a"}, {"userName": "b"}], groups)
        asked = {"connection_id": connection_id, "parsed": None, "root": ROOT}
        found = index_page(session, groups_query(session, **asked), start_index=1, count=9).found
        listed = members_of(session, [each.id for each in found])
        documents = [group_document(each, listed[each.id], root=ROOT) for each in found]
        for name, case_exact in GROUP_ATTRIBUTES.items():
            sorting = wanted(name, order, GROUP_RESOURCE)
            expected = sorted_by(
                documents,
                lambda each, name=name, case_exact=case_exact: value_in(each, name, case_exact=case_exact),
                descending=sorting.descending,
            )
            query = groups_query(session, sorting=sorting, **asked)
            assert ids_at_once(session, query) == expected, name
            assert walked(session, query, count=1) == (expected, expected), name


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_people_and_groups_are_sorted_together(database: Database, order: str):
    with undone(database) as (session, connection_id):
        people = [{"userName": "b", "displayName": "Bo"}, {"userName": "a"}, {"userName": "c", "title": "X"}]
        store(session, connection_id, people, [{"displayName": "Ada"}, {"displayName": "cy"}])
        asked = {"connection_id": connection_id, "parsed": {}, "root": ROOT}

        def ids(name: str) -> list[str]:
            sorting = {
                kind: found
                for kind, schema in (("person", USER_RESOURCE), ("group", GROUP_RESOURCE))
                if name in {each.name for each in schema.core.attributes}
                and (found := sorting_of(name, order, schema, frozenset()))
            }
            query = everything_query(session, sorting=sorting, **asked)
            at_once = ids_at_once(session, query)
            assert walked(session, query, count=2) == (at_once, at_once)
            return at_once

        names, titled = ids("displayName"), ids("title")
        active = ids("active")
    without = [each for each in names if each in ("person-1", "person-2")]
    with_name = ["group-0", "person-0", "group-1"]
    assert without == ["person-1", "person-2"]
    assert names == (with_name + without if order == "ascending" else without + with_name[::-1])
    assert titled.index("person-2") == (0 if order == "ascending" else 4)
    assert {*active[:3]} >= ({"person-0"} if order == "ascending" else {"group-0", "group-1"})


def test_a_page_of_nothing_tells_how_many_there_are(database: Database):
    with undone(database) as (session, connection_id):
        store(session, connection_id, [{"userName": "a"}, {"userName": "b"}], [])
        query = people_query(session, connection_id=connection_id, parsed=None, root=ROOT)
        page = cursor_page(session, query, position=None, count=0)
        assert (page.total, page.found, page.before, page.behind) == (2, (), None, None)
        far = Position(NOW.replace(year=2099), "person-9")
        page = cursor_page(session, query, position=far, count=5)
        assert (page.total, page.found, page.before, page.behind) == (2, (), None, None)
