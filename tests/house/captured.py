"""A pytest hook that fails a test whose captured logs hold an e-mail address or a bearer token.

Logs hold ids. What a command answers on standard output may hold a new token, so that is not looked at.
"""

import re
from collections.abc import Generator

import pytest

LOGGED = ("Captured stderr", "Captured log")
PERSONAL = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}|\bBearer\s+[\w.~+/-]{8,}", re.IGNORECASE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    logged = "\n".join(text for title, text in report.sections if title.startswith(LOGGED))
    found = PERSONAL.search(logged)
    if report.passed and found:
        report.outcome = "failed"
        report.longrepr = f"the logs hold {found.group()!r}; log an id in its place"
    return report
