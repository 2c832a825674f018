import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import (
    InvalidInput,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Mutability,
    NoTarget,
    TooMany,
)
from bridge.scim import names, tolerances
from bridge.scim.dialects import DIALECTS, PATCH_URN, Dialect, canonical_operations
from bridge.scim.filters import parse_filter
from bridge.scim.reading import Limits
from bridge.scim.schemas import ENTERPRISE_USER_URN, USER_RESOURCE, USER_URN
from bridge.scim.tolerances import ALL_TOLERANCES

STRICT, GENERIC = DIALECTS["strict"], DIALECTS["generic"]


def read(*operations, dialect=GENERIC, own_id="u1", **limits):
    body = {"schemas": [PATCH_URN], "Operations": list(operations)}
    return canonical_operations(body, dialect, USER_RESOURCE, Limits(**limits), own_id=own_id)


def told(*operations, dialect=GENERIC, **options):
    return [
        (each.op, each.path.name, each.value) for each in read(*operations, dialect=dialect, **options)[0]
    ]


def op(name, path=None, *value):
    return {"op": name, **({} if path is None else {"path": path}), **({"value": value[0]} if value else {})}


def test_the_dialects_are_these():
    assert set(DIALECTS) == {
        "strict", "okta", "entra", "entra-2020", "onelogin", "ping", "jumpcloud", "google", "generic",
    }  # fmt: skip
    assert DIALECTS["strict"].tolerances == frozenset()
    assert DIALECTS["generic"].tolerances == ALL_TOLERANCES
    for name, dialect in DIALECTS.items():
        assert dialect.name == name
        assert dialect.tolerances <= ALL_TOLERANCES


@pytest.mark.parametrize(
    ("operation", "tolerance", "expected"),
    [
        (op("Replace", "active", False), "operation_name_case", ("replace", "active", False)),  # noqa: FBT003 - a JSON value
        (op("replace", "active", "False"), "boolean_as_text", ("replace", "active", False)),
        (op("replace", "active", [False]), "single_as_list", ("replace", "active", False)),
        (op("replace", "title", {"$ref": None, "value": "x"}), "simple_as_object", ("replace", "title", "x")),
        (op("replace", "title", 7), "text_as_number", ("replace", "title", "7")),
        (op("add", "emails", {"value": "x"}), "multi_as_object", ("add", "emails", [{"value": "x"}])),
        (op("add", "emails", ["x"]), "complex_as_text", ("add", "emails", [{"value": "x"}])),
        (
            op("add", "emails", [{"value": "x", "primary": True}, {"value": "y", "primary": True}]),
            "two_primaries",
            ("add", "emails", [{"value": "x", "primary": True}, {"value": "y", "primary": False}]),
        ),
        (
            op("add", "manager", {"value": "9"}),
            "extension_without_urn",
            ("add", f"{ENTERPRISE_USER_URN}:manager", {"value": "9"}),
        ),
        (
            op("add", f"{ENTERPRISE_USER_URN}:manager", '{"value": "9"}'),
            "json_in_text",
            ("add", f"{ENTERPRISE_USER_URN}:manager", {"value": "9"}),
        ),
        (
            op("replace", f"{ENTERPRISE_USER_URN}:manager", ""),
            "empty_text_as_remove",
            ("remove", f"{ENTERPRISE_USER_URN}:manager", None),
        ),
        (
            op("add", f"{ENTERPRISE_USER_URN}.department", "x"),
            "urn_without_last_colon",
            ("add", f"{ENTERPRISE_USER_URN}:department", "x"),
        ),
        (
            op("add", "urn:scim:schemas:core:1.0:title", "x"),
            "pre_ietf_urn",
            ("add", "title", "x"),
        ),
        (op("replace", None, {"active": False}), "pathless_operation", ("replace", "active", False)),
        (op("remove", "emails", [{"value": "x"}]), "remove_by_value", ("remove", "emails", [{"value": "x"}])),
        (
            op("replace", 'roles[primary eq "True"].value', "x"),
            "text_in_comparisons",
            ("replace", "roles.value", "x"),
        ),
    ],
)
def test_a_tolerance_is_used_noted_and_can_be_missing(operation, tolerance, expected):
    operations, used = read(operation)
    assert [(each.op, each.path.name, each.value) for each in operations] == [expected]
    assert tolerance in used
    with pytest.raises(InvalidInput, match="Operation 0"):
        read(operation, dialect=STRICT)


def test_an_app_role_spelled_as_json_is_one_where_tolerated_and_a_text_elsewhere():
    operation = op("add", "roles", [{"value": '{"value": "Admin"}'}])
    assert told(operation) == [("add", "roles", [{"value": "Admin"}])]
    assert read(operation)[1] == ("app_role_in_text",)
    assert told(operation, dialect=STRICT) == [("add", "roles", [{"value": '{"value": "Admin"}'}])]


