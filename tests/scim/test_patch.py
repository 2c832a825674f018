import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidInput, InvalidValue, Mutability, NoTarget, TooMany
from bridge.scim.canonical import canonical_resource
from bridge.scim.dialects import DIALECTS, PATCH_URN, canonical_operations
from bridge.scim.patch import apply_patch, creates_by_value_path
from bridge.scim.reading import Limits
from bridge.scim.schemas import ENTERPRISE_USER_URN, USER_RESOURCE, USER_URN

STRICT, GENERIC = DIALECTS["strict"], DIALECTS["generic"]
MANAGER = f"{ENTERPRISE_USER_URN}:manager"
ADA = {
    "schemas": [USER_URN, ENTERPRISE_USER_URN],
    "userName": "ada",
    "title": "Countess",
    "active": True,
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [
        {"type": "work", "value": "ada@work.example", "primary": True},
        {"type": "home", "value": "ada@home.example"},
    ],
    "addresses": [{"type": "work", "country": "GB"}],
    ENTERPRISE_USER_URN: {
        "department": "Engines",
        "manager": {"value": "9", "$ref": "https://x.example/Users/9"},
    },
}


def op(name, path=None, *value):
    return {"op": name, **({} if path is None else {"path": path}), **({"value": value[0]} if value else {})}


def patch(*operations, person=ADA, dialect=GENERIC, limits=None):
    body = {"schemas": [PATCH_URN], "Operations": list(operations)}
    read, _ = canonical_operations(body, dialect, USER_RESOURCE, limits or Limits())
    return apply_patch(person, read, USER_RESOURCE, limits or Limits())


def changed(*operations, **options):
    """What differs from Ada afterwards, None for what is gone."""
    after = patch(*operations, **options)
    names = [name for name in {**ADA, **after} if ADA.get(name) != after.get(name) and name != "schemas"]
    return {name: after.get(name) for name in names}


@pytest.mark.parametrize("name", ["add", "replace"])
def test_a_single_value_is_set_by_add_and_by_replace(name):
    assert changed(op(name, "title", "Analyst"), dialect=STRICT) == {"title": "Analyst"}
    assert changed(op(name, "nickName", "Addie"), dialect=STRICT) == {"nickName": "Addie"}
    assert changed(op(name, "name.givenName", "Augusta"), dialect=STRICT) == {
        "name": {"givenName": "Augusta", "familyName": "Lovelace"}
    }


@pytest.mark.parametrize("name", ["add", "replace"])
def test_parts_of_a_complex_value_that_are_not_named_stay(name):
    assert changed(op(name, "name", {"givenName": "Augusta"}), dialect=STRICT) == {
        "name": {"givenName": "Augusta", "familyName": "Lovelace"}
    }


def test_an_extension_comes_and_goes_with_its_attributes():
    bare = {"schemas": [USER_URN], "userName": "ada"}
    after = patch(op("add", f"{ENTERPRISE_USER_URN}:department", "Engines"), person=bare, dialect=STRICT)
    assert after == {
        **bare,
        "schemas": [USER_URN, ENTERPRISE_USER_URN],
        ENTERPRISE_USER_URN: {"department": "Engines"},
    }
    assert patch(op("remove", f"{ENTERPRISE_USER_URN}:department"), person=after, dialect=STRICT) == bare
    assert changed(op("remove", ENTERPRISE_USER_URN)) == {ENTERPRISE_USER_URN: None}
    assert patch(op("remove", ENTERPRISE_USER_URN))["schemas"] == [USER_URN]


def test_a_whole_extension_may_be_the_path():
    assert changed(op("add", ENTERPRISE_USER_URN, {"department": "Tables", "costCenter": "7"})) == {
        ENTERPRISE_USER_URN: {**ADA[ENTERPRISE_USER_URN], "department": "Tables", "costCenter": "7"}
    }


def test_a_new_manager_does_not_keep_the_address_of_the_old_one():
    assert changed(op("replace", MANAGER, {"value": "10"}), dialect=STRICT)[ENTERPRISE_USER_URN][
        "manager"
    ] == {"value": "10"}
    assert changed(op("replace", f"{MANAGER}.value", "10"))[ENTERPRISE_USER_URN]["manager"] == {"value": "10"}
    assert changed(op("replace", MANAGER, {"value": "9"})) == {}


