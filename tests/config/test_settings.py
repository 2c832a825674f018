"""Settings: limits, what production refuses, the kept key, the clock."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

import config.settings
from bridge import clock
from bridge.errors import Misconfigured
from config.catalogue import plan_keys, roles
from config.settings import Settings

KEY = "k" * 32


def test_production_asks_for_a_key():
    with pytest.raises(ValidationError, match="BRIDGE_SECRET_KEY must be set"):
        Settings(env="production")
    assert Settings(env="production", secret_key=KEY).secret_keys() == (KEY,)


def test_production_refuses_a_driven_clock(tmp_path: Path):
    with pytest.raises(ValidationError, match="BRIDGE_CLOCK_FILE"):
        Settings(env="production", secret_key=KEY, clock_file=tmp_path / "clock")


@pytest.mark.parametrize("keys", ["k" * 31, f"{KEY},short", f"{KEY},"])
def test_a_short_key_is_refused(keys: str):
    with pytest.raises(ValidationError, match="32 or more"):
        Settings(secret_key=keys)


def test_keys_are_told_apart_by_commas_and_never_shown():
    settings = Settings(secret_key=f"{KEY}, {'o' * 32}")
    assert settings.secret_keys() == (KEY, "o" * 32)
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("json_depth", 4, 100), ("database_pool_size", 1, 1000), ("broker_poll_milliseconds", 1, 10_000)],
)
def test_a_setting_is_taken_at_its_limit_and_refused_past_it(name: str, least: int, most: int):
    for value in (least, most):
        assert getattr(Settings(**{name: value}), name) == value
    for value in (least - 1, most + 1):
        with pytest.raises(ValidationError):
            Settings(**{name: value})


def test_every_setting_says_what_it_is_for():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "sqlite:///var/bridge.db"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_a_database_is_named_as_people_name_it(url: str, expected: str):
    assert Settings(database_url=url).database == expected


def test_without_a_broker_the_queue_is_in_files():
    assert Settings().broker == "filesystem://"
    assert Settings(broker_url="redis://h/1").broker == "redis://h/1"


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path):
    settings = Settings(var=tmp_path / "var")
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _number: settings.secret_keys(), range(16)))
    assert len(keys) == 1
    assert len(keys.pop()[0]) == 64
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret.key"]
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o077 == 0


@pytest.fixture
def clock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "clock"
    monkeypatch.setenv("BRIDGE_CLOCK_FILE", str(path))
    config.settings.settings.cache_clear()
    yield path
    monkeypatch.delenv("BRIDGE_CLOCK_FILE")
    config.settings.settings.cache_clear()


def test_the_clock_is_the_one_in_the_file(clock_file: Path):
    clock_file.write_text("2028-02-29T12:00:00+14:00\n")
    assert clock.now() == datetime(2028, 2, 28, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize("content", ["", "yesterday", "2026-09-01T07:00:00"])
def test_a_clock_file_without_an_instant_is_told(clock_file: Path, content: str):
    clock_file.write_text(content)
    with pytest.raises(Misconfigured, match="BRIDGE_CLOCK_FILE"):
        clock.now()


def test_a_missing_clock_file_is_told(clock_file: Path):
    assert not clock_file.exists()
    with pytest.raises(Misconfigured, match="BRIDGE_CLOCK_FILE"):
        clock.now()


def test_without_a_file_the_clock_is_the_worlds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("BRIDGE_CLOCK_FILE", raising=False)
    config.settings.settings.cache_clear()
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    config.settings.settings.cache_clear()


def test_the_catalogues_hold_the_eight_plans_and_the_roles():
    assert plan_keys() == {
        "standard", "premium", "admin", "api_developer", "read_only", "capped", "committed", "flexible",
    }  # fmt: skip
    assert roles()
    for key, role in roles().items():
        assert role.key == key
        assert role.name
        assert role.privileges
        assert all(privilege.count(":") == 1 for privilege in role.privileges), key
