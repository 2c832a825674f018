"""Names that are taken, and instants of facts that follow each other."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bridge.directory.fact_instants import fact_instant
from bridge.directory.names import names_are_free
from bridge.errors import Uniqueness

NOW = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)


def test_only_the_refusal_of_a_name_is_told_as_one():
    with pytest.raises(IntegrityError), names_are_free({}):
        raise IntegrityError("INSERT", {}, Exception("a foreign key is not there"))
    with pytest.raises(Uniqueness, match="'ada'"), names_are_free({"userName": "ada"}):
        raise IntegrityError("INSERT", {}, Exception('duplicate key violates "uq_people_user_name"'))


def test_a_fact_is_of_now_or_right_after_the_one_before():
    before = NOW + timedelta(seconds=1)
    assert fact_instant(NOW) == fact_instant(NOW, None, NOW - timedelta(days=1)) == NOW
    assert fact_instant(NOW, NOW) == NOW + timedelta(microseconds=1)
    assert fact_instant(NOW, None, before, NOW) == before + timedelta(microseconds=1)
