"""That the logs of all tests are read for what must not stand in them."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = """
import logging, sys
def test_example():
    {statement}
"""


def outcome(statement: str, folder: Path) -> str:
    """Run one test with the hook, in a pytest of its own, and give its closing line."""
    example = folder / "test_example.py"
    example.write_text(EXAMPLE.format(statement=statement))
    done = subprocess.run(  # noqa: S603 - our own text
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.house.captured",
            "-p",
            "no:cacheprovider",
            str(example),
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "statement",
    [
        "logging.getLogger('bridge').warning('provisioned ada@lovelace.example')",
        "sys.stderr.write('authorization: Bearer scim_0123456789')",
    ],
)
def test_a_test_that_logs_a_person_or_a_token_fails(statement: str, tmp_path: Path):
    assert outcome(statement, tmp_path).startswith("1 failed")


def test_ids_may_be_logged_and_answers_may_hold_anything(tmp_path: Path):
    statement = "logging.warning('person 42 at bridge@127.0.0.1'); print('Bearer scim_0123456789')"
    assert outcome(statement, tmp_path).startswith("1 passed")