@pytest.mark.parametrize("value", ["", {"value": ""}, None, {"value": None}])
def test_an_empty_manager_is_none(value):
    assert changed(op("replace", MANAGER, value)) == {ENTERPRISE_USER_URN: {"department": "Engines"}}


def test_null_and_an_empty_list_take_away():
    assert changed(op("replace", "title", None), dialect=STRICT) == {"title": None}
    assert changed(op("replace", "emails", []), dialect=STRICT) == {"emails": None}
    assert changed(op("replace", "emails", None), dialect=STRICT) == {"emails": None}
    assert changed(op("add", "emails", []), dialect=STRICT) == {}
    assert changed(op("replace", "name.givenName", None), dialect=STRICT) == {
        "name": {"familyName": "Lovelace"}
    }


def test_remove_takes_away_and_twice_changes_nothing_more():
    for path in (
        "title",
        "emails",
        "name",
        "name.givenName",
        'emails[type eq "home"]',
        'emails[type eq "home"].value',
    ):
        once = patch(op("remove", path))
        assert once != ADA
        assert patch(op("remove", path), person=once) == once
    assert "name" not in patch(op("remove", "name.givenName"), op("remove", "name.familyName"))


@pytest.mark.parametrize(
    "operation", [op("remove", "userName"), op("replace", "userName", None), op("replace", "userName", "")]
)
def test_what_is_required_cannot_be_taken_away(operation):
    with pytest.raises(Mutability, match="Operation 0: userName is required"):
        patch(operation)


@pytest.mark.parametrize(
    "path", ["id", "meta", "meta.created", "groups", 'groups[value eq "x"]', f"{MANAGER}.displayName"]
)
def test_what_is_read_only_is_refused(path):
    with pytest.raises(Mutability, match="read-only"):
        patch(op("replace", path, "x"))


def test_a_password_is_accepted_and_kept_nowhere():
    assert patch(op("replace", "password", "s3cret"), op("replace", None, {"password": "s3cret"})) == ADA
    assert patch(op("remove", "password")) == ADA


def test_add_to_a_list_adds_what_is_new_and_updates_what_is_known():
    added = changed(
        op(
            "add",
            "emails",
            [{"value": "ADA@work.example", "display": "Ada"}, {"value": "a@b.example", "type": "work"}],
        )
    )["emails"]
    assert added == [
        {"type": "work", "value": "ADA@work.example", "primary": True, "display": "Ada"},
        {"type": "home", "value": "ada@home.example"},
        {"type": "work", "value": "a@b.example"},
    ]
    assert changed(op("add", "emails", [{"value": "ada@work.example", "type": "home"}]))["emails"][2:] == [
        {"value": "ada@work.example", "type": "home"}
    ]


def test_elements_without_a_value_are_known_when_all_of_them_is_equal():
    assert changed(op("add", "addresses", [{"country": "GB", "type": "work"}])) == {}
    assert len(changed(op("add", "addresses", [{"country": "GB"}]))["addresses"]) == 2
    assert changed(op("remove", "addresses", [{"country": "GB", "type": "work"}])) == {"addresses": None}
    assert changed(op("remove", "addresses", [{"country": "DE"}])) == {}


def test_the_element_made_primary_last_is_the_primary_one():
    for operation in (
        op("add", "emails", [{"value": "a@b.example", "primary": True}]),
        op("replace", 'emails[type eq "home"].primary', True),  # noqa: FBT003 - a JSON value
        op("add", 'emails[type eq "home"]', {"primary": True}),
    ):
        after = changed(operation)["emails"]
        assert [each["value"] for each in after if each.get("primary")] == [after[-1]["value"]]


def test_replace_of_a_list_sets_it():
    assert changed(op("replace", "emails", [{"value": "x"}]), dialect=STRICT) == {"emails": [{"value": "x"}]}


def test_a_part_without_a_filter_is_that_part_of_every_element():
    assert [
        each["type"] for each in changed(op("replace", "emails.type", "other"), dialect=STRICT)["emails"]
    ] == [
        "other",
        "other",
    ]
    assert changed(op("remove", "emails.value"), dialect=STRICT) == {"emails": None}
    assert changed(op("replace", "roles.value", "admin")) == {"roles": [{"value": "admin"}]}
    assert changed(op("remove", "roles.value")) == {}
    with pytest.raises(NoTarget):
        patch(op("replace", "roles.value", "admin"), dialect=STRICT)


