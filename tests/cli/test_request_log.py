import time

import pytest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
def refused(scim):
    """A request that failed because of somebody who has gone since."""
    holder = scim("POST", "/Users", {"schemas": [USER], "userName": "ada", "externalId": "1"}).json["id"]
    answer = scim("POST", "/Users", {"schemas": [USER], "userName": "ada", "externalId": "2"})
    assert answer.status_code == 409
    assert scim("DELETE", f"/Users/{holder}").status_code == 204
    time.sleep(0.3)  # the log is written behind the answers
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
