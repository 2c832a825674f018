"""What is answered to people and to enforcers of access when too much is asked, or something fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bridge.app import create_app
from bridge.web.cookies import SESSION
from config.settings import Settings
from tests.api.customers import Customer, Running, add_customer, signed_in, user
from tests.api.route_samples import question
from tests.servers import migrated_copies


@pytest.fixture
def narrow(
    migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Running, Customer]]:
    """A bridge that takes one question and two requests of a tenant at once."""
    url = migrated_copies.fresh_sqlite(migrated_sqlite, tmp_path / "database")
    limits = {"evaluations_per_second": 1, "evaluations_burst": 1, "api_requests_per_second": 1}
    chosen = Settings(var=tmp_path, database_url=url, secret_key="k" * 32, api_requests_burst=2, **limits)
    running = Running(create_app(chosen), tmp_path / "clock")
    yield running, add_customer(running, "Birchwood")
    running.parts.request_log.close()
    running.database.dispose()


def test_too_many_questions_are_told_when_to_come_back(narrow: tuple[Running, Customer]):
    running, company = narrow
    answers = [running.ask("POST", "/access/v1/evaluation", company.key, question({})) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 429, 429]
    assert int(answers[1].headers["Retry-After"]) >= 1
    assert answers[1].mimetype == "text/plain"


def test_who_asks_too_often_who_they_are_is_told_when_to_come_back(narrow: tuple[Running, Customer]):
    running, company = narrow
    company.ids["connection"] = running.api(company, "GET", "/connections").json["items"][0]["id"]
    person_id = running.scim(company, "POST", "/Users", user("ada")).json["id"]
    cookie = signed_in(running, company, person_id).cookie
    client = running.app.test_client(use_cookies=False)
    answers = [client.get("/session/me", headers={"Cookie": f"{SESSION}={cookie}"}) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 429, 429]
    assert int(answers[1].headers["Retry-After"]) >= 1


def test_a_failure_is_told_without_its_words(
    narrow: tuple[Running, Customer], capsys: pytest.CaptureFixture[str]
):
    running, company = narrow
    with running.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE seats RENAME TO lost_seats"))
        connection.execute(text("ALTER TABLE sessions RENAME TO lost_sessions"))
    cookie = f"{company.tenant_id}.{'x' * 43}"
    client = running.app.test_client(use_cookies=False)
    answers = [
        running.ask("POST", "/access/v1/evaluation", company.key, question({})),
        client.get("/session/me", headers={"Cookie": f"{SESSION}={cookie}"}),
    ]
    log = capsys.readouterr().err
    for answer, event in zip(answers, ("access.surprise", "session.surprise"), strict=True):
        assert answer.status_code == 500
        assert "request id" in answer.get_data(as_text=True)
        assert "no such table" not in answer.get_data(as_text=True)
        assert event in log
    assert "no such table" not in log
