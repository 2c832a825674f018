"""A schema of a tenant's own: created, replaced, patched, filtered, sorted and discovered like the others."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from bridge.database.sessions import Database
from bridge.errors import Conflict, TooMany
from bridge.journal.record import Subject
from bridge.journal.tables import JournalEntry
from bridge.mapping.apply_rules import apply_rules
from bridge.mapping.rule_sets import rule_sets_in_force
from bridge.seats.due import take_due
from bridge.seats.tables import Seat
from bridge.tenants.extension_schemas import apply_extension, extension_schemas, user_schema
from bridge.tenants.tables import ExtensionSchema
from tests.database.opened import CAUSE, NOW
from tests.scim_http.speaking import ENTERPRISE, USER, Speaker, add_speaker, statements_of

URN = "urn:lindqvist:params:scim:schemas:extension:Fleet:2.0:User"
DEPOT = {"name": "depot", "type": "string"}
BADGE = {"name": "badge", "type": "string", "caseExact": True}
TRUCKS = {"name": "trucks", "type": "integer"}
TRAINED = {"name": "trained", "type": "boolean"}
LOAD = {"name": "load", "type": "decimal"}
SINCE = {"name": "since", "type": "dateTime"}
ROUTES = {"name": "routes", "type": "string", "multiValued": True}
LICENCES = {
    "name": "licences",
    "type": "complex",
    "multiValued": True,
    "subAttributes": [{"name": "value"}, {"name": "until", "type": "dateTime"}],
}
SEVERAL = tuple(
    {"name": name, "type": kind, "multiValued": True}
    for name, kind in (("sizes", "integer"), ("loads", "decimal"), ("days", "dateTime"), ("flags", "boolean"))
)
ALL = (*SEVERAL, DEPOT, BADGE, TRUCKS, TRAINED, LOAD, SINCE, ROUTES, LICENCES)
HELD: dict[str, Any] = {
    "sizes": [3, 10],
    "loads": [7.5, -1],
    "days": ["2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z"],
    "flags": [False],
    "depot": "Malmö",
    "badge": "aB7",
    "trucks": 3,
    "trained": True,
    "load": 7.5,
    "since": "2026-03-01T00:00:00Z",
    "routes": ["E6", "E22"],
    "licences": [{"value": "CE", "until": "2027-01-01T00:00:00Z"}, {"value": "D"}],
}


def database_of(idp: Speaker) -> Database:
    database: Database = idp.app.extensions["bridge"].database
    return database


def define(idp: Speaker, *attributes: dict[str, object], urn: str = URN, most: int = 10):
    document = {"id": urn, "name": "Fleet", "attributes": list(attributes)}
    with database_of(idp).write(idp.tenant_id) as session:
        return apply_extension(session, document, author="mara", most=most, cause=CAUSE, now=NOW)


@pytest.fixture
def fleet(idp: Speaker) -> Speaker:
    define(idp, *ALL)
    return idp


def found(idp: Speaker, text: str) -> list[str]:
    answer = idp.get("/Users", query_string={"filter": text})
    assert answer.status_code == 200, answer.json
    return [each["userName"] for each in answer.json["Resources"]]


def test_what_is_created_comes_back_and_names_its_schema(fleet: Speaker):
    person_id = fleet.create(userName="ada", **{URN: HELD, ENTERPRISE: {"department": "Road"}})
    shown = fleet.get(f"/Users/{person_id}").json
    assert shown[URN] == HELD
    assert shown["schemas"] == [USER, ENTERPRISE, URN]
    asked = fleet.get(f"/Users/{person_id}?attributes={URN}:depot").json
    assert asked[URN] == {"depot": "Malmö"}
    assert "trucks" not in fleet.get(f"/Users/{person_id}?excludedAttributes={URN}:trucks").json[URN]


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('depot eq "MALMÖ"', True),
        ('badge eq "aB7"', True),
        ('badge eq "AB7"', False),
        ("trucks gt 2", True),
        ("trucks ge 4", False),
        ("trained eq true", True),
        ("load lt 7.6", True),
        ('since lt "2026-03-01T00:00:00.001Z"', True),
        ('since gt "2026-03-01T01:00:00+01:00"', False),
        ('routes eq "e22"', True),
        ('routes co "E4"', False),
        ('licences.value eq "ce"', True),
        ('licences[value eq "CE" and until gt "2026-12-31T00:00:00Z"]', True),
        ('licences[value eq "D" and until pr]', False),
        ("depot pr", True),
        ("sizes gt 9", True),
        ("sizes eq 1", False),
        ("loads lt 0", True),
        ("loads eq 7.5", True),
        ('days gt "2026-04-01T00:00:00+02:00"', True),
        ('days lt "2026-03-01T00:00:00Z"', False),
        ("flags eq false", True),
        ("flags eq true", False),
    ],
)
def test_each_type_is_filtered_by_its_own_rules(fleet: Speaker, text: str, *, matches: bool):
    fleet.create(userName="ada", **{URN: HELD})
    fleet.create(userName="grace")
    assert found(fleet, f"{URN}:{text}") == (["ada"] if matches else [])


def test_a_put_replaces_it_and_a_patch_changes_parts(fleet: Speaker):
    person_id = fleet.create(userName="ada", **{URN: HELD})
    body = {"schemas": [USER, URN], "userName": "ada", URN: {"depot": "Lund", "trucks": 1}}
    assert fleet.ask("PUT", f"/Users/{person_id}", body).json[URN] == {"depot": "Lund", "trucks": 1}
    answer = fleet.patch(
        f"/Users/{person_id}",
        {"op": "replace", "path": f"{URN}:trucks", "value": 2},
        {"op": "add", "path": f"{URN}:licences", "value": [{"value": "CE"}, {"value": "D"}]},
        {"op": "remove", "path": f'{URN}:licences[value eq "D"]'},
        {"op": "add", "value": {URN: {"trained": True}}},
        {"op": "remove", "path": f"{URN}:depot"},
    )
    assert answer.json[URN] == {"trucks": 2, "licences": [{"value": "CE"}], "trained": True}
    assert found(fleet, f"{URN}:trucks eq 2") == ["ada"]
    assert found(fleet, f"{URN}:depot pr") == []


def test_people_are_sorted_by_it(fleet: Speaker):
    for name, trucks in (("ada", 10), ("grace", 9), ("joan", None)):
        fleet.create(userName=name, **({URN: {"trucks": trucks}} if trucks else {}))
    answer = fleet.get("/Users", query_string={"sortBy": f"{URN}:trucks"}).json
    assert [each["userName"] for each in answer["Resources"]] == ["grace", "ada", "joan"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trucks", "three"),
        ("trained", "maybe"),
        ("since", "yesterday"),
        ("routes", {"a": 1}),
        ("depot", ["a", "b"]),
    ],
)
def test_a_value_of_another_type_is_refused(fleet: Speaker, name: str, value: object):
    answer = fleet.ask("POST", "/Users", {"schemas": [USER], "userName": "ada", URN: {name: value}})
    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
    assert name in answer.json["detail"]


def test_it_is_discovered_like_any_other_schema(fleet: Speaker):
    listed = fleet.get("/Schemas").json
    assert URN in [each["id"] for each in listed["Resources"]]
    schema = fleet.get(f"/Schemas/{URN}").json
    assert [each["name"] for each in schema["attributes"]] == [each["name"] for each in ALL]
    assert schema["meta"]["location"].endswith(f"/scim/v2/Schemas/{URN}")
    extensions = fleet.get("/ResourceTypes/User").json["schemaExtensions"]
    assert {"schema": URN, "required": False} in extensions


def test_a_change_is_seen_at_once_and_by_its_own_tenant_alone(app: Flask, idp: Speaker):
    other = add_speaker(app)
    assert idp.get("/Users", query_string={"filter": f"{URN}:depot pr"}).status_code == 400
    assert define(idp, DEPOT).version == 1
    assert idp.get("/Users", query_string={"filter": f"{URN}:depot pr"}).status_code == 200
    assert define(idp, DEPOT, TRUCKS).version == 2
    person_id = idp.create(userName="ada", **{URN: {"depot": "Lund", "trucks": 4}})
    assert idp.get(f"/Users/{person_id}").json[URN] == {"depot": "Lund", "trucks": 4}
    assert other.get("/Users", query_string={"filter": f"{URN}:depot pr"}).status_code == 400
    stranger = other.create(userName="ada", **{URN: {"depot": "Lund"}})
    assert URN not in other.get(f"/Users/{stranger}").json
    assert other.get(f"/Schemas/{URN}").status_code == 404


def test_what_a_person_holds_stays_through_changes_of_other_parts(fleet: Speaker):
    person_id = fleet.create(userName="ada", externalId="7", **{URN: {"trucks": 4}})
    fleet.patch(f"/Users/{person_id}", {"op": "replace", "path": "active", "value": False})
    assert found(fleet, f"{URN}:trucks eq 4 and active eq false") == ["ada"]


def test_a_tenant_without_schemas_of_its_own_pays_no_statement_for_them(idp: Speaker):
    person_id = idp.create(userName="ada")
    with statements_of(idp) as sent:
        idp.get(f"/Users/{person_id}")
    assert not [each for each in sent if "extension_schemas" in each]


def test_the_same_schema_is_not_applied_again_and_a_later_one_means_the_same(idp: Speaker):
    assert define(idp, DEPOT).applied
    again = define(idp, DEPOT)
    assert (again.applied, again.version) == (False, 1)
    with pytest.raises(Conflict, match="another type"):
        define(idp, {**DEPOT, "type": "integer"})
    with pytest.raises(Conflict, match="spelled"):
        define(idp, DEPOT, TRUCKS, urn=URN.replace("Fleet", "FLEET"))
    assert len(idp.rows(ExtensionSchema)) == 1
    [entry] = idp.rows(JournalEntry, JournalEntry.action == "tenants:schema:apply")
    assert entry.details == {"version": 1, "attributes": 1}


@pytest.mark.parametrize("urn", [USER, ENTERPRISE.upper().replace("URN", "urn"), f"{USER}:own", f"{URN}:own"])
def test_no_urn_is_taken_twice_nor_mistaken_for_an_attribute(idp: Speaker, urn: str):
    define(idp, DEPOT)
    with pytest.raises(Conflict, match="choose another URN"):
        define(idp, DEPOT, urn=urn)


def test_a_tenant_has_so_many_schemas_and_no_more(idp: Speaker):
    define(idp, DEPOT, urn="urn:own:first", most=1)
    with pytest.raises(TooMany, match="at most 1"):
        define(idp, DEPOT, urn="urn:own:second", most=1)
    assert define(idp, DEPOT, TRUCKS, urn="urn:own:first", most=1).version == 2
    with database_of(idp).read(idp.tenant_id) as session:
        assert [row.version for row in extension_schemas(session)] == [2]
        assert [each.id for each in user_schema(session).extensions] == [ENTERPRISE, "urn:own:first"]


def test_rules_ask_for_it_and_seats_follow(fleet: Speaker):
    database = database_of(fleet)
    document = {"rules": [{"name": "drivers", "when": f"{URN}:trucks ge 2", "plan": "premium"}]}
    with database.write(fleet.tenant_id) as session:
        apply_rules(
            session, document, author="mara", note="", effective_from=NOW, known_plans={"premium"},
            known_roles=(), cause=CAUSE, now=NOW,
        )  # fmt: skip
        assert rule_sets_in_force(session)[0].rules.rules[0].name == "drivers"
    driver = fleet.create(userName="ada", **{URN: {"trucks": 2}})
    walker = fleet.create(userName="grace", **{URN: {"trucks": 1}})
    take_due(
        database, fleet.tenant_id, now=datetime.now(tz=UTC), limit=100, closed_until=lambda _session: None
    )
    seats = fleet.rows(Seat)
    assert [(each.person_id, each.plan) for each in seats] == [(driver, "premium")]
    assert walker not in {Subject("person", each.person_id).id for each in seats}
