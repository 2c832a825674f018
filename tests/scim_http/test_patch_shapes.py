"""PATCH as identity providers write it where the RFC leaves it open, and what is stored of it."""

from typing import Any

import pytest
from flask import Flask

from tests.scim_http.speaking import ENTERPRISE, Speaker, add_speaker

WORK = {"type": "work", "value": "ini@deck.example", "primary": True}
MANAGER = f"{ENTERPRISE}:manager"
EXTENSION = {"department": "Deck", "manager": {"value": "9"}}


@pytest.fixture(params=["generic", "entra"])
def idp(app: Flask, request: pytest.FixtureRequest) -> Speaker:
    return add_speaker(app, dialect=request.param)


@pytest.fixture
def ini(idp: Speaker) -> str:
    return idp.create(
        userName="ini@deck.example",
        name={"givenName": "Ini", "familyName": "Bassey"},
        emails=[WORK],
        **{ENTERPRISE: EXTENSION},
    )


@pytest.mark.parametrize(
    ("operation", "stored"),
    [
        ({"path": "name", "value": {"familyName": None}}, {"name": {"givenName": "Ini"}}),
        ({"value": {"name": {"familyName": None}}}, {"name": {"givenName": "Ini"}}),
        ({"path": "name", "value": {"nosuch": "x"}}, {}),
        ({"path": MANAGER, "value": {"displayName": "Boss"}}, {}),
        ({"path": MANAGER, "value": [""]}, {ENTERPRISE: {"department": "Deck"}}),
        ({"path": MANAGER, "value": [{"value": ""}]}, {ENTERPRISE: {"department": "Deck"}}),
        ({"path": f"{MANAGER}.value", "value": ""}, {ENTERPRISE: {"department": "Deck"}}),
        (
            {"path": MANAGER, "value": ['{"value": "7"}']},
            {ENTERPRISE: {**EXTENSION, "manager": {"value": "7"}}},
        ),
        ({"value": {ENTERPRISE: None}}, {ENTERPRISE: None}),
        (
            {"path": "emails[type eq work].value", "value": "n@deck.example"},
            {"emails": [{**WORK, "value": "n@deck.example"}]},
        ),
        (
            {"path": "emails[type eq 'work'].display", "value": "Ini"},
            {"emails": [{**WORK, "display": "Ini"}]},
        ),
    ],
)
def test_a_patch_changes_what_it_names_and_nothing_else(
    idp: Speaker, ini: str, operation: dict[str, Any], stored: dict[str, Any]
):
    before = idp.person(ini).resource
    answer = idp.patch(f"/Users/{ini}", {"op": "Replace", **operation})
    assert answer.status_code == 200, answer.json
    wanted = {name: each for name, each in {**before, **stored}.items() if each is not None}
    shown, after = idp.get(f"/Users/{ini}").json, idp.person(ini).resource
    for name in wanted.keys() - {"schemas"}:
        assert after[name] == shown[name] == wanted[name], name
    assert after.keys() == wanted.keys()
    assert answer.json == shown


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_one_member_leaves_however_the_id_is_quoted(idp: Speaker, ini: str, quote: str):
    other = idp.create(userName="other@deck.example")
    group_id = idp.create_group("Deck", ini, other)
    answer = idp.patch(
        f"/Groups/{group_id}", {"op": "Remove", "path": f"members[value eq {quote}{ini}{quote}]"}
    )
    assert answer.status_code in (200, 204), answer.json
    assert idp.members(group_id) == {other}


def test_a_person_is_found_however_the_name_is_quoted(idp: Speaker, ini: str):
    for quote in ("", "'", '"'):
        found = idp.get("/Users", query_string={"filter": f"userName eq {quote}ini@deck.example{quote}"}).json
        assert [each["id"] for each in found["Resources"]] == [ini]
