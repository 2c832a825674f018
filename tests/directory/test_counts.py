"""That a list is as long as the sum of what was noted, however often the workers fold it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.directory.counts import (
    FOLDED_FROM,
    Kind,
    count_created,
    count_deleted,
    count_living,
    count_returned,
    fold_counts,
)
from bridge.directory.tables import ResourceCount
from tests.database.opened import NOW

NOTES = st.lists(
    st.tuples(
        st.sampled_from(["created", "deleted", "returned", "fold"]),
        st.sampled_from(["person", "group"]),
        st.sampled_from(["okta", "entra"]),
        st.integers(1, 60),
    ),
    max_size=12,
)


def sums(database: Database, tenant_id: str) -> dict[tuple[str, str], tuple[int, int]]:
    with database.read(tenant_id) as session:
        rows = session.execute(
            select(
                ResourceCount.connection_id,
                ResourceCount.kind,
                func.sum(ResourceCount.delta),
                func.sum(ResourceCount.moved),
            ).group_by(ResourceCount.connection_id, ResourceCount.kind)
        )
        return {(connection_id, kind): (delta, moved) for connection_id, kind, delta, moved in rows}


def stored(database: Database, tenant_id: str) -> int:
    with database.read(tenant_id) as session:
        return session.scalar(select(func.count()).select_from(ResourceCount)) or 0


def note(
    database: Database,
    tenant_id: str,
    what: str,
    times: int,
    *,
    kind: Kind = "person",
    connection_id: str = "okta",
) -> None:
    with database.write(tenant_id) as session:
        own = {"connection_id": connection_id, "at": NOW}
        for _ in range(times):
            if what == "created":
                count_created(session, kind, number=2, **own)
            else:
                (count_deleted if what == "deleted" else count_returned)(session, kind, **own)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NOTES)
def test_folding_keeps_the_sums_of_every_list(database: Database, notes: list[tuple[str, Kind, str, int]]):
    tenant_id, expected = new_id(NOW), {}
    for what, kind, connection_id, times in notes:
        if what == "fold":
            fold_counts(database, tenant_id, now=NOW)
            continue
        note(database, tenant_id, what, times, kind=kind, connection_id=connection_id)
        delta, moved = expected.get((connection_id, kind), (0, 0))
        each = {"created": 2, "deleted": -1, "returned": 1}[what]
        expected[connection_id, kind] = (delta + each * times, moved + (what != "created") * times)
    assert sums(database, tenant_id) == expected
    with database.read(tenant_id) as session:
        for (connection_id, kind), (total, _moved) in expected.items():
            assert count_living(session, kind, connection_id=connection_id) == total


@pytest.mark.parametrize(("rows", "left"), [(FOLDED_FROM - 1, FOLDED_FROM - 1), (FOLDED_FROM, 1)])
def test_few_rows_are_left_as_they_are(database: Database, rows: int, left: int):
    tenant_id = new_id(NOW)
    note(database, tenant_id, "created", rows)
    for _ in range(2):
        fold_counts(database, tenant_id, now=NOW)
        assert stored(database, tenant_id) == left


def test_more_rows_than_are_read_at_once_become_one(database: Database):
    tenant_id = new_id(NOW)
    note(database, tenant_id, "created", 5_050)
    fold_counts(database, tenant_id, now=NOW)
    assert stored(database, tenant_id) == 1
    assert sums(database, tenant_id) == {("okta", "person"): (10_100, 0)}


def test_workers_that_fold_at_once_and_requests_meanwhile_lose_nothing(database: Database):
    tenant_id = new_id(NOW)

    def work(number: int) -> None:
        if number % 2:
            fold_counts(database, tenant_id, now=NOW)
        else:
            note(database, tenant_id, "created", 60)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(24)))
    assert sums(database, tenant_id) == {("okta", "person"): (24 * 60, 0)}


def test_a_tenant_does_not_see_anothers_count(database: Database):
    tenant_id = new_id(NOW)
    note(database, tenant_id, "created", 1)
    with database.read(new_id(NOW)) as session:
        assert count_living(session, "person", connection_id="okta") == 0