def test_a_value_path_changes_what_it_selects():
    assert changed(op("replace", 'emails[type eq "WORK"].value', "a@test.example"), dialect=STRICT)["emails"][
        0
    ] == {
        "type": "work",
        "value": "a@test.example",
        "primary": True,
    }
    assert changed(op("replace", 'emails[type eq "work"]', {"value": "n"}), dialect=STRICT)["emails"][0] == {
        "type": "work",
        "value": "n",
    }
    assert changed(op("add", 'emails[type eq "work"]', {"display": "n"}), dialect=STRICT)["emails"][0] == {
        **ADA["emails"][0],
        "display": "n",
    }
    assert changed(op("remove", 'emails[type eq "work"]'), dialect=STRICT) == {"emails": [ADA["emails"][1]]}
    assert changed(op("remove", 'emails[type eq "work"].primary'), dialect=STRICT)["emails"][0] == {
        "type": "work",
        "value": "ada@work.example",
    }
    assert changed(op("replace", 'emails[type eq "work"].primary', None))["emails"][0].keys() == {
        "type",
        "value",
    }


def test_an_element_that_lost_its_value_is_gone():
    assert changed(op("remove", 'emails[type eq "work"].value')) == {"emails": [ADA["emails"][1]]}
    assert changed(op("remove", 'addresses[type eq "work"].country')) == {"addresses": None}


def test_a_value_path_that_selects_nothing_creates_what_it_describes_where_tolerated():
    created = {
        op("replace", 'phoneNumbers[type eq "mobile"].value', "7")["path"]: [
            {"type": "mobile", "value": "7"}
        ],
    }
    for path, expected in created.items():
        assert changed(op("replace", path, "7")) == {"phoneNumbers": expected}
    assert changed(op("add", 'roles[primary eq "True"].display', "Admin")) == {
        "roles": [{"primary": True, "display": "Admin"}]
    }
    assert changed(op("add", 'addresses[type eq "home" and primary eq true]', {"country": "DE"}))[
        "addresses"
    ][1] == {
        "type": "home",
        "primary": True,
        "country": "DE",
    }
    with pytest.raises(NoTarget, match=r"Operation 0: phoneNumbers\.value"):
        patch(op("replace", 'phoneNumbers[type eq "mobile"].value', "7"), dialect=STRICT)
    with pytest.raises(NoTarget):
        patch(op("remove", 'phoneNumbers[type eq "mobile"]'), dialect=STRICT)


@pytest.mark.parametrize(
    "condition",
    [
        'type eq "a" or type eq "b"',
        'type ne "a"',
        "type pr",
        "type eq null",
        'type eq "a" and type eq "b"',
        'not (type eq "a")',
    ],
)
def test_a_condition_that_describes_no_one_element_creates_none(condition):
    with pytest.raises(NoTarget):
        patch(op("replace", f"ims[{condition}].value", "7"))


def test_creation_by_a_value_path_can_be_counted():
    def creates(*operations):
        body = {"schemas": [PATCH_URN], "Operations": list(operations)}
        return creates_by_value_path(ADA, canonical_operations(body, GENERIC, USER_RESOURCE)[0])

    assert creates(op("add", 'ims[type eq "x"].value', "7"))
    assert not creates(op("add", 'emails[type eq "work"].value', "7"), op("add", "title", "x"))
    assert not creates(op("remove", 'ims[type eq "x"]'))


def test_remove_with_a_list_removes_only_what_is_listed():
    listed = op(
        "remove", "emails", [{"value": "ADA@HOME.example"}, {"value": "ada@work.example", "type": "home"}]
    )
    assert changed(listed) == {"emails": [ADA["emails"][0]]}
    assert changed(op("remove", "emails", [])) == {}
    with pytest.raises(InvalidValue, match="lists values"):
        patch(op("remove", "emails", [{"value": "x"}]), dialect=STRICT)


def test_schemas_follow_the_resource_whatever_is_asked():
    assert patch(op("add", "schemas", ["urn:x:y"])) == ADA
    with pytest.raises(Mutability):
        patch(op("remove", "schemas"))


