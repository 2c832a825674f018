import pytest

from bridge.scim.personal import naming_values, tells_of

ADA = {
    "userName": "Ada@Mill.example", "displayName": "Ada B.", "externalId": "7", "active": True,
    "name": {"formatted": "Ädå Byron", "givenName": "Ädå"},
    "emails": [{"value": "a@home.example"}, {"type": "x"}],
}  # fmt: skip


def test_what_names_one_human_is_taken_and_what_names_many_is_not():
    assert naming_values([ADA, {"emails": None, "nickName": " "}]) == {
        "ada@mill.example", "ada b.", "7", "ädå byron", "a@home.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    ["ADA@mill.example", {"Operations": [{"value": ["Ädå Byron"]}]}, 'userName eq "ada@mill.example"',
     'externalId eq "7"', {"externalId": "7"}, ("x", "to a@home.example and others")],
)  # fmt: skip
def test_a_value_is_found_in_any_place_and_spelling(content):
    assert tells_of(content, naming_values([ADA]))


@pytest.mark.parametrize("content", ["", None, 7, "bea@mill.example", "17 of 70", {"value": "Ädå"}])
def test_others_and_parts_of_numbers_are_left_alone(content):
    assert not tells_of(content, naming_values([ADA]))
