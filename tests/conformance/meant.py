"""Random requests that mean something: about people and groups who are there, with values that fit.

``person-0`` and ``group-0`` stand for ids, which whoever sends the request fills in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from bridge.scim.bulk import BULK_REQUEST_URN
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.scim.search_request import SEARCH_URN
from tests.scim.random_filters import FILTERS, written
from tests.scim_http.speaking import GROUP, PATCH_OP, USER

PEOPLE, GROUPS = [f"person-{number}" for number in range(8)], [f"group-{number}" for number in range(4)]
RECORDED = json.loads((Path(__file__).parents[1] / "scim_http" / "recorded.json").read_text())

Strategy = st.SearchStrategy[Any]


@dataclass(frozen=True)
class Meant:
    """A request to a path below the entrance; it is sent as schemathesis sends its own."""

    method: str
    path: str
    body: object = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_transport_kwargs(self, *, base_url: str) -> dict[str, Any]:
        body = {} if self.body is None else {"json": self.body}
        headers = {"Content-Type": "application/scim+json", **self.headers}
        url = f"{base_url}/scim/v2{self.path}"
        return {"method": self.method, "url": url, "params": dict(self.query), "headers": headers, **body}


def record(**parts: Strategy) -> Strategy:
    return st.fixed_dictionaries(parts)


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
NAMES = WORDS | st.uuids().map(str)
PERSON, GROUP_ID = st.sampled_from(PEOPLE), st.sampled_from(GROUPS)
MAIL = st.from_regex(r"[a-z]{1,8}@lindqvist\.example", fullmatch=True)
MAILS = MAIL.map(lambda value: [{"value": value, "type": "work", "primary": True}])
MEMBERS = st.lists(record(value=PERSON | GROUP_ID), max_size=4)
LISTED = st.lists(record(value=WORDS), min_size=1, max_size=3)

OF_PEOPLE: Mapping[str, Strategy] = {
    "active": st.sampled_from([True, False, "True", "False"]),
    "userName": WORDS,
    "externalId": WORDS,
    "displayName": WORDS,
    "title": WORDS,
    "password": WORDS,
    "name": record(givenName=WORDS, familyName=WORDS),
    "name.givenName": WORDS,
    "emails": MAILS,
    'emails[type eq "work"].value': MAIL,
    "phoneNumbers": LISTED,
    "roles": LISTED,
    "entitlements": LISTED,
    f"{ENTERPRISE_USER_URN}:department": WORDS,
    f"{ENTERPRISE_USER_URN}:manager": record(value=PERSON),
}
OF_GROUPS: Mapping[str, Strategy] = {"displayName": WORDS, "externalId": WORDS, "members": MEMBERS}
TAKEN_AWAY = {
    "Users": [
        "displayName", "title", "active", "emails", 'emails[type eq "work"]', "name.givenName", "roles",
        'phoneNumbers[value eq "1"]', "nickName", f"{ENTERPRISE_USER_URN}:manager", ENTERPRISE_USER_URN,
    ],
    "Groups": ["externalId", "members", *(f'members[value eq "{each}"]' for each in PEOPLE)],
}  # fmt: skip
SORTED_BY = ["userName", "displayName", "meta.created", "name.familyName", "emails.value", "id"]


def changes(values: Mapping[str, Strategy]) -> Strategy:
    """One operation of a PATCH that sets something, with its path or without."""
    verb = st.sampled_from(["add", "replace", "Add", "Replace"])
    return st.sampled_from(list(values)).flatmap(
        lambda path: (
            record(op=verb, path=st.just(path), value=values[path])
            | record(op=verb, value=st.fixed_dictionaries({path: values[path]}))
        )
    )


def patch_of(place: str) -> Strategy:
    removal = record(op=st.sampled_from(["remove", "Remove"]), path=st.sampled_from(TAKEN_AWAY[place]))
    leaving = record(op=st.just("remove"), path=st.just("members"), value=MEMBERS)
    operation = changes(OF_PEOPLE) | removal if place == "Users" else changes(OF_GROUPS) | removal | leaving
    operations = st.lists(operation, min_size=1, max_size=4)
    return record(schemas=st.just([PATCH_OP]), Operations=operations)


def person_body(name: Strategy) -> Strategy:
    optional = {
        path: value for path, value in OF_PEOPLE.items() if path.isidentifier() and path != "userName"
    }
    return st.fixed_dictionaries({"schemas": st.just([USER]), "userName": name}, optional=optional)


def group_body(members: Strategy = MEMBERS) -> Strategy:
    return record(schemas=st.just([GROUP]), displayName=WORDS, members=members)


METHODS = ("PATCH", "PATCH", "PUT", "DELETE")


@st.composite
def on_one(draw: st.DrawFn, *methods: str) -> tuple[str, str, object]:
    """A change of one person or group: method, path, body."""
    place, one = draw(st.sampled_from([("Users", PERSON), ("Groups", GROUP_ID)]))
    target, method = draw(one), draw(st.sampled_from(methods))
    # The id is a name that nobody else has.
    whole = person_body(st.just(target)) if place == "Users" else group_body()
    body = {"PATCH": patch_of(place), "PUT": whole, "DELETE": st.none()}[method]
    return method, f"/{place}/{target}", draw(body)


def changing(method: str) -> Strategy:
    """A change that is sent without a condition or with one that may hold.

    Its number makes it new to Hypothesis, which sends nothing twice: there are but a few DELETEs.
    """
    return st.builds(
        lambda what, tag, number: Meant(*what, headers={**tag, "Request-Number": str(number)}),
        on_one(method),
        st.sampled_from([{}, {"If-Match": "*"}, {"If-Match": 'W/"1"'}]),
        st.integers(0, 10**9),
    )


@st.composite
def bulk_operation(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """One operation of a bulk request; it may name what those before and after it create."""
    kind = draw(st.sampled_from(["person", "group", "one", "one"]))
    if kind == "one":
        method, path, body = draw(on_one(*METHODS))
        return {"method": method, "path": path} | ({} if body is None else {"data": body})
    named = st.lists(st.integers(0, 5).map(lambda other: {"value": f"bulkId:{other}"}), max_size=2)
    body = person_body(NAMES) if kind == "person" else group_body(named | MEMBERS)
    path = "/Users" if kind == "person" else "/Groups"
    return {"method": "POST", "path": path, "bulkId": str(number), "data": draw(body)}


@st.composite
def bulks(draw: st.DrawFn) -> Meant:
    operations = [draw(bulk_operation(number)) for number in range(draw(st.integers(2, 6)))]
    body: dict[str, Any] = {"schemas": [BULK_REQUEST_URN], "Operations": operations}
    if draw(st.booleans()):
        body["failOnErrors"] = draw(st.integers(1, 3))
    return Meant("POST", "/Bulk", body)


def asking(**more: Strategy) -> Strategy:
    """What a list is asked for, by its query or in the body of a search."""
    optional = {
        "filter": FILTERS.map(written),
        "sortBy": st.sampled_from(SORTED_BY),
        "sortOrder": st.sampled_from(["ascending", "descending"]),
        "count": st.integers(0, 20),
        "startIndex": st.integers(1, 20),
    }
    return st.fixed_dictionaries(more, optional=optional)


def as_recorded(said: Mapping[str, Any], ids: Mapping[str, str]) -> Meant:
    text = json.dumps({"path": said["path"], "body": said["body"]})
    for name, each in ids.items():
        text = text.replace(f"{{{name}}}", each)
    return Meant(method=said["method"], **json.loads(text))


IDS = record(user=PERSON, member=PERSON, other=PERSON, group=GROUP_ID)
SEARCHES = st.builds(
    Meant,
    st.just("POST"),
    st.sampled_from(["/.search", "/Users/.search", "/Users/.search"]),
    asking(schemas=st.just([SEARCH_URN])),
)
LISTS = st.builds(
    Meant,
    st.just("GET"),
    st.just("/Users"),
    query=asking().map(lambda query: {name: str(each) for name, each in query.items()}),
)
NEW = st.builds(Meant, st.just("POST"), st.just("/Users"), person_body(NAMES)) | st.builds(
    Meant, st.just("POST"), st.just("/Groups"), group_body()
)
SHOWN = st.builds(Meant, st.just("GET"), PERSON.map("/Users/{}".format) | GROUP_ID.map("/Groups/{}".format))
AS_RECORDED = st.builds(as_recorded, st.sampled_from(RECORDED), IDS)

#: What is sent, and how many of every hundred requests.
MEANT = [
    (changing("PATCH"), 12), (changing("PUT"), 5), (changing("DELETE"), 4), (bulks(), 10), (SEARCHES, 5),
    (LISTS, 5), (NEW, 4), (SHOWN, 2), (AS_RECORDED, 3),
]  # fmt: skip
