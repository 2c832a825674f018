"""What a PATCH that names some parts of a complex value does to the parts that it does not name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidValue, Mutability
from bridge.scim.dialects import DIALECTS, PATCH_URN, canonical_operations
from bridge.scim.patch import apply_patch
from bridge.scim.schemas import ENTERPRISE_USER_URN, USER_RESOURCE, USER_URN

STRICT, GENERIC, ENTRA = (DIALECTS[name] for name in ("strict", "generic", "entra"))
MANAGER = f"{ENTERPRISE_USER_URN}:manager"
BOSS = {"value": "9", "$ref": "https://x.example/Users/9"}
ADA = {
    "schemas": [USER_URN, ENTERPRISE_USER_URN],
    "userName": "ada",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"type": "work", "value": "ada@work.example", "display": "Ada"}],
    ENTERPRISE_USER_URN: {"department": "Engines", "manager": BOSS},
}


def op(name, path=None, *value):
    return {"op": name, **({} if path is None else {"path": path}), **({"value": value[0]} if value else {})}


def patch(*operations, dialect=GENERIC, person=ADA, own_id=None):
    body = {"schemas": [PATCH_URN], "Operations": list(operations)}
    read, _ = canonical_operations(body, dialect, USER_RESOURCE, own_id=own_id)
    return apply_patch(person, read, USER_RESOURCE)


def extension(*operations, **options):
    return patch(*operations, **options).get(ENTERPRISE_USER_URN)


@pytest.mark.parametrize("name", ["add", "replace"])
@pytest.mark.parametrize("dialect", [STRICT, GENERIC, ENTRA])
def test_a_part_that_is_null_is_taken_away_and_no_other(name, dialect):
    only = patch(op(name, "name", {"familyName": None}), dialect=dialect)
    assert only["name"] == {"givenName": "Ada"}
    both = patch(op(name, "name", {"familyName": None, "givenName": "Augusta"}), dialect=dialect)
    assert both["name"] == {"givenName": "Augusta"}
    assert "name" not in patch(op(name, "name", {"familyName": None, "givenName": None}), dialect=dialect)
    element = patch(op("add", 'emails[type eq "work"]', {"display": None}), dialect=dialect)["emails"]
    assert element == [{"type": "work", "value": "ada@work.example"}]


def test_a_part_that_is_null_without_a_path_is_taken_away_and_no_other():
    after = patch(op("replace", None, {"name": {"familyName": None}, "title": None, "nickName": "A"}))
    assert (after["name"], after["nickName"]) == ({"givenName": "Ada"}, "A")


@pytest.mark.parametrize(
    "operation",
    [
        op("replace", "name", {"nosuch": "x"}),
        op("replace", None, {"name": {"nosuch": "x"}}),
        op("replace", MANAGER, {"displayName": "Boss"}),
        op("replace", None, {MANAGER: {"managerId": "7", "displayName": "Boss"}}),
        op("replace", 'emails[type eq "work"]', {"nosuch": "x"}),
        op("replace", ENTERPRISE_USER_URN, {"nosuch": "x"}),
        op("add", "name", {}),
        op("add", MANAGER, {}),
        op("add", 'emails[type eq "work"]', {}),
        op("add", ENTERPRISE_USER_URN, {}),
        op("add", USER_URN, {}),
    ],
)
def test_a_value_with_no_part_that_could_be_changed_changes_nothing(operation):
    assert patch(operation) == ADA


def test_a_value_that_is_empty_replaces_all_parts():
    assert "name" not in patch(op("replace", "name", {}))
    assert extension(op("replace", MANAGER, {})) == {"department": "Engines"}
    assert "emails" not in patch(op("replace", 'emails[type eq "work"]', {}))


@pytest.mark.parametrize(
    "operation",
    [
        op("replace", ENTERPRISE_USER_URN, {}),
        op("replace", ENTERPRISE_USER_URN, None),
        op("add", ENTERPRISE_USER_URN, None),
        op("replace", None, {ENTERPRISE_USER_URN: {}}),
        op("replace", None, {ENTERPRISE_USER_URN: None}),
    ],
)
def test_an_extension_that_is_null_or_replaced_by_nothing_is_gone(operation):
    after = patch(operation)
    assert after == {**{key: ADA[key] for key in ("userName", "name", "emails")}, "schemas": [USER_URN]}


def test_the_core_schema_cannot_be_null():
    with pytest.raises(Mutability, match="core schema"):
        patch(op("replace", USER_URN, None))
    assert patch(op("replace", USER_URN, {})) == ADA


@pytest.mark.parametrize(
    "empty", ["", [""], {"value": ""}, [{"value": ""}], '{"value": ""}', ['{"value": ""}'], [], "[]", [None]]
)
@pytest.mark.parametrize("dialect", [GENERIC, ENTRA])
def test_nobody_is_no_manager_however_it_is_wrapped(empty, dialect):
    assert extension(op("Replace", MANAGER, empty), dialect=dialect) == {"department": "Engines"}


@pytest.mark.parametrize(
    "wrapped",
    ["271", ["271"], '{"value": "271"}', ['{"value": "271"}'], '[{"value": "271"}]', '["271"]', ['["271"]']],
)
def test_somebody_is_a_manager_however_they_are_wrapped(wrapped):
    with pytest.raises(InvalidValue, match="manager must be an object"):
        patch(op("replace", MANAGER, wrapped), dialect=STRICT)
    assert extension(op("Replace", MANAGER, wrapped))["manager"] == {"value": "271"}


def test_an_empty_text_for_the_value_itself_takes_the_value_away():
    assert extension(op("Replace", f"{MANAGER}.value", ""), dialect=ENTRA) == {"department": "Engines"}
    assert "emails" not in patch(op("Replace", 'emails[type eq "work"].value', ""), dialect=ENTRA)
    assert (
        patch(op("replace", 'emails[type eq "work"].value', ""), dialect=STRICT)["emails"][0]["value"] == ""
    )
    assert patch(op("replace", "name.givenName", ""), dialect=ENTRA)["name"]["givenName"] == ""


def test_the_own_id_may_be_repeated_as_a_path_too():
    assert patch(op("replace", "id", "u1"), own_id="u1") == ADA
    for operation, dialect in (
        (op("replace", "id", "u2"), GENERIC),
        (op("remove", "id", "u1"), GENERIC),
        (op("replace", "id", "u1"), STRICT),
    ):
        with pytest.raises(Mutability, match="id is read-only"):
            patch(operation, own_id="u1", dialect=dialect)


PARTS = st.dictionaries(
    st.sampled_from(["givenName", "familyName", "middleName"]), st.none() | st.sampled_from(["a", "b"])
)


@given(PARTS, PARTS.map(lambda each: {name: part for name, part in each.items() if part is not None}))
def test_each_part_is_as_said_and_as_before_where_nothing_is_said(said, before):
    person = {"schemas": [USER_URN], "userName": "ada", **({"name": before} if before else {})}
    after = patch(op("add", "name", said), dialect=STRICT, person=person).get("name", {})
    assert after == {name: part for name, part in {**before, **said}.items() if part is not None}
