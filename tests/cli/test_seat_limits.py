"""Limits of seats by command: set, previewed, shown, with who waits, lifted."""

import pytest

from bridge.cli.operator import parts
from bridge.seats.due import take_due
from tests.cli.conftest import NOON

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
RULES = '{"rules": [{"name": "All", "when": "active eq true", "plan": "standard"}]}'


@pytest.fixture
def people(terminal, tenant, scim, tmp_path):
    """Three people for one seat."""
    (tmp_path / "rules.json").write_text(RULES)
    terminal.run("rules", "apply", tenant, str(tmp_path / "rules.json"))
    told = terminal.run("seat-limits", "set", tenant, "standard", "1")
    assert told == f"plan standard has 1 seats from {NOON.isoformat()}\n"
    ids = [
        scim("POST", "/Users", {"schemas": [USER], "userName": name}).json["id"]
        for name in ("ada", "bea", "cleo")
    ]
    work(tenant)
    return sorted(ids)


def work(tenant):
    while take_due(parts().database, tenant, now=NOON, limit=50, closed_until=lambda _session: None):
        pass


def test_who_waits_is_shown_until_the_limit_is_lifted(terminal, tenant, people):
    (line,) = terminal.read("seat-limits", "show", tenant)
    assert (line["plan"], line["held"], line["waiting"], line["limit"]["seats"]) == ("standard", 1, 2, 1)
    assert [
        each["person_id"] for each in terminal.read("seat-limits", "queue", tenant, "standard")
    ] == people[1:]
    assert "number: 1" in terminal.run("explain", tenant, people[1])
    told = terminal.run("seat-limits", "set", tenant, "standard", "2", "--preview")
    assert "1 gains" in told
    assert "1 people wait for a seat of plan standard then, 2 now" in told
    told = terminal.run("seat-limits", "set", tenant, "standard", "1", "--access", "none")
    assert told.startswith("nothing to do: plan standard has 1 seats")
    assert "0 people wait for" in terminal.run("seat-limits", "lift", tenant, "standard", "--preview")
    assert terminal.run("seat-limits", "lift", tenant, "standard").startswith("plan standard has no limit")
    work(tenant)
    assert terminal.read("seat-limits", "queue", tenant, "standard") == []


def test_a_preview_shows_who_would_wait(terminal, tenant, people, tmp_path):
    assert len(people) == 3
    terminal.run("seat-limits", "set", tenant, "premium", "0")
    (tmp_path / "better.json").write_text(RULES.replace("standard", "premium"))
    told = terminal.run("rules", "apply", tenant, str(tmp_path / "better.json"), "--preview")
    assert "waits for premium" in told
    assert "3 waits" in told


def test_a_wrong_limit_is_refused_with_its_place(terminal, tenant):
    terminal.run("seat-limits", "set", tenant, "gold", "1")
    assert terminal.code == 2
    assert terminal.err.startswith("/plan: found 'gold', allowed ")
