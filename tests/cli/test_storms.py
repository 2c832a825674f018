from datetime import timedelta

import pytest

from bridge.cli.operator import parts
from bridge.seats.due import take_due
from tests.cli.conftest import NOON

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
RULES = '{"rules": [{"name": "All", "when": "active eq true", "plan": "standard"}]}'


@pytest.fixture
def storm(terminal, tenant, connection, scim, tmp_path):
    """Three people whose provider deletes two of them, where one is the most."""
    (tmp_path / "rules.json").write_text(RULES)
    terminal.run("rules", "apply", tenant, str(tmp_path / "rules.json"))
    words = ("fuse", "set", tenant, "--people", "1", "--percent", "10")
    assert terminal.read(*words) == {"people": 1, "percent": 10, "group_people": 2}
    ids = [
        scim("POST", "/Users", {"schemas": [USER], "userName": name}).json["id"]
        for name in ("ada", "bea", "cleo")
    ]
    terminal.set_clock(NOON + timedelta(minutes=1))
    for id_ in ids[:2]:
        assert scim("DELETE", f"/Users/{id_}").status_code == 204
    work(tenant)
    [storm] = terminal.read("storms", "list", tenant)
    return storm


def work(tenant):
    now = NOON + timedelta(minutes=5)
    while take_due(parts().database, tenant, now=now, limit=50, closed_until=lambda _session: None):
        pass


def test_the_fuse_is_shown(terminal, tenant):
    assert terminal.read("fuse", "show", tenant) == {"people": 10, "percent": 5, "group_people": 2}
    terminal.run("fuse", "set", tenant, "--percent", "101")
    assert (terminal.code, terminal.err) == (2, "/percent: found 101, allowed 0 to 100\n")


def test_a_storm_is_shown_with_its_people_and_undone_once(terminal, tenant, storm):
    shown = terminal.read("storms", "show", tenant, storm["id"])
    assert (shown["people"], len(shown["lost"]), shown["status"]) == (2, 2, "open")
    [alert] = terminal.read("alerts", tenant)
    assert (alert["kind"], alert["cause_id"], alert["closed_at"]) == ("fuse_blown", storm["id"], None)
    told = terminal.run("storms", "undo", tenant, storm["id"])
    assert told == f"{storm['id']}: undone, 2 people, 0 deleted groups and 0 memberships are back\n"
    assert "nothing to do" in terminal.run("storms", "undo", tenant, storm["id"])
    work(tenant)
    terminal.set_clock(NOON + timedelta(minutes=6))
    assert terminal.read("seats", tenant, "--json") == {"standard": 3}
    assert terminal.read("alerts", tenant) == []
    assert len(terminal.read("alerts", tenant, "--all")) == 1
    terminal.run("storms", "confirm", tenant, storm["id"])
    assert terminal.code == 2


def test_what_cannot_be_undone_is_told(terminal, tenant, storm, scim):
    scim("POST", "/Users", {"schemas": [USER], "userName": "ada", "externalId": "another"})
    assert "1 people whose names others have by now" in terminal.run("storms", "undo", tenant, storm["id"])


def test_a_storm_is_confirmed_once(terminal, tenant, storm):
    assert terminal.run("storms", "confirm", tenant, storm["id"]) == f"{storm['id']}: confirmed\n"
    assert "nothing to do" in terminal.run("storms", "confirm", tenant, storm["id"])
    work(tenant)
    assert terminal.read("seats", tenant, "--json") == {"standard": 1}
