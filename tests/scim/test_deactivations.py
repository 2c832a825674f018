"""Requests that take access away, told from the request alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.scim.deactivations import deactivates

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
OWN = "urn:lindqvist:params:scim:schemas:extension:freight:2.0:User"
PERSON = "/Users/2819c223"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["active", "Operations", "op", "path", "value", "schemas", "method", "data", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def patch(*operations: object) -> dict[str, object]:
    return {"Operations": list(operations)}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "REPLACE", "path": "Active", "value": "false"},
        {"op": "add", "path": f"{CORE}:active", "value": False},
        {"op": "replace", "value": {"active": False}},
        {"op": "Replace", "value": {"active": "False", "displayName": "Ada"}},
        {"op": "replace", "path": "", "value": {f"{CORE}:active": False}},
        {"op": "replace", "value": {"active": False, f"{OWN}:berth": "12"}},
        {"op": "replace", "path": "active", "value": [False]},
        {"op": "replace", "path": "active", "value": {"$ref": None, "value": "False"}},
        {"Op": "replace", "Path": "active", "Value": False},
    ],
)
def test_a_patch_deactivates_in_every_dialects_form(operation: dict[str, object]):
    assert deactivates("PATCH", PERSON, patch(operation))
    other = {"op": "replace", "path": f"{OWN}:berth", "value": "12"}
    assert deactivates("PATCH", f"{PERSON}/", {"operations": [other, "nonsense", operation]})


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": True},
        {"op": "replace", "path": "active", "value": "True"},
        {"op": "replace", "path": "active", "value": "no"},
        {"op": "replace", "path": "displayName", "value": "active"},
        {"op": "replace", "value": {"displayName": "False"}},
        {"op": "replace", "path": "emails[active eq false]", "value": False},
        {"op": "test", "path": "active", "value": False},
        {"op": "replace", "path": "active"},
        None,
    ],
)
def test_other_patches_do_not(operation: object):
    assert not deactivates("PATCH", PERSON, patch(operation))


def test_a_put_deactivates_when_it_says_so():
    body = {"schemas": [CORE, OWN], "userName": "ada", OWN: {"berth": "12"}}
    assert deactivates("PUT", PERSON, {**body, "active": False})
    assert deactivates("PUT", PERSON, {**body, "Active": "False"})
    assert not deactivates("PUT", PERSON, {**body, "active": True})
    assert not deactivates("PUT", PERSON, body)


def test_only_a_person_is_deactivated_and_only_a_person_is_deleted():
    off = patch({"op": "replace", "path": "active", "value": False})
    assert deactivates("DELETE", PERSON, None)
    for path in ("/Groups/1", "/Users", "/Users/1/x", "/Users/", "/"):
        assert not deactivates("PATCH", path, off)
        assert not deactivates("DELETE", path, None)
    assert not deactivates("POST", PERSON, off)
    assert not deactivates("POST", "/Users", {"userName": "ada", "active": False})


def test_a_bulk_request_deactivates_when_one_of_its_operations_does():
    off = {"method": "patch", "path": PERSON, "data": patch({"op": "replace", "value": {"active": False}})}
    hire = {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "ada"}}
    gone = {"method": "DELETE", "path": PERSON}
    assert deactivates("POST", "/Bulk", patch(hire, off))
    assert deactivates("POST", "/Bulk", patch(gone))
    assert not deactivates("POST", "/Bulk", patch(hire, None, {"method": 1, "path": PERSON}))
    assert not deactivates("PUT", "/Bulk", patch(gone))
    assert not deactivates("POST", "/Bulk", patch({"method": "POST", "path": "/Bulk", "data": patch(gone)}))


@given(
    st.sampled_from(["PATCH", "PUT", "DELETE", "POST"]), st.sampled_from([PERSON, "/Bulk", "/Users"]), JSON
)
def test_whatever_is_sent_it_is_only_told(method: str, path: str, body: object):
    assert deactivates(method, path, body) in (True, False)