def test_a_list_grows_to_its_limit_and_not_past_it():
    three, four = ([{"value": str(n)} for n in range(count)] for count in (3, 4))
    assert patch(op("add", "roles", three), limits=Limits(elements=3))
    with pytest.raises(TooMany):
        patch(op("add", "roles", four), limits=Limits(elements=3))
    with pytest.raises(TooMany, match="Operation 1: roles would have 4"):
        patch(op("add", "roles", three), op("add", "roles", [{"value": "x"}]), limits=Limits(elements=3))


def test_nothing_is_applied_when_one_operation_fails():
    before = copy.deepcopy(ADA)
    with pytest.raises(NoTarget):
        patch(
            op("replace", "title", "x"),
            op("remove", "emails"),
            op("remove", 'ims[type eq "x"]'),
            dialect=STRICT,
        )
    assert before == ADA


WORDS = st.sampled_from(["a", "A", "b", "c d", "é"])
ELEMENTS = st.lists(
    st.fixed_dictionaries(
        {"value": WORDS}, optional={"type": st.sampled_from(["work", "home"]), "primary": st.booleans()}
    ),
    max_size=3,
)
TARGETS = st.one_of(
    st.tuples(
        st.sampled_from(["title", "name.givenName", f"{ENTERPRISE_USER_URN}:department", "userName"]), WORDS
    ),
    st.tuples(st.sampled_from(["emails", "roles"]), ELEMENTS),
    st.tuples(st.just("active"), st.booleans()),
    st.tuples(st.just(MANAGER), st.fixed_dictionaries({"value": WORDS})),
    st.tuples(
        st.sampled_from(['emails[type eq "work"].value', 'roles[value eq "a"].display', "emails.type"]), WORDS
    ),
    st.tuples(
        st.sampled_from(['emails[type eq "home"]', 'roles[value eq "b"]']),
        st.fixed_dictionaries({"display": WORDS}, optional={"primary": st.booleans()}),
    ),
)
OPERATIONS = st.builds(
    lambda name, target: op(name, *target), st.sampled_from(["add", "replace"]), TARGETS
) | st.builds(lambda target: op("remove", target[0]), TARGETS.filter(lambda target: target[0] != "userName"))
PEOPLE = st.fixed_dictionaries(
    {"userName": WORDS},
    optional={
        "title": WORDS,
        "emails": ELEMENTS,
        "roles": ELEMENTS,
        ENTERPRISE_USER_URN: st.fixed_dictionaries({"department": WORDS}),
    },
).map(lambda raw: canonical_resource(raw, USER_RESOURCE, GENERIC).resource)


@given(PEOPLE, OPERATIONS)
def test_an_operation_sent_twice_changes_nothing_the_second_time(person, operation):
    once = patch(operation, person=person)
    assert patch(operation, person=once) == once


@given(PEOPLE, st.lists(OPERATIONS, min_size=1, max_size=5))
def test_the_resource_given_is_never_changed_and_the_result_is_canonical(person, operations):
    before = copy.deepcopy(person)
    after = patch(*operations, person=person)
    assert person == before
    assert canonical_resource(after, USER_RESOURCE, STRICT).resource == after


@given(
    PEOPLE,
    st.lists(OPERATIONS, max_size=4),
    st.sampled_from([op("remove", "userName"), op("add", "nosuch", 1)]),
)
def test_a_request_that_fails_changes_nothing(person, operations, wrong):
    before = copy.deepcopy(person)
    with pytest.raises(InvalidInput, match=f"Operation {len(operations)}"):
        patch(*operations, wrong, person=person)
    assert person == before


@given(PEOPLE, st.sampled_from(["title", "emails", "roles", ENTERPRISE_USER_URN]))
def test_what_is_removed_and_added_again_is_restored(person, name):
    without = patch(op("remove", name), person=person)
    assert name not in without
    if name in person:
        restored = patch(op("add", name, person[name]), person=without)
        unique = (
            {(each["value"].lower(), each.get("type")) for each in person[name]}
            if name in ("emails", "roles")
            else ()
        )
        if not unique or len({value for value, _ in unique}) == len(person[name]):
            assert restored == person


@given(PEOPLE, st.lists(OPERATIONS, min_size=2, max_size=4))
def test_one_request_does_what_its_operations_do_one_by_one(person, operations):
    step = person
    for operation in operations:
        step = patch(operation, person=step)
    assert patch(*operations, person=person) == step
