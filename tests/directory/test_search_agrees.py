"""Random filters on random resources: the database selects what ``bridge.scim.matches`` selects in memory."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bridge.database.ids import new_id
from bridge.database.sessions import Database, TenantSession
from bridge.directory.groups import add_group
from bridge.directory.listing import Page, Query, groups_query, index_page, people_query
from bridge.directory.memberships import open_memberships
from bridge.directory.people import add_person
from bridge.directory.search import Member, groups_of, members_of
from bridge.journal.record import Cause
from bridge.scim.canonical import canonical_resource
from bridge.scim.filters import And, AttrPath, Comparison, Filter, Not, Or, Present, ValuePath, resolve_filter
from bridge.scim.matches import matches
from bridge.scim.reading import DIALECTS
from bridge.scim.schemas import ENTERPRISE_USER_URN, GROUP_RESOURCE, USER_RESOURCE
from bridge.scim.text import fold
from bridge.tenants.create import create_connection, create_tenant
from bridge.web.scim.rendering import group_document, user_document
from tests.database.opened import NOW

ROOT = "https://bridge.example/scim/v2"
LETTERS = ["a", "A", "b", "ß", "ẞ", "\u017f", "İ", "é", "e\u0301", "Σ", "ς", "%", "_", "\\", '"', "'", " ",
           "*", "\ud7ff", "\ue000", "\U0010ffff", "\ufb01", "1"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(LETTERS), max_size=3).map("".join)
NAMES = st.lists(st.sampled_from(LETTERS), min_size=1, max_size=3).map("".join)
INSTANTS = st.sampled_from(
    ["2026-09-01T07:00:00Z", "2026-09-01T09:00:01+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
#: Storing costs more than asking: each example asks this often, so that a run asks 200 times or more.
FILTERS_EACH, PEOPLE_EACH = 7, 4
BOTH_DATABASES = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ELEMENTS = st.lists(
    st.fixed_dictionaries(
        {"value": TEXTS}, optional={"type": TEXTS, "display": TEXTS, "primary": st.booleans()}
    ),
    max_size=2,
)
PEOPLE = st.fixed_dictionaries(
    {"userName": NAMES},
    optional={
        "externalId": NAMES,
        "displayName": TEXTS,
        "title": TEXTS,
        "profileUrl": TEXTS,
        "active": st.booleans(),
        "name": st.fixed_dictionaries({}, optional={"givenName": TEXTS, "familyName": TEXTS}),
        "emails": ELEMENTS,
        "roles": ELEMENTS,
        ENTERPRISE_USER_URN: st.fixed_dictionaries(
            {},
            optional={
                "department": TEXTS,
                "manager": st.fixed_dictionaries({}, optional={"value": TEXTS, "$ref": TEXTS}),
            },
        ),
    },
)
GROUPS = st.fixed_dictionaries({"displayName": NAMES}, optional={"externalId": NAMES})

EQUALITY = ["eq", "ne"]
ORDER = [*EQUALITY, "gt", "ge", "lt", "le"]
ALL = [*ORDER, "co", "sw", "ew"]


def path(text: str) -> AttrPath:
    schema, name = (ENTERPRISE_USER_URN, text[1:]) if text.startswith("+") else (None, text)
    head, _, sub = name.partition(".")
    return AttrPath(schema, head, sub or None)


def comparisons(
    paths: list[str], ops: list[str], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[Filter]:
    named = st.sampled_from(paths).map(path)
    plain = st.builds(Comparison, named, st.sampled_from(ops), values)
    return plain | st.builds(Comparison, named, st.sampled_from(EQUALITY), st.none())


def trees(leaves: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(Not, inner)
            | st.builds(And, st.tuples(inner, inner))
            | st.builds(Or, st.tuples(inner, inner))
        ),
        max_leaves=4,
    )


ELEMENT_FILTERS = trees(
    comparisons(["value", "type", "display"], ALL, TEXTS)
    | comparisons(["primary"], EQUALITY, st.booleans())
    | st.builds(Present, st.sampled_from(["value", "type", "primary"]).map(path))
)
USER_TEXTS = [
    "userName", "externalId", "id", "displayName", "title", "profileUrl", "name.givenName", "name.familyName",
    "emails", "emails.value", "emails.type", "roles.display", "schemas", "meta.location", "meta.version",
    "meta.resourceType", "groups.value", "groups.display", "groups.type", "groups.$ref", "+department",
    "+manager", "+manager.value", "+manager.$ref",
]  # fmt: skip
USER_FILTERS = trees(
    comparisons(USER_TEXTS, ALL, TEXTS | st.sampled_from([USER_RESOURCE.core.id, "User", "direct", 'W/"1"']))
    | comparisons(["active", "emails.primary", "roles.primary"], EQUALITY, st.booleans())
    | comparisons(["meta.created", "meta.lastModified"], ORDER, INSTANTS)
    | st.builds(
        Present,
        st.sampled_from(
            [*USER_TEXTS, "emails.primary", "name", "meta", "meta.created", "groups", "active", "roles"]
        ).map(path),
    )
    | st.builds(ValuePath, st.sampled_from(["emails", "roles"]).map(path), ELEMENT_FILTERS)
    | st.builds(
        ValuePath,
        st.just(path("name")),
        trees(
            comparisons(["givenName", "familyName"], ALL, TEXTS)
            | st.builds(Present, st.just(path("givenName")))
        ),
    )
)
GROUP_TEXTS = ["displayName", "externalId", "id", "members", "members.value", "members.$ref", "members.type",
               "members.display", "meta.version"]  # fmt: skip
GROUP_FILTERS = trees(
    comparisons(GROUP_TEXTS, ALL, TEXTS | st.sampled_from(["User", "group", "person-0", "group-0"]))
    | st.builds(Present, st.sampled_from([*GROUP_TEXTS, "schemas", "meta"]).map(path))
    | st.builds(
        ValuePath,
        st.just(path("members")),
        trees(
            comparisons(
                ["value", "type", "display"], ALL, st.sampled_from(["user", "Group", "person-1", "group-0"])
            )
        ),
    )
)

#: What of an empty text is neither different from it nor greater than it.
EMPTY_GIVEN_NAME = ValuePath(
    path("name"),
    Not(And((Comparison(path("givenName"), "ne", ""), Comparison(path("givenName"), "gt", "")))),
)


class Undone(Exception):
    """Raised at the end of an example, so that the next one finds the database as this one did."""


@contextmanager
def undone(database: Database) -> Iterator[tuple[TenantSession, str]]:
    """Open a transaction in a tenant with a connection; nothing of it stays."""
    tenant_id = new_id(NOW)
    cause = Cause("operator", "mara", "request-1")
    with suppress(Undone), database.write(tenant_id) as session:
        create_tenant(session, name="Okafor", currency="EUR", timezone="UTC", cause=cause, now=NOW)
        connection = create_connection(
            session, name="IdP", kind="okta", dialect=None, live=True, cause=cause, now=NOW
        )
        yield session, connection.id
        raise Undone


def user_name(raw: dict[str, Any]) -> str:
    return fold(raw["userName"])


def external_id(raw: dict[str, Any]) -> object:
    """Tell resources apart by their external id; those without one are all different."""
    return raw.get("externalId", id(raw))


def store(session: TenantSession, connection_id: str, people: list[Any], groups: list[Any]) -> None:
    for number, raw in enumerate(people):
        read = canonical_resource(raw, USER_RESOURCE, DIALECTS["generic"])
        add_person(
            session,
            {"active": True, **read.resource},
            connection_id=connection_id,
            external_digest=None,
            cause_id="1",
            person_id=f"person-{number}",
            at=NOW + timedelta(seconds=number),
        )
    for number, raw in enumerate(groups):
        read = canonical_resource(raw, GROUP_RESOURCE, DIALECTS["generic"])
        add_group(
            session,
            read.resource,
            connection_id=connection_id,
            unique_name=False,
            cause_id="1",
            group_id=f"group-{number}",
            at=NOW + timedelta(seconds=number),
        )
        members = [Member(f"person-{each}", "person") for each in range(number, len(people))]
        nested = [Member(f"group-{each}", "group") for each in range(number)]
        open_memberships(session, f"group-{number}", members + nested, at=NOW, cause_id="1")


def first_page(session: TenantSession, query: Query) -> Page:
    return index_page(session, query, start_index=1, count=99)


@BOTH_DATABASES
@example(
    people=[{"userName": "a", "name": {"givenName": ""}}, {"userName": "b", "name": {"givenName": "a"}}],
    groups=[],
    filters=[EMPTY_GIVEN_NAME, Not(EMPTY_GIVEN_NAME)],
)
@given(
    people=st.lists(
        PEOPLE, min_size=PEOPLE_EACH, max_size=PEOPLE_EACH + 2, unique_by=(user_name, external_id)
    ),
    groups=st.lists(GROUPS, max_size=1),
    filters=st.lists(USER_FILTERS, min_size=FILTERS_EACH, max_size=FILTERS_EACH),
)
def test_the_database_selects_the_people_that_the_filter_means(
    database: Database, people: list[Any], groups: list[Any], filters: list[Filter]
):
    with undone(database) as (session, connection_id):
        store(session, connection_id, people, groups)
        wanted = {"connection_id": connection_id, "root": ROOT}
        everybody = first_page(session, people_query(session, parsed=None, **wanted)).found
        named = groups_of(session, [each.id for each in everybody])
        documents = [user_document(each, named[each.id], root=ROOT) for each in everybody]
        assert len(documents) == len(people)
        for unresolved in filters:
            parsed = resolve_filter(unresolved, USER_RESOURCE)
            found = first_page(session, people_query(session, parsed=parsed, **wanted))
            expected = [each["id"] for each in documents if matches(parsed, each, USER_RESOURCE)]
            assert ([each.id for each in found.found], found.total) == (expected, len(expected)), parsed


@BOTH_DATABASES
@given(
    groups=st.lists(GROUPS, min_size=1, max_size=3, unique_by=external_id),
    filters=st.lists(GROUP_FILTERS, min_size=FILTERS_EACH, max_size=FILTERS_EACH),
)
def test_the_database_selects_the_groups_that_the_filter_means(
    database: Database, groups: list[Any], filters: list[Filter]
):
    with undone(database) as (session, connection_id):
        store(session, connection_id, [{"userName": "a"}, {"userName": "b"}], groups)
        wanted = {"connection_id": connection_id, "root": ROOT}
        all_groups = first_page(session, groups_query(session, parsed=None, **wanted)).found
        listed = members_of(session, [each.id for each in all_groups])
        documents = [group_document(each, listed[each.id], root=ROOT) for each in all_groups]
        assert len(documents) == len(groups)
        for unresolved in filters:
            parsed = resolve_filter(unresolved, GROUP_RESOURCE)
            found = first_page(session, groups_query(session, parsed=parsed, **wanted))
            expected = [each["id"] for each in documents if matches(parsed, each, GROUP_RESOURCE)]
            assert ([each.id for each in found.found], found.total) == (expected, len(expected)), parsed
