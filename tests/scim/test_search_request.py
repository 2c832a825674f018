"""Bodies of a search, what lists are sorted by, and filters asked of several types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BridgeError, InvalidFilter, InvalidSyntax, InvalidValue
from bridge.scim.filter_types import resolve_for_each
from bridge.scim.filters import parse_filter
from bridge.scim.matches import matches
from bridge.scim.reading import DIALECTS
from bridge.scim.schemas import ENTERPRISE_USER_URN, GROUP_RESOURCE, USER_RESOURCE
from bridge.scim.search_request import LARGEST, SEARCH_URN, SearchRequest, read_search_request
from bridge.scim.sorting import sorting_of

STRICT, GENERIC = (DIALECTS[name].tolerances for name in ("strict", "generic"))


def test_all_that_a_search_may_say_is_read():
    body = {
        "schemas": [SEARCH_URN], "filter": "active eq true", "SORTBY": "userName", "sortOrder": "descending",
        "startIndex": 3, "count": 7, "cursor": None, "attributes": ["userName", " "],
        "excludedAttributes": ["name"],
    }  # fmt: skip
    wanted = SearchRequest("active eq true", "userName", "descending", 3, 7, None, ("userName",), ("name",))
    assert read_search_request(body, STRICT) == wanted
    assert read_search_request({"schemas": [SEARCH_URN], "cursor": "", "filter": ""}, STRICT).cursor == ""


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"schemas": []}, InvalidSyntax),
        ({"schemas": SEARCH_URN}, InvalidSyntax),
        ({"schemas": ["urn:other"]}, InvalidSyntax),
        ({"filter": 7}, InvalidValue),
        ({"filter": "x" * 70_000}, InvalidValue),
        ({"sortBy": ["userName"]}, InvalidValue),
        ({"startIndex": "1"}, InvalidValue),
        ({"count": True}, InvalidValue),
        ({"count": 1.5}, InvalidValue),
        ({"attributes": "userName"}, InvalidValue),
        ({"attributes": [1]}, InvalidValue),
        ({"attributes": ["x"] * 501}, InvalidValue),
        ({"cursor": "", "startIndex": 1}, InvalidValue),
    ],
)
def test_a_search_that_is_none_is_refused(more: dict[str, object], error: type[Exception]):
    with pytest.raises(error):
        read_search_request({"schemas": [SEARCH_URN], **more}, STRICT)
    with pytest.raises(InvalidSyntax):
        read_search_request([], STRICT)


def test_tolerant_dialects_take_texts_for_numbers_and_lists():
    read = read_search_request(
        {"count": "7", "startIndex": "-7", "attributes": "userName,name", "schemas": SEARCH_URN}, GENERIC
    )
    assert (read.count, read.start_index, read.attributes) == (7, -7, ("userName", "name"))
    assert read_search_request({"count": 10**30}, GENERIC).count == LARGEST
    with pytest.raises(InvalidValue):
        read_search_request({"count": "seven"}, GENERIC)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(["schemas", "filter", "sortBy", "startIndex", "count", "cursor", "attributes"])


@given(body=st.dictionaries(KEYS, JSON) | JSON, tolerances=st.sampled_from([STRICT, GENERIC]))
def test_whatever_is_sent_is_read_or_refused(body: object, tolerances: frozenset[str]):
    try:
        assert isinstance(read_search_request(body, tolerances), SearchRequest)
    except BridgeError as error:
        assert error.detail  # noqa: PT017 (either is good; anything else is not)


def test_a_list_is_sorted_by_a_simple_value():
    def target(name: str, order: str | None = None) -> tuple[str, bool]:
        found = sorting_of(name, order, USER_RESOURCE, GENERIC)
        assert found is not None
        return found.by.target.name, found.descending

    assert target("USERNAME", "Descending") == ("userName", True)
    assert target("emails") == target("emails.value") == ("value", False)
    assert target(f"{ENTERPRISE_USER_URN}:manager") == ("value", False)
    assert target("department") == ("department", False)
    assert sorting_of(None, "nonsense", USER_RESOURCE, STRICT) is None
    for name, order in (("nosuch", None), ("name", None), ("addresses", None), ("userName", "up"),
                        ("emails.nosuch", None), ("", None)):  # fmt: skip
        with pytest.raises(InvalidValue):
            sorting_of(name, order, USER_RESOURCE, STRICT)


@pytest.mark.parametrize(
    ("text", "person", "group"),
    [
        ('displayName eq "x"', True, True),
        ('userName eq "x"', True, False),
        ('userName ne "x"', False, True),
        ("userName pr", True, False),
        ("not (userName pr)", False, True),
        ("userName eq null", False, True),
        ("userName ne null", True, False),
        ('emails[type eq "work"] or members pr', False, False),
        ('displayName eq "X" and not (userName sw "y")', True, True),
    ],
)
def test_what_a_type_lacks_is_without_a_value(text: str, *, person: bool, group: bool):
    schemas = (USER_RESOURCE, GROUP_RESOURCE)
    for_person, for_group = resolve_for_each(parse_filter(text), schemas, tolerant=False)
    assert matches(for_person, {"id": "1", "userName": "x", "displayName": "x"}, USER_RESOURCE) is person
    assert matches(for_group, {"id": "2", "displayName": "x"}, GROUP_RESOURCE) is group


def test_what_no_type_has_is_refused():
    with pytest.raises(InvalidFilter, match="nosuch"):
        resolve_for_each(parse_filter("nosuch pr"), (USER_RESOURCE, GROUP_RESOURCE), tolerant=False)
