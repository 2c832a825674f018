"""Filters written to do harm: refused by what they look like, before the database is asked for anybody."""

from time import process_time
from typing import Any

import pytest
import requests

from tests.conformance.live import Client, Live
from tests.scim_http.speaking import USER, statements_of

#: Of the processor, client and server: a hundred times what a refusal takes, far less than the work that is
#: refused.
SOON_SECONDS = 3.0
HOSTILE = {
    "long": 'userName eq "' + "a" * 8192 + '"',
    "long in signs of many bytes": 'userName eq "' + "\U0001f9a9" * 2100 + '"',
    "many ors": " or ".join(["userName pr"] * 201),
    "many ands": " and ".join(['title co "x"'] * 400),
    "many of both": " or ".join(["title pr and active pr"] * 150),
    "deep": "(" * 51 + "title pr" + ")" * 51,
    "deep and open": "(" * 8000,
    "deep nots": "not (" * 51 + "title pr" + ")" * 51,
    "brackets in brackets": "emails[" * 1000,
    "many in brackets": "emails[" + " or ".join(["type pr"] * 201) + "]",
    "quotes without end": '"' * 8001,
    "escapes": 'title eq "' + "\\u0041" * 1300 + "\\",
    "an escape without end": 'title eq "\\u00',
    "half of a pair": 'title eq "\\ud800"',
    "numbers": "active gt " + "9" * 8000,
    "an exponent": "active gt 1e999999999",
    "blanks": " " * 8000 + "title",
    "a nul": 'title eq "\x00"',
    "statements": 'title eq "x"; DROP TABLE people; --',
    "an unknown attribute": 'nosuch eq "x"',
}


@pytest.fixture(scope="module")
def client(live: Live) -> Client:
    client = live.client()
    client.created("/Users", {"schemas": [USER], "userName": "abena"})
    return client


def assert_refused(client: Client, method: str, path: str, how: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {client.idp.token}"}
    began = process_time()
    with statements_of(client.idp) as sent:
        answer = requests.request(method, client.root + path, headers=headers, timeout=60, **how)
    assert process_time() - began < SOON_SECONDS
    assert (answer.status_code, answer.json()["status"]) == (400, "400"), answer.text
    assert answer.json()["scimType"] in ("invalidFilter", "invalidPath", "invalidValue")
    assert [each for each in sent if "FROM people" in each or "FROM groups" in each] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_filter_is_refused_before_anybody_is_looked_for(client: Client, name: str):
    assert_refused(client, "GET", "/Users", {"params": {"filter": HOSTILE[name]}})


@pytest.mark.parametrize("name", HOSTILE)
def test_so_it_is_in_the_body_of_a_search(client: Client, name: str):
    schemas = ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]
    body = {"schemas": schemas, "filter": HOSTILE[name]}
    for path in ("/Users/.search", "/.search"):
        assert_refused(client, "POST", path, {"json": body})


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - {"an unknown attribute"}))
def test_so_it_is_as_the_path_of_a_patch(client: Client, name: str):
    operation = {"op": "remove", "path": f"emails[{HOSTILE[name]}]"}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
    assert_refused(client, "PATCH", "/Users/anybody", {"json": body})
