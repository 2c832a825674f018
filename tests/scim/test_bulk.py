"""The plan of a bulk request: random operations that name each other, read, ordered, resolved."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidSyntax, InvalidValue, TooManyOperations
from bridge.scim.bulk import (
    BULK_REQUEST_URN,
    BulkRequest,
    count_operations,
    read_bulk_request,
    references_of,
    resolved,
    steps_of,
)
from bridge.scim.reading import DIALECTS

STRICT, GENERIC = (DIALECTS[name].tolerances for name in ("strict", "generic"))


def asked(*operations: object, **more: object) -> BulkRequest:
    body = {"schemas": [BULK_REQUEST_URN], "Operations": list(operations), **more}
    return read_bulk_request(body, most=100, tolerances=STRICT)


def post(bulk_id: str, *needs: str) -> dict[str, Any]:
    members = [{"value": f"bulkId:{each}"} for each in needs]
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": {"members": members}}


NUMBERS = st.integers(0, 11)
GRAPHS = st.lists(st.lists(NUMBERS, max_size=3), max_size=12)


def reachable(graph: list[list[int]], start: int) -> set[int]:
    seen: set[int] = set()
    waiting = [each for each in graph[start] if each < len(graph)]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += [each for each in graph[node] if each < len(graph)]
    return seen


@given(graph=GRAPHS)
def test_each_step_comes_after_those_it_needs_and_holds_those_that_need_each_other(graph: list[list[int]]):
    request = asked(*(post(str(number), *map(str, needs)) for number, needs in enumerate(graph)))
    steps = [[each.index for each in step.operations] for step in steps_of(request.operations)]
    assert sorted(each for step in steps for each in step) == list(range(len(graph)))
    place = {each: number for number, step in enumerate(steps) for each in step}
    for number in range(len(graph)):
        for other in reachable(graph, number):
            assert place[other] <= place[number]
            assert (place[other] == place[number]) == (number == other or number in reachable(graph, other))
    for step, found in zip(steps, steps_of(request.operations), strict=True):
        assert step == sorted(step)
        assert found.needs == {str(n) for each in step for n in graph[each]} - {str(each) for each in step}


def test_what_needs_nobody_is_done_in_the_order_of_the_request_however_long_the_chain():
    def order(*operations: object) -> list[int]:
        return [step.operations[0].index for step in steps_of(asked(*operations).operations)]

    assert order(*(post(str(number)) for number in range(9))) == list(range(9))
    assert order(post("a", "c"), post("b"), post("c")) == [2, 0, 1]
    chain = [post(str(number), str(number + 1)) for number in range(5_000)]
    body = {"schemas": [BULK_REQUEST_URN], "Operations": chain}
    request = read_bulk_request(body, most=5_000, tolerances=STRICT)
    assert [step.operations[0].index for step in steps_of(request.operations)] == list(range(5_000))[::-1]


def test_references_are_found_wherever_they_stand_and_replaced_or_left_out():
    content = {
        "displayName": "the bulkId: of it",
        "manager": {"value": "bulkId:a", "displayName": "Ada"},
        "members": [{"value": "bulkId:b", "type": "User"}, {"value": "7"}],
        "Operations": [{"path": 'members[value eq "bulkId:c"]'}, {"path": "manager", "value": "bulkId:d"}],
        "emails": [], "name": {}, "active": True,
    }  # fmt: skip
    request = asked({"method": "PATCH", "path": "/Users/bulkId:e", "data": content})
    assert references_of(request.operations[0]) == {"a", "b", "c", "d", "e"}
    ids = {"a": "1", "b": "2", "c": "3", "d": "4"}
    assert resolved(content, ids) == {
        **content,
        "manager": {"value": "1", "displayName": "Ada"},
        "members": [{"value": "2", "type": "User"}, {"value": "7"}],
        "Operations": [{"path": 'members[value eq "3"]'}, {"path": "manager", "value": "4"}],
    }
    cut = resolved(content, {"c": "3"})
    assert cut["members"] == [{"value": "7"}]
    assert "manager" not in cut
    assert cut["Operations"] == [{"path": 'members[value eq "3"]'}]
    assert resolved({"members": [{"value": "bulkId:x"}]}, {}) == {}
    assert resolved("bulkId:x", {}) == {}


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ({"method": "GET", "path": "/Users/1"}, "'GET' is none"),
        ({"path": "/Users/1"}, "method must be"),
        ({"method": "POST", "path": "/Users", "data": {}}, "bulkId"),
        ({"method": "POST", "path": "/Users/1", "bulkId": "b"}, "/Users or /Groups"),
        ({"method": "DELETE", "path": "/Users"}, "/Users/{id}"),
        ({"method": "DELETE", "path": "/Roles/1"}, "/Users/{id}"),
        ({"method": "DELETE"}, "is not"),
        ({"method": "DELETE", "path": "/Users/\0"}, "/Users/{id}"),
        (post("first"), "earlier operation"),
    ],
)
def test_an_operation_that_cannot_be_tried_says_why(operation: dict[str, Any], told: str):
    found = asked(post("first"), operation).operations
    assert found[0].fault is None
    assert found[1].fault is not None
    assert told in found[1].fault.detail
    assert "Operation 1" in found[1].fault.detail


def test_methods_and_keys_are_read_in_any_case():
    body = {"SCHEMAS": [BULK_REQUEST_URN.upper()], "operations": [{"Method": "delete", "PATH": "Groups/1/"}]}
    [found] = read_bulk_request(body, most=1, tolerances=STRICT).operations
    assert (found.method, found.place, found.target, found.fault) == ("DELETE", "Groups", "1", None)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], InvalidSyntax),
        ({"Operations": []}, InvalidSyntax),
        ({"schemas": ["urn:other"], "Operations": []}, InvalidSyntax),
        ({"schemas": [BULK_REQUEST_URN]}, InvalidSyntax),
        ({"schemas": [BULK_REQUEST_URN], "Operations": [1]}, InvalidSyntax),
        ({"schemas": [BULK_REQUEST_URN], "Operations": [], "failOnErrors": "1"}, InvalidValue),
        ({"schemas": [BULK_REQUEST_URN], "Operations": [], "failOnErrors": -1}, InvalidValue),
        ({"schemas": [BULK_REQUEST_URN], "Operations": [], "failOnErrors": True}, InvalidValue),
        ({"schemas": [BULK_REQUEST_URN], "Operations": [{}, {}, {}]}, TooManyOperations),
    ],
)
def test_what_is_no_bulk_request_is_refused_as_a_whole(body: object, error: type[Exception]):
    with pytest.raises(error):
        read_bulk_request(body, most=2, tolerances=STRICT)


def test_a_request_without_schemas_is_tolerated_where_the_dialect_does():
    assert read_bulk_request(
        {"Operations": [], "failOnErrors": 0}, most=2, tolerances=GENERIC
    ) == BulkRequest(())


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"operations": [1, {}, None]}, 3), ({"Operations": []}, 0), ({"Operations": {"a": 1}}, 0), ([1], 0),
        (None, 0), ({"OPERATIONS": 7, "operations": [1]}, 1), ({"Operations": [1], "operations": [1, 2]}, 2),
    ],
)  # fmt: skip
def test_operations_are_counted_before_anything_is_checked(body: object, count: int):
    assert count_operations(body) == count
