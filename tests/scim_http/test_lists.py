"""Pages of people and groups."""

import pytest

from tests.scim_http.crowd import add_crowd
from tests.scim_http.speaking import Speaker, statements_of


@pytest.fixture
def crowd(idp: Speaker) -> list[str]:
    return sorted(add_crowd(idp, 5))


@pytest.mark.parametrize(
    ("query", "start_index", "shown"),
    [
        ("", 1, slice(0, 5)),
        ("startIndex=2&count=2", 2, slice(1, 3)),
        ("startIndex=5&count=2", 5, slice(4, 5)),
        ("startIndex=6&count=2", 6, slice(5, 5)),
        ("startIndex=0&count=1", 1, slice(0, 1)),
        ("startIndex=-7&count=1&", 1, slice(0, 1)),
        ("count=0", 1, slice(0, 0)),
        ("count=-3", 1, slice(0, 0)),
        ("STARTINDEX=3&COUNT=5", 3, slice(2, 5)),
        ("startIndex=+2&count=+1", 2, slice(1, 2)),
        ("startIndex=999999999999999999", 2**31, slice(0, 0)),
    ],
)
def test_a_page_is_cut_out_of_a_stable_order(
    idp: Speaker, crowd: list[str], query: str, start_index: int, shown: slice
):
    page = idp.get(f"/Users?{query}").json
    assert [each["id"] for each in page["Resources"]] == crowd[shown]
    assert (page["totalResults"], page["startIndex"]) == (5, start_index)
    assert page["itemsPerPage"] == len(crowd[shown])


def test_a_page_never_has_more_than_the_limit(idp: Speaker):
    add_crowd(idp, 1001)
    assert idp.get("/Users?count=5000").json["itemsPerPage"] == 1000
    assert idp.get("/Users").json["itemsPerPage"] == 100


@pytest.mark.parametrize(
    "path", ["/Users?count=2", "/Users?count=200", "/Groups?count=2", "/Groups?count=200"]
)
def test_a_page_takes_the_same_few_statements_whatever_its_size(idp: Speaker, crowd: list[str], path: str):
    for number in range(5):
        idp.create_group(f"Group {number}", *crowd[:number])
    with statements_of(idp) as statements:
        assert idp.get(path).status_code == 200
    assert len([each for each in statements if "FROM people" in each or "FROM groups" in each]) <= 2
    assert len([each for each in statements if "memberships" in each]) == 1


def test_members_are_not_read_where_they_are_not_wanted(idp: Speaker, crowd: list[str]):
    idp.create_group("Drivers", *crowd)
    with statements_of(idp) as statements:
        for query in ("excludedAttributes=members", "attributes=displayName", "attributes=urn:x"):
            page = idp.get(f"/Groups?{query}").json
            assert "members" not in page["Resources"][0]
    assert [each for each in statements if "memberships" in each] == []
    core = "urn:ietf:params:scim:schemas:core:2.0:Group"
    assert "members" in idp.get(f"/Groups?attributes={core}:members").json["Resources"][0]


def test_spaces_and_plus_signs_in_a_query_are_understood(idp: Speaker, crowd: list[str]):
    for text in (f"userName+eq+%22{crowd[0]}%22&", f"userName%20eq%20%22{crowd[0]}%22"):
        assert idp.get(f"/Users/?filter={text}").json["totalResults"] == 1
    assert idp.get("/Users?filter=").json["totalResults"] == 5


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
def test_where_there_is_nobody_the_page_is_empty(idp: Speaker, path: str):
    page = idp.get(path).json
    assert (page["totalResults"], page["itemsPerPage"], page["Resources"]) == (0, 0, [])


def test_a_selection_among_the_attributes_asked_for_shows_the_attribute(idp: Speaker):
    """Microsoft's own samples ask so, although the RFC has no filters there (RFC 7644 section 3.10)."""
    idp.create(userName="ada", title="Countess", emails=[{"value": "a@x.se", "type": "work"}])
    for text, parts in (
        ('emails[type eq "work"]', {"value", "type"}),
        ('emails[a,b or "c"].value', {"value"}),
    ):
        [shown] = idp.get("/Users", query_string={"attributes": f"title,{text}"}).json["Resources"]
        assert shown.keys() == {"schemas", "id", "title", "emails"}
        assert shown["emails"][0].keys() == parts
    [shown] = idp.get("/Users", query_string={"excludedAttributes": "emails[x,y]"}).json["Resources"]
    assert "emails" not in shown
