from datetime import timedelta

import pytest

from tests.cli.conftest import NOON

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
def refused(scim):
    """A request that failed because of somebody who has gone since."""
    holder = scim("POST", "/Users", {"schemas": [USER], "userName": "ada", "externalId": "1"}).json["id"]
    answer = scim("POST", "/Users", {"schemas": [USER], "userName": "ada", "externalId": "2"})
    assert answer.status_code == 409
    assert scim("DELETE", f"/Users/{holder}").status_code == 204
    return answer.headers["X-Request-Id"]


def test_a_failed_request_is_replayed_once(terminal, tenant, scim, refused):
    assert "answered with 201" in terminal.run("requests", "replay", refused)
    assert scim("GET", '/Users?filter=userName eq "ada"').json["totalResults"] == 1
    [again] = [each for each in terminal.read("requests", "list", tenant) if each["replay_of"]]
    assert (again["replay_of"], again["status"]) == (refused, 201)
    terminal.run("requests", "replay", refused)
    assert terminal.code == 2
    assert "already replayed" in terminal.err
    assert "operator" in terminal.err
    assert scim("GET", "/Users").json["totalResults"] == 1


def test_what_is_not_in_the_log_is_not_replayed(terminal, tenant):
    terminal.run("requests", "replay", "nothing")
    assert terminal.code == 2
    assert "no request 'nothing'" in terminal.err


def test_requests_are_listed_by_what_is_known_of_them(terminal, tenant, connection, refused):
    def found(*words):
        return [each["id"] for each in terminal.read("requests", "list", tenant, *words)]

    assert found("--failed") == [refused]
    assert found("--status", "409", "--method", "POST", "--route", "/scim/v2/Users") == [refused]
    assert len(found("--connection", connection)) == 3
    assert found("--connection", "another") == found("--subject", "nobody") == []
    assert len(found("--since", "2026-09-10T12:00:00Z")) == 3
    assert found("--until", "2026-09-10T12:00:00Z") == found("--since", "2026-09-10T12:00:01Z") == []


def test_a_bulk_request_is_found_by_what_failed_of_it_and_only_that_is_replayed(terminal, tenant, scim):
    holder = scim("POST", "/Users", {"schemas": [USER], "userName": "bo", "externalId": "1"}).json["id"]
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": name, "data": {"schemas": [USER], "userName": name}}
        for name in ("ada", "bo", "cy", "CY")
    ]
    bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
    request_id = scim("POST", "/Bulk", bulk).headers["X-Request-Id"]
    assert scim("DELETE", f"/Users/{holder}").status_code == 204
    [found] = terminal.read("requests", "list", tenant, "--failed-operations")
    assert (found["id"], found["failed_operations"]) == (request_id, 2)
    shown = terminal.read("requests", "show", request_id)
    assert [(each["index"], each["status"]) for each in shown["failures"]] == [(1, 409), (3, 409)]
    said = terminal.run("requests", "replay", request_id)
    assert "answered with 200" in said
    assert "1 operations failed again" in said
    assert scim("GET", "/Users").json["totalResults"] == 3


def test_what_was_changed_since_is_only_replayed_when_that_is_meant(terminal, scim):
    def create(name):
        return scim("POST", "/Users", {"schemas": [USER], "userName": name, "externalId": name}).json["id"]

    def patch(name, value):
        operation = {"op": "replace", "path": name, "value": value}
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
        return scim("PATCH", f"/Users/{ada}", body)

    ada, holder = create("ada"), create("ada.lindqvist")
    failed = patch("userName", "ada.lindqvist").headers["X-Request-Id"]
    terminal.set_clock(NOON + timedelta(hours=1))
    assert patch("title", "Dyer").status_code == 200
    scim("DELETE", f"/Users/{holder}")
    terminal.run("requests", "replay", failed)
    assert terminal.code == 2
    assert "--even-if-changed" in terminal.err
    assert "answered with 200" in terminal.run("requests", "replay", failed, "--even-if-changed")
    assert scim("GET", f"/Users/{ada}").json["userName"] == "ada.lindqvist"
