"""A quote starts without the machinery of the service."""

import os
import subprocess
import sys

HEAVY = {"sqlalchemy", "flask", "celery", "pydantic", "structlog"}


def test_a_quote_loads_no_database_and_no_web():
    code = "import sys, bridge.billing.quote; print(*{name.partition('.')[0] for name in sys.modules})"
    bare = {
        name: value for name, value in os.environ.items() if name != "PYTHONPATH"
    }  # what measures coverage
    loaded = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=bare
    )
    assert "bridge" in loaded.stdout.split()
    assert not HEAVY & set(loaded.stdout.split())
