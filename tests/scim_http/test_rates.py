"""A tenant's rates over HTTP: 429 with Retry-After, deactivations on a reserve of their own."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from bridge.provisioning.read_requests import RequestFilter, request_asked, requests
from bridge.scim.bulk import BULK_REQUEST_URN
from config.settings import Settings
from tests.access.stopped import stopped_rates
from tests.scim_http.speaking import PATCH_OP, USER, Speaker, add_speaker

FEW = Settings(
    scim_reads_per_second=1,
    scim_reads_burst=4,
    scim_writes_per_second=1,
    scim_writes_burst=3,
    deactivations_per_second=1,
    deactivations_burst=4,
)


@pytest.fixture
def people(idp: Speaker) -> list[str]:
    return [idp.create(userName=f"{name}@lindqvist.example") for name in ("ada", "grace", "hedy", "joan")]


@pytest.fixture
def limited(app: Flask, people: list[str]) -> Iterator[None]:
    before = app.extensions["bridge"]
    app.extensions["bridge"] = replace(before, rate_limits=stopped_rates(FEW))
    yield
    app.extensions["bridge"] = before


def use_up_the_writes(idp: Speaker, *, spared: int = 0) -> None:
    for number in range(FEW.scim_writes_burst - spared):
        idp.create(userName=f"extra-{number}@lindqvist.example")


@pytest.mark.usefixtures("limited")
def test_past_its_rate_a_client_is_told_in_scim_when_to_come_back(idp: Speaker):
    use_up_the_writes(idp)
    before = idp.everything()
    refused = idp.ask("POST", "/Users", {"schemas": [USER], "userName": "late@lindqvist.example"})
    assert (refused.status_code, refused.content_type) == (429, "application/scim+json")
    assert refused.json["status"] == "429"
    assert refused.headers["Retry-After"] == "1"
    assert idp.everything() == before
    assert idp.get("/Users").status_code == 200


@pytest.mark.usefixtures("limited")
def test_reads_and_tenants_have_rates_of_their_own(idp: Speaker, app: Flask):
    assert [idp.get("/Users").status_code for _ in range(5)] == [200] * 4 + [429]
    assert idp.get("/Nowhere").status_code == 429
    idp.create(userName="still@lindqvist.example")
    assert add_speaker(app).get("/Users").status_code == 200
    same_tenant = add_speaker(app, tenant_id=idp.tenant_id)
    assert same_tenant.get("/Users").status_code == 429


@pytest.mark.usefixtures("limited")
def test_whoever_is_to_lose_access_does_although_writes_are_used_up(idp: Speaker, people: list[str]):
    use_up_the_writes(idp)
    entra = {"op": "Replace", "path": "active", "value": "False"}
    okta = {"op": "replace", "value": {"active": False}}
    assert idp.patch(f"/Users/{people[0]}", entra).status_code == 200
    assert idp.patch(f"/Users/{people[1]}", okta).status_code == 200
    off = {"schemas": [USER], "userName": "hedy@lindqvist.example", "active": False}
    assert idp.ask("PUT", f"/Users/{people[2]}", off).status_code == 200
    assert idp.ask("DELETE", f"/Users/{people[3]}").status_code == 204
    assert [idp.person(each).active for each in people[:3]] == [False] * 3
    assert idp.patch(f"/Users/{people[0]}", entra).status_code == 429


@pytest.mark.usefixtures("limited")
def test_nothing_else_passes_on_the_reserve(idp: Speaker, people: list[str]):
    group = idp.create_group("Dispatchers")
    idp.create(userName="b@lindqvist.example")
    idp.create(userName="c@lindqvist.example")
    on = {"op": "replace", "path": "active", "value": True}
    assert idp.patch(f"/Users/{people[0]}", on).status_code == 429
    assert (
        idp.patch(f"/Groups/{group}", {"op": "replace", "path": "displayName", "value": "x"}).status_code
        == 429
    )
    assert idp.ask("DELETE", f"/Groups/{group}").status_code == 429
    body = {"schemas": [USER], "userName": "ada@lindqvist.example", "active": False}
    assert idp.ask("POST", "/Users", body).status_code == 429
    broken = idp.ask("PATCH", f"/Users/{people[0]}", data=b'{"active', content_type="application/scim+json")
    assert broken.status_code == 429
    assert idp.ask("DELETE", f"/Users/{people[0]}").status_code == 204


@pytest.mark.usefixtures("limited")
def test_what_was_refused_is_kept_in_the_log_with_its_body(idp: Speaker, app: Flask):
    use_up_the_writes(idp)
    body = {"schemas": [USER], "userName": "late@lindqvist.example", "password": "secret-word"}
    idp.ask("POST", "/Users", body)
    parts = app.extensions["bridge"]
    parts.request_log.flush()
    with parts.database.read(idp.tenant_id) as session:
        [row] = requests(session, RequestFilter(status=429), before=None, limit=10)
        _, asked = request_asked(session, row.id, seal=parts.seal)
    assert "late@lindqvist.example" in asked.body
    assert "secret-word" not in asked.body


@pytest.mark.usefixtures("limited")
def test_who_is_not_known_takes_from_nobody(idp: Speaker):
    for _ in range(10):
        assert idp.get("/Users", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert idp.get("/Users").status_code == 200


def test_a_patch_of_any_size_is_counted_once(idp: Speaker, people: list[str], limited: None):
    operation = {"op": "replace", "path": "displayName", "value": "Ada"}
    for _ in range(FEW.scim_writes_burst):
        body = {"schemas": [PATCH_OP], "Operations": [operation] * 16}
        assert idp.ask("PATCH", f"/Users/{people[0]}", body).status_code == 200


@pytest.mark.usefixtures("limited")
def test_a_bulk_request_is_done_whole_and_counts_as_its_operations(idp: Speaker, app: Flask):
    added = bulk_of([person(f"bulk-{number}") for number in range(5)])
    answer = idp.ask("POST", "/Bulk", added)
    assert [each["status"] for each in answer.json["Operations"]] == ["201"] * 5
    refused = idp.ask("POST", "/Users", {"schemas": [USER], "userName": "late@lindqvist.example"})
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "3"  # two are owed, and one is to be there
    assert idp.ask("POST", "/Bulk", bulk_of([person("later")])).status_code == 429
    assert add_speaker(app).ask("POST", "/Bulk", added).status_code == 200


@pytest.mark.usefixtures("limited")
def test_a_bulk_request_that_takes_access_away_is_paid_out_of_the_reserve(idp: Speaker, people: list[str]):
    use_up_the_writes(idp)
    gone = bulk_of([{"method": "DELETE", "path": f"/Users/{each}"} for each in people])
    assert idp.ask("POST", "/Bulk", gone).status_code == 200
    assert idp.ask("DELETE", f"/Users/{people[0]}").status_code == 429


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"{no json", 400), (b"[]", 400), (b'{"Operations": 7}', 400), (b'{"Operations": [7]}', 400),
        (b'{"schemas": ["%s"], "Operations": [%s{}]}' % (BULK_REQUEST_URN.encode(), b"{}," * 1000), 413),
        (b" " * (4 * 1024 * 1024 + 1), 413),
    ],
)  # fmt: skip
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_bulk_request_that_is_refused_as_a_whole_counts_once(
    idp: Speaker, sent: bytes, status: int, *, in_chunks: bool
):
    chunks = {
        "wsgi.input_terminated": True,
        "wsgi.input": io.BytesIO(sent),
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    more = {"environ_overrides": chunks} if in_chunks else {"data": sent}
    assert idp.ask("POST", "/Bulk", **more).status_code == status
    use_up_the_writes(idp, spared=1)
    assert idp.ask("POST", "/Bulk", bulk_of([person("later")])).status_code == 429


def person(name: str) -> dict[str, Any]:
    content = {"schemas": [USER], "userName": name}
    return {"method": "POST", "path": "/Users", "bulkId": name, "data": content}


def bulk_of(operations: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schemas": [BULK_REQUEST_URN], "Operations": operations}