def test_what_follows_the_rfc_needs_no_tolerance():
    operations = (
        op("add", "title", "x"),
        op("replace", "emails", [{"value": "x", "primary": True}]),
        op("replace", f"{ENTERPRISE_USER_URN}:manager", {"value": "9"}),
        op("remove", 'emails[type eq "work"]'),
        op("add", ENTERPRISE_USER_URN, {"department": "x"}),
        op("replace", "nickName", None),
    )
    for dialect in DIALECTS.values():
        assert read(*operations, dialect=dialect)[1] == ()


def test_a_pathless_value_may_have_keys_of_every_kind():
    value = {
        "schemas": [USER_URN],
        "active": "False",
        "name.givenName": "Ada",
        'emails[type eq "work"].value': "a@b.example",
        f"{ENTERPRISE_USER_URN}:department": "Engines",
        ENTERPRISE_USER_URN: {"costCenter": "7", "manager": "9"},
        "division": "x",
        USER_URN: {"title": "Countess"},
        "shoeSize": 41,
        "not a name": 1,
    }
    assert told(op("add", None, value)) == [
        ("add", "active", False),
        ("add", "name.givenName", "Ada"),
        ("add", "emails.value", "a@b.example"),
        ("add", f"{ENTERPRISE_USER_URN}:department", "Engines"),
        ("add", f"{ENTERPRISE_USER_URN}:costCenter", "7"),
        ("add", f"{ENTERPRISE_USER_URN}:manager", {"value": "9"}),
        ("add", f"{ENTERPRISE_USER_URN}:division", "x"),
        ("add", "title", "Countess"),
    ]
    assert {"qualified_keys", "unknown_attributes", "extension_without_urn"} <= set(
        read(op("add", None, value))[1]
    )


def test_keys_that_are_paths_are_refused_where_not_tolerated():
    dialect = Dialect("some", ALL_TOLERANCES - {"qualified_keys"})
    for key in ("name.givenName", f"{ENTERPRISE_USER_URN}:department", 'emails[type eq "work"].value'):
        with pytest.raises(InvalidValue, match="is a path"):
            read(op("add", None, {key: "x"}), dialect=dialect)


def test_a_value_path_among_the_keys_that_cannot_be_read_is_refused():
    with pytest.raises(InvalidPath):
        read(op("add", None, {"emails[nosuch pr].value": "x"}))


def test_the_own_id_changes_nothing_and_another_is_refused():
    assert told(op("replace", None, {"id": "u1", "title": "x"})) == [("replace", "title", "x")]
    assert "own_id_in_value" in read(op("replace", None, {"id": "u1"}))[1]
    for own_id, value in (("u1", "u2"), (None, "u1"), ("u1", None)):
        with pytest.raises(Mutability, match="Operation 0: id is read-only"):
            read(op("replace", None, {"id": value}), own_id=own_id)


def test_read_only_parts_of_a_pathless_value_change_nothing():
    operations, used = read(op("replace", None, {"meta": {"version": "x"}, "groups": []}))
    assert operations == ()
    assert used == ("pathless_operation", "read_only_in_value")


def test_an_extension_in_a_pathless_value_is_an_object():
    for operation in (op("add", None, {ENTERPRISE_USER_URN: "x"}), op("add", ENTERPRISE_USER_URN, "x")):
        with pytest.raises(InvalidValue, match="must be an object"):
            read(operation)


@pytest.mark.parametrize(
    ("operation", "error", "says"),
    [
        (op("upsert", "title", "x"), InvalidSyntax, "'upsert'"),
        ({"path": "title", "value": "x"}, InvalidSyntax, "None"),
        (op(5, "title", "x"), InvalidSyntax, "5"),
        ("x", InvalidSyntax, "'x' is no operation"),
        (op("remove"), NoTarget, "needs a path"),
        (op("remove", ""), NoTarget, "needs a path"),
        (op("remove", USER_URN), Mutability, "core schema"),
        (op("add", "nosuch", "x"), InvalidPath, "'nosuch' is no attribute of User"),
        (op("add", 5, "x"), InvalidPath, "5"),
        (op("add", "title"), InvalidValue, "'title' has no value"),
        (op("add"), InvalidValue, "None is none"),
        (op("add", None, "x"), InvalidValue, "'x' is none"),
        (op("replace", "active", "maybe"), InvalidValue, "'maybe'"),
        (op("replace", "emails.primary", "maybe"), InvalidValue, "'maybe'"),
        (op("replace", "title", "a\0b"), InvalidValue, "NUL"),
    ],
)
def test_an_error_names_the_operation_and_what_is_wrong_in_it(operation, error, says):
    with pytest.raises(error, match="Operation 1: ") as raised:
        read(op("add", "title", "x"), operation)
    assert says in raised.value.detail
    assert raised.value.pointer == "/Operations/1"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"schemas": [PATCH_URN]},
        {"schemas": [PATCH_URN], "Operations": []},
        {"schemas": [PATCH_URN], "Operations": {"op": "add"}},
        {"schemas": [USER_URN], "Operations": [op("remove", "title")]},
        {"schemas": "x", "Operations": [op("remove", "title")]},
    ],
)
@pytest.mark.parametrize("dialect", [STRICT, GENERIC])
def test_what_is_no_patch_is_refused(body, dialect):
    with pytest.raises(InvalidSyntax):
        canonical_operations(body, dialect, USER_RESOURCE)


