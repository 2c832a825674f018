"""That the logs of all tests are read for what must not stand in them."""

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = """
import logging, sys
def test_that_logs_a_person():
    logging.getLogger('bridge').warning('provisioned ada@lovelace.example')
def test_that_logs_a_token():
    sys.stderr.write('authorization: Bearer scim_0123456789')
def test_that_logs_ids_and_answers_with_anything():
    logging.warning('person 42 at bridge@127.0.0.1'); print('Bearer scim_0123456789')
"""


def test_a_test_that_logs_a_person_or_a_token_fails_and_ids_and_answers_may_be_told(tmp_path: Path):
    """One pytest of its own runs the examples, with the hook."""
    example = tmp_path / "test_examples.py"
    example.write_text(EXAMPLES)
    options = ["-q", "-rA", "-p", "tests.house.captured", "-p", "no:cacheprovider", str(example)]
    done = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-m", "pytest", *options],
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        check=False,
        text=True,
    )
    told = {line.split("::")[1].split(" ")[0]: line.split(" ")[0] for line in done.stdout.splitlines()
            if line.startswith(("PASSED", "FAILED"))}  # fmt: skip
    assert told == {
        "test_that_logs_a_person": "FAILED",
        "test_that_logs_a_token": "FAILED",
        "test_that_logs_ids_and_answers_with_anything": "PASSED",
    }
