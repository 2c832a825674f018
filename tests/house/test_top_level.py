"""That the top level holds what the design fixes."""

import re

import pytest

from tests.house.sources import ROOT, ignored_by_git

FIXED = {
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "Procfile",
    "README.md",
    "bridge",
    "config",
    "docs",
    "pyproject.toml",
    "requirements-dev.in",
    "requirements-dev.lock",
    "requirements.in",
    "requirements.lock",
    "tests",
    "workers",
}
LOCKS = sorted(path.name for path in ROOT.glob("*.lock"))
ADDRESS = re.compile(r"://|\s@\s|^\s*-", re.MULTILINE)


def test_nothing_stands_at_the_top_that_the_design_does_not_name():
    entries = {path.name for path in ROOT.iterdir() if not ignored_by_git(path.name)}
    assert entries - FIXED == set()


def test_what_the_design_names_stands_at_the_top():
    assert [entry for entry in sorted(FIXED) if not (ROOT / entry).exists()] == []


def test_there_are_locks_for_running_and_for_development():
    assert LOCKS == ["requirements-dev.lock", "requirements.lock"]


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_locked_has_a_version_and_a_hash(lock: str):
    lines = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    requirements = [line for line in lines if line[:1].isalnum()]
    assert requirements
    assert [entry for entry in requirements if "==" not in entry or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index_or_a_download_address(lock: str):
    lines = [
        line
        for line in (ROOT / lock).read_text().splitlines()
        if not line.lstrip().startswith(("#", "--hash="))
    ]
    assert [line for line in lines if ADDRESS.search(line)] == []