def test_a_patch_may_lack_its_schemas_where_tolerated_and_has_its_keys_in_any_case():
    body = {"operations": [{"OP": "add", "Path": "title", "VALUE": "x"}]}
    operations, used = canonical_operations(body, GENERIC, USER_RESOURCE)
    assert (operations[0].value, used) == ("x", ("missing_schemas",))
    with pytest.raises(InvalidSyntax):
        canonical_operations(body, STRICT, USER_RESOURCE)


def test_the_schemas_of_a_patch_name_it_in_any_case_and_alone_where_tolerated():
    operations = [op("add", "title", "x")]
    for dialect in (STRICT, GENERIC):
        body = {"schemas": ["urn:x", PATCH_URN.upper()], "Operations": operations}
        assert canonical_operations(body, dialect, USER_RESOURCE)[0][0].value == "x"
    alone = {"schemas": PATCH_URN, "Operations": operations}
    assert canonical_operations(alone, GENERIC, USER_RESOURCE)[0][0].value == "x"
    with pytest.raises(InvalidSyntax):
        canonical_operations(alone, STRICT, USER_RESOURCE)


def test_operations_and_attributes_are_limited():
    assert read(*[op("remove", "title")] * 3, operations=3)
    with pytest.raises(TooMany, match="4 operations"):
        read(*[op("remove", "title")] * 4, operations=3)
    assert read(op("add", None, {"title": "x", "active": True}), attributes=2)
    with pytest.raises(TooMany, match="3 attributes"):
        read(op("add", None, {"title": "x", "active": True, "nickName": "x"}), attributes=2)


def test_each_tolerance_on_values_and_names_is_a_function_of_that_name():
    for name in tolerances.VALUE_TOLERANCES:
        assert callable(getattr(tolerances, name))
    for name in tolerances.NAME_TOLERANCES:
        assert callable(getattr(names, name))


def test_tolerances_answer_nothing_where_they_do_not_apply():
    assert tolerances.boolean_as_text(1) is None
    assert tolerances.number_as_text(True) is None  # noqa: FBT003 - a JSON value
    assert tolerances.number_as_text("1e5") is None
    assert tolerances.number_as_text(" -3 ") == -3
    assert tolerances.text_as_number(True) is None  # noqa: FBT003 - a JSON value
    assert not tolerances.empty_text_as_remove({"value": "", "$ref": "x"})
    assert tolerances.single_as_list([None]) == (None,)
    assert tolerances.multi_as_object(5) is None
    assert tolerances.json_in_text('{"a"') is None
    assert tolerances.json_in_text("[" * 8000) is None
    assert tolerances.app_role_in_text({"value": "Admin"}) is None
    assert tolerances.app_role_in_text({"value": '{"value": "A", "display": "B"}'}) == {
        "value": "A",
        "display": "B",
    }
    assert tolerances.create_by_value_path(parse_filter('type eq "a" and type eq "a"')) == {"type": "a"}
    assert names.pre_ietf_urn("title", USER_RESOURCE) is None
    assert names.extension_without_urn("nosuch", USER_RESOURCE) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["value", "active", "emails", "type", "id", "name.x", USER_URN]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
PATHS = st.sampled_from(
    ["active", "emails", 'emails[type eq "w"].value', "manager", "name", "id", USER_URN, ENTERPRISE_USER_URN]
)
RAW = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove"])},
    optional={"path": PATHS | JSON, "value": JSON},
)


@given(st.lists(RAW | JSON, max_size=3), st.sampled_from(sorted(DIALECTS)))
def test_any_operations_are_read_or_refused_and_never_changed(raw, name):
    body = {"schemas": [PATCH_URN], "Operations": raw}
    before = copy.deepcopy(body)
    try:
        operations, used = canonical_operations(body, DIALECTS[name], USER_RESOURCE, own_id="u1")
    except InvalidInput:
        pass
    else:
        assert set(used) <= DIALECTS[name].tolerances
        assert all(each.op in ("add", "replace", "remove") for each in operations)
    assert body == before
