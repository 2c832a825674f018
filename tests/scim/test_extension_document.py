"""Schemas that a tenant defines: read strictly, refused where they are wrong, never given another meaning."""

import pytest

from bridge.errors import Conflict, InvalidValue
from bridge.scim.attributes import schema_document
from bridge.scim.extension_document import ExtensionLimits, check_successor, parse_extension

URN = "urn:lindqvist:params:scim:schemas:extension:Fleet:2.0:User"


def document(*attributes: dict[str, object], **more: object) -> dict[str, object]:
    given = attributes or ({"name": "depot"},)
    return {"id": URN, "name": "Fleet", "attributes": list(given), **more}


def test_a_schema_is_read_whole_and_published_as_it_was_written():
    written = document(
        {"name": "depot", "caseExact": True, "description": "Where", "canonicalValues": ["north", "south"]},
        {"name": "trucks", "type": "integer", "multiValued": True},
        {"name": "manual", "type": "reference", "referenceTypes": ["external"], "mutability": "readOnly"},
        {
            "name": "licence",
            "type": "complex",
            "subAttributes": [{"name": "class"}, {"name": "until", "type": "dateTime"}],
        },
    )
    schema = parse_extension(written)
    depot, trucks, manual, licence = schema.attributes
    assert (schema.id, schema.name, schema.description) == (URN, "Fleet", "Fleet")
    assert (depot.type, depot.case_exact, depot.canonical_values) == ("string", True, ("north", "south"))
    assert (trucks.type, trucks.multi_valued, trucks.case_exact) == ("integer", True, False)
    assert (manual.reference_types, manual.mutability) == (("external",), "readOnly")
    assert [each.type for each in licence.sub_attributes] == ["string", "dateTime"]
    assert schema_document(parse_extension(schema_document(schema))) == schema_document(schema)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (document(id="fleet"), "/id"),
        (document(id="urn:x:fleet"), "/id"),
        (document(id="urn:lindqvist:fleet:"), "/id"),
        (document(id="urn:lindqvist:" + "f" * 200), "/id"),
        (document(id=None), "/id"),
        (document(name=""), "/name"),
        (document(name="\0"), "/name"),
        (document(description="d" * 1025), "/description"),
        (document(owner="us"), ""),
        ({"id": URN, "name": "Fleet"}, "/attributes"),
        (document(attributes=[]), "/attributes"),
        (document({"name": "depot"}, {"name": "DEPOT"}), "/attributes/1/name"),
        (document({"name": "2nd"}), "/attributes/0/name"),
        (document({"name": "a.b"}), "/attributes/0/name"),
        (document({"name": "oldPassword"}), "/attributes/0/name"),
        (document({"name": "$ref"}), "/attributes/0/name"),
        (document({"name": "depot", "type": "binary"}), "/attributes/0/type"),
        (document({"name": "depot", "type": ["string"]}), "/attributes/0/type"),
        (document({"name": "depot", "required": True}), "/attributes/0/required"),
        (document({"name": "depot", "uniqueness": "server"}), "/attributes/0/uniqueness"),
        (document({"name": "depot", "returned": "never"}), "/attributes/0/returned"),
        (document({"name": "depot", "mutability": "immutable"}), "/attributes/0/mutability"),
        (document({"name": "depot", "multiValued": "yes"}), "/attributes/0/multiValued"),
        (document({"name": "depot", "canonicalValues": "north"}), "/attributes/0/canonicalValues"),
        (document({"name": "depot", "canonicalValues": [1]}), "/attributes/0/canonicalValues/0"),
        (document({"name": "depot", "subAttributes": [{"name": "x"}]}), "/attributes/0/subAttributes"),
        (document({"name": "licence", "type": "complex"}), "/attributes/0/subAttributes"),
        (
            document(
                {"name": "licence", "type": "complex", "subAttributes": [{"name": "a", "type": "complex"}]}
            ),
            "/attributes/0/subAttributes/0/type",
        ),
        (
            document(
                {"name": "licence", "type": "complex", "subAttributes": [{"name": "a", "multiValued": True}]}
            ),
            "/attributes/0/subAttributes/0/multiValued",
        ),
        (document(attributes=["depot"]), "/attributes/0"),
        ([], ""),
    ],
)
def test_a_wrong_schema_is_refused_where_it_is_wrong(wrong: dict[str, object], pointer: str):
    with pytest.raises(InvalidValue) as caught:
        parse_extension(wrong)
    assert caught.value.pointer == pointer


def test_limits_hold_at_the_limit_and_not_one_past_it():
    limits = ExtensionLimits(attributes=3, text_characters=100, canonical_values=1)
    nested = {"name": "licence", "type": "complex", "subAttributes": [{"name": "class"}]}
    assert parse_extension(document({"name": "depot"}, nested), limits)
    for past in (
        document({"name": "a"}, {"name": "b"}, nested),
        document(*({"name": name} for name in "abcd")),
        document({"name": "depot", "canonicalValues": ["north", "south"]}),
        document(description="d" * 101),
    ):
        with pytest.raises(InvalidValue):
            parse_extension(past, limits)


LICENCE = {"name": "licence", "type": "complex", "subAttributes": [{"name": "class"}]}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ([LICENCE], "depot is missing"),
        ([{"name": "Depot"}, LICENCE], "depot is missing"),
        ([{"name": "depot", "type": "integer"}, LICENCE], "depot has another type"),
        ([{"name": "depot", "caseExact": True}, LICENCE], "depot has another type"),
        ([{"name": "depot", "multiValued": True}, LICENCE], "depot has another type"),
        (
            [{"name": "depot"}, {**LICENCE, "subAttributes": [{"name": "kind"}]}],
            "licence.class is missing",
        ),
    ],
)
def test_a_later_version_changes_the_meaning_of_nothing(changed: list[dict[str, object]], words: str):
    old = parse_extension(document({"name": "depot"}, LICENCE))
    with pytest.raises(Conflict, match=words):
        check_successor(old, parse_extension(document(*changed)))


def test_a_later_version_adds_attributes_and_describes_the_old_ones_anew():
    old = parse_extension(document({"name": "depot"}, LICENCE))
    more = {**LICENCE, "subAttributes": [{"name": "until", "type": "dateTime"}, {"name": "class"}]}
    check_successor(
        old, parse_extension(document(more, {"name": "depot", "description": "Where"}, {"name": "x"}))
    )
