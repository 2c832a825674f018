"""Pages of everybody: as if counted to, in whatever order people come, go and return."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.directory.counts import FOLDED_FROM, count_created, count_living, fold_counts
from bridge.directory.people import add_person
from bridge.directory.tables import Group, Person, ResourceCount
from bridge.directory.whole_lists import MOST_NEWER
from tests.database.opened import NOW
from tests.scim_http.crowd import add_crowd
from tests.scim_http.speaking import ENTERPRISE, GROUP, USER, Speaker, add_speaker, statements_of

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["create", "bulk", "late", "delete", "return", "fold"]), st.integers(0, 5)),
        st.tuples(st.sampled_from(["on", "on", "jump"]), st.integers(1, 9)),
        st.tuples(st.sampled_from(["group", "delete group"]), st.integers(0, 5)),
    ),
    min_size=10,
    max_size=25,
)


class Story:
    """A connection whose people come and go, and a client that walks through them meanwhile."""

    def __init__(self, app: Flask) -> None:
        self.idp = add_speaker(app)
        self.database: Database = app.extensions["bridge"].database
        self.made = 0
        self.following = {"Users": 1, "Groups": 1}

    def name(self) -> dict[str, str]:
        self.made += 1
        return {"userName": f"p{self.made}", "externalId": f"x{self.made}"}

    def living(self, table: type[Person | Group]) -> list[str]:
        own = (table.connection_id == self.idp.connection_id, table.deleted_at.is_(None))
        with self.database.read(self.idp.tenant_id) as session:
            return list(session.scalars(select(table.id).where(*own).order_by(table.created_at, table.id)))

    def step(self, what: str, number: int) -> None:
        if what in {"on", "jump"}:
            for path, table in (("Users", Person), ("Groups", Group)):
                self.look(path, table, number, on=what == "on")
        elif what.startswith("delete"):
            path, table = ("Groups", Group) if what == "delete group" else ("Users", Person)
            for each in self.living(table)[number : number + 1]:
                assert self.idp.ask("DELETE", f"/{path}/{each}").status_code == 204
        else:
            {
                "create": lambda _number: self.idp.create(**self.name()),
                "bulk": self.bulk,
                "late": self.late,
                "return": self.comes_back,
                "group": lambda _number: self.idp.create_group("drivers"),
                "fold": self.fold,
            }[what](number)

    def bulk(self, number: int) -> None:
        operations = [
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": str(each),
                "data": {"schemas": [USER], **self.name()},
            }
            for each in range(number)
        ]
        schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
        body = {"schemas": [schema], "Operations": operations}
        assert self.idp.ask("POST", "/Bulk", body).status_code == 200

    def comes_back(self, number: int) -> None:
        """Create whoever is deleted under the old id, and whoever is not in vain."""
        if self.made:
            one = number % self.made + 1
            names = {"userName": f"p{one}", "externalId": f"x{one}"}
            self.idp.ask("POST", "/Users", {"schemas": [USER], **names})

    def fold(self, _number: int) -> None:
        """Note so much that comes to nothing that the workers fold it."""
        own = {"connection_id": self.idp.connection_id, "at": NOW}
        with self.database.write(self.idp.tenant_id) as session:
            for each in range(FOLDED_FROM):
                count_created(session, "person", number=1 if each % 2 else -1, **own)
        fold_counts(self.database, self.idp.tenant_id, now=NOW)
        rows = self.idp.rows(ResourceCount, ResourceCount.kind == "person")
        assert len(rows) == 1

    def late(self, hours: int) -> None:
        """Create somebody among those before, as by a server whose clock is behind."""
        at = NOW + timedelta(hours=hours)
        with self.database.write(self.idp.tenant_id) as session:
            add_person(
                session,
                {"schemas": [USER], **self.name(), "active": True},
                connection_id=self.idp.connection_id,
                external_digest=None,
                cause_id="1",
                person_id=new_id(at),
                at=at,
            )

    def look(self, path: str, table: type[Person | Group], number: int, *, on: bool) -> None:
        everybody = self.living(table)
        start = self.following[path] if on else number
        count = number % 4 + 1
        page = self.idp.get(f"/{path}?startIndex={start}&count={count}").json
        assert [each["id"] for each in page["Resources"]] == everybody[start - 1 : start - 1 + count]
        assert (page["totalResults"], page["startIndex"]) == (len(everybody), start)
        self.following[path] = start + page["itemsPerPage"] if page["itemsPerPage"] else 1


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(STEPS)
def test_a_page_is_what_counting_to_it_would_give(app: Flask, steps: list[tuple[str, int]]):
    story = Story(app)
    for step in steps:
        story.step(*step)
    with story.database.read(story.idp.tenant_id) as session:
        for kind, table in (("person", Person), ("group", Group)):
            counted = session.scalar(
                select(func.count()).select_from(table).where(table.deleted_at.is_(None))
            )
            assert count_living(session, kind, connection_id=story.idp.connection_id) == counted


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "displayName": TEXTS,
            "title": TEXTS,
            "active": st.booleans(),
            "emails": st.lists(st.fixed_dictionaries({"value": TEXTS, "type": TEXTS}), max_size=2),
            ENTERPRISE: st.fixed_dictionaries({"department": TEXTS}),
        },
    ),
    min_size=1,
    max_size=4,
)


def both_ways(idp: Speaker, path: str, more: str = "") -> tuple[Any, Any]:
    """Read a list whole, and by a filter that everybody fulfils."""
    return idp.get(f"/{path}?{more}").json, idp.get(f"/{path}?filter=id+pr&{more}").json


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(people=PEOPLE, group_names=st.lists(TEXTS, max_size=3))
def test_what_is_not_read_is_shown_as_what_is(
    app: Flask, people: list[dict[str, Any]], group_names: list[str]
):
    idp = add_speaker(app)
    ids = [idp.create(userName=f"p{number}", **person) for number, person in enumerate(people)]
    groups = [idp.create_group(name, *ids[number:]) for number, name in enumerate(group_names)]
    if groups:
        idp.patch(f"/Groups/{groups[0]}", {"op": "add", "path": "members", "value": [{"value": groups[-1]}]})
    idp.patch(f"/Users/{ids[0]}", {"op": "replace", "path": "nickName", "value": "Ada"})
    for path, more in (
        ("Users", ""),
        ("Groups", ""),
        ("Groups", "excludedAttributes=members"),
        ("Groups", f"excludedAttributes=MEMBERS,{GROUP}:members"),
    ):
        whole, general = both_ways(idp, path, more)
        assert whole == general
        assert whole["totalResults"] == len(ids if path == "Users" else groups)


def test_an_address_that_json_has_to_escape_is_escaped(idp: Speaker):
    idp.create(userName="ada")
    address = {"base_url": "http://bridge.example/a\\b"}
    [shown] = idp.get("/Users", **address).json["Resources"]
    [general] = idp.get("/Users?filter=id+pr", **address).json["Resources"]
    assert shown == general


def of_people(statements: list[str]) -> list[str]:
    return [each for each in statements if "FROM people" in each]


def test_who_walks_on_is_not_counted_to(idp: Speaker):
    add_crowd(idp, 9)
    idp.get("/Users?count=3")
    for start in (4, 7):
        with statements_of(idp) as statements:
            assert idp.get(f"/Users?startIndex={start}&count=3").json["itemsPerPage"] == 3
        assert len(of_people(statements)) == 1


def test_who_jumps_is_counted_to_once(idp: Speaker):
    add_crowd(idp, 9)
    for expected in (2, 1):
        with statements_of(idp) as statements:
            assert idp.get("/Users?startIndex=5&count=3").json["itemsPerPage"] == 3
        assert len(of_people(statements)) == expected


@pytest.mark.parametrize(("created", "statements_of_people"), [(1, 2), (MOST_NEWER + 1, 3)])
def test_a_place_is_found_anew_when_many_have_come_since(
    app: Flask, idp: Speaker, created: int, statements_of_people: int
):
    add_crowd(idp, 5)
    idp.get("/Users?count=3")
    with app.extensions["bridge"].database.write(idp.tenant_id) as session:
        for _ in range(created):
            person_id = new_id(NOW)
            add_person(
                session,
                {"schemas": [USER], "userName": person_id, "active": True},
                connection_id=idp.connection_id,
                external_digest=None,
                cause_id="1",
                person_id=person_id,
                at=NOW + timedelta(seconds=1),
            )
    with statements_of(idp) as statements:
        page = idp.get("/Users?startIndex=4&count=2").json
    assert (page["totalResults"], page["itemsPerPage"]) == (5 + created, 2)
    assert len(of_people(statements)) == statements_of_people


def test_another_connection_of_the_tenant_has_lists_of_its_own(app: Flask, idp: Speaker):
    add_crowd(idp, 3)
    other = add_speaker(app, tenant_id=idp.tenant_id)
    assert other.get("/Users").json["totalResults"] == 0
    add_crowd(other, 2)
    assert [each.get("/Users?count=0").json["totalResults"] for each in (idp, other)] == [3, 2]
