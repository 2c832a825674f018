import pytest

from bridge.errors import Conflict, InvalidValue
from bridge.mapping.apply_roles import apply_roles
from bridge.mapping.role_catalogues import list_catalogues, roles_of
from bridge.mapping.role_document import RoleLimits, parse_roles, role_document, stored_roles
from bridge.mapping.set_override import WantedOverride, set_override
from bridge.oversight.preview_roles import preview_roles
from config.catalogue import roles
from tests.seats.facts import at
from tests.seats.house import OPERATOR, PLANS, SALES, House, database, house, shared_url

__all__ = ["database", "house", "shared_url"]

DISPATCHER = {
    "name": "Dispatcher",
    "description": "Plans tours.",
    "privileges": ["tours:write", "tours:read"],
}


def apply(house, document, *, hour=1):
    with house.database.write(house.tenant_id) as session:
        return apply_roles(
            session, document, author="mara", limits=RoleLimits(), cause=OPERATOR, now=at(hour)
        )


def known(house, *, hour=None):
    with house.database.read(house.tenant_id) as session:
        return roles_of(session, at=at(hour))


def test_a_tenants_own_roles_stand_beside_and_above_the_shipped_ones(house):
    assert known(house) == roles()
    viewer = {"name": "Looker", "privileges": ["reports:read"]}
    assert apply(house, {"dispatcher": DISPATCHER, "viewer": viewer}).version == 1
    now = known(house)
    assert now.keys() == {*roles(), "dispatcher"}
    assert now["viewer"].privileges == ("reports:read",)
    assert now["dispatcher"].privileges == ("tours:read", "tours:write")
    assert known(house, hour=0) == roles()  # versions are dated


def test_the_same_roles_once_more_change_nothing_and_others_are_a_new_version(house):
    first = apply(house, {"dispatcher": DISPATCHER})
    again = apply(house, {"dispatcher": DISPATCHER}, hour=2)
    assert (again.applied, again.id) == (False, first.id)
    assert apply(house, {}, hour=3).version == 2
    assert known(house) == roles()
    with house.database.read(house.tenant_id) as session:
        assert [row.version for row in list_catalogues(session)] == [2, 1]


def test_rules_can_give_own_roles_which_then_cannot_be_left_out(house):
    apply(house, {"viewer": DISPATCHER, "dispatcher": DISPATCHER})
    house.person("ada")
    given = {"person_id": "ada", "plan": None, "roles": ("dispatcher",), "reason": "trial"}
    with house.database.write(house.tenant_id) as session:
        set_override(
            session, WantedOverride(**given, start=at(2), end=at(5)), author="mara", known_plans=PLANS,
            known_roles=roles_of(session), most=9, cause=OPERATOR, now=at(2),
        )  # fmt: skip
    house.drain(2)
    assert [span[2] for span in house.seats("ada")] == ["none"]
    with pytest.raises(Conflict, match="dispatcher is given by the override"):
        apply(house, {}, hour=3)
    assert apply(house, {}, hour=6).applied  # the override has ended
    house.rules({**SALES, "roles": ["viewer"]}, effective_from=9, now=at(7))
    assert apply(house, {"dispatcher": DISPATCHER}, hour=8).applied  # viewer is shipped: it stays


def test_a_role_of_rules_to_come_cannot_be_left_out_one_of_past_rules_can(house, monkeypatch):
    apply(house, {"dispatcher": DISPATCHER})
    monkeypatch.setattr("tests.seats.house.ROLES", {"dispatcher"})
    house.rules({**SALES, "roles": ["dispatcher"]}, effective_from=2, now=at(1))
    with pytest.raises(Conflict, match="dispatcher is given by version 1 of the rules"):
        apply(house, {}, hour=1)
    house.rules(SALES, effective_from=4, now=at(4))
    assert apply(house, {}, hour=5).applied


def test_another_tenant_does_not_see_them(house, database):
    apply(house, {"dispatcher": DISPATCHER})
    assert known(House(database)) == roles()


def test_a_preview_counts_who_gets_and_loses_privileges(house):
    house.person("ada")
    house.joins("ada", "a")
    house.rules({**SALES, "roles": ["viewer"]})
    house.drain(1)
    document = {"dispatcher": DISPATCHER, "viewer": {"name": "Looker", "privileges": ["tours:read"]}}
    with house.database.read(house.tenant_id) as session:
        found = preview_roles(session, document, limits=RoleLimits(), now=at(1))
        before = preview_roles(session, document, limits=RoleLimits(), now=at(0) - (at(1) - at(0)))
    assert found == [
        {"role": "dispatcher", "gains": ["tours:read", "tours:write"], "loses": [], "people": 0},
        {
            "role": "viewer",
            "gains": ["tours:read"],
            "loses": ["dashboards:read", "reports:read"],
            "people": 1,
        },
    ]
    assert [each["people"] for each in before] == [0, 0]


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        ({"Dispatcher": DISPATCHER}, "/Dispatcher", "lower-case letters"),
        ({"a/b~": DISPATCHER}, "/a~1b~0", "lower-case letters"),
        ({"a": []}, "/a", "expected one with name"),
        ({"a": {**DISPATCHER, "rights": []}}, "/a", "unknown key"),
        ({"a": {**DISPATCHER, "name": " "}}, "/a/name", "1 to 100"),
        ({"a": {**DISPATCHER, "name": "x" * 101}}, "/a/name", "1 to 100"),
        ({"a": {**DISPATCHER, "name": "a\x00"}}, "/a/name", "send it without"),
        ({"a": {**DISPATCHER, "description": 3}}, "/a/description", "0 to 500"),
        ({"a": {"name": "A"}}, "/a/privileges", "expected an array"),
        ({"a": {"name": "A", "privileges": ["a:b"] * 201}}, "/a/privileges", "at most 200"),
        ({"a": {"name": "A", "privileges": ["reports"]}}, "/a/privileges/0", "subject:verb"),
        ({"a": {"name": "A", "privileges": ["a:b", 3]}}, "/a/privileges/1", "subject:verb"),
        ({f"r{number}": DISPATCHER for number in range(201)}, "", "at most 200"),
    ],
)
def test_what_is_no_role_is_refused_with_its_place(document, pointer, words):
    with pytest.raises(InvalidValue, match=words) as caught:
        parse_roles(document, limits=RoleLimits())
    assert caught.value.pointer == pointer


def test_the_shipped_roles_are_a_document_that_a_tenant_may_apply():
    document = role_document(roles())
    assert stored_roles(document) == roles()
    assert parse_roles(document, limits=RoleLimits()).keys() == roles().keys()
