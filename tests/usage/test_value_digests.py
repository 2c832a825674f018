"""Values of a ``unique`` meter are told apart by who has the tenant's secret, and by nobody else."""

import threading

import pytest
from sqlalchemy import select

from bridge.errors import Misconfigured
from bridge.tenants.secrets import Seal
from bridge.usage.tables import Usage, UsageSecret
from bridge.usage.value_digests import tenant_secret, value_digest
from tests.invoicing.books import at
from tests.invoicing.counting import KEY, Counting
from tests.usage.test_taking import NOON, used

NEWER = "n" * 32


@pytest.fixture
def projects(books: Counting) -> Counting:
    books.meter("projects", "unique")
    return books


def digests(books: Counting) -> list[str]:
    with books.database.read(books.tenant_id) as session:
        return list(session.scalars(select(Usage.value_digest).order_by(Usage.at)))


def sealed(books: Counting) -> bytes | None:
    with books.database.read(books.tenant_id) as session:
        return session.scalar(select(UsageSecret.sealed))


def send(books: Counting, *days_and_values: tuple[str, str], keys=(KEY,), meter="projects"):
    events = [books.event("ada", meter, f"2026-01-{day}", value=value) for day, value in days_and_values]
    assert books.takes(*events, now=NOON, keys=keys).rejected == ()


def test_a_value_counts_once_although_the_key_was_rotated_between(projects: Counting):
    send(projects, ("05", "red"), ("06", "blue"))
    send(projects, ("07", "red"), ("08", "green"), keys=(NEWER, KEY))
    send(projects, ("09", "blue"), keys=(NEWER,))  # the old key is gone by now
    assert used(projects, "projects") == [("ada", at(f"2026-01-{day}"), 1) for day in ("05", "06", "08")]


def test_only_the_seal_around_the_secret_is_renewed(projects: Counting):
    send(projects, ("05", "red"))
    before = sealed(projects)
    send(projects, ("06", "blue"))
    assert sealed(projects) == before
    send(projects, ("07", "red"), keys=(NEWER, KEY))
    after = sealed(projects)
    assert before is not None
    assert after is not None
    assert Seal([NEWER]).open(after) == Seal([KEY]).open(before)


def test_without_the_key_that_sealed_the_secret_nothing_is_taken(projects: Counting):
    send(projects, ("05", "red"))
    with pytest.raises(Misconfigured, match="BRIDGE_SECRET_KEY"):
        send(projects, ("06", "red"), keys=(NEWER,))
    assert len(digests(projects)) == 1


def test_each_tenant_has_a_secret_of_its_own(projects: Counting, database):
    other = Counting.of(database, tenant_id="southwind-1")
    other.person("ada")
    other.meter("projects", "unique")
    for books in (projects, other):
        send(books, ("05", "red"))
    assert digests(projects) != digests(other)
    assert sealed(projects) != sealed(other)


def test_two_meters_with_one_value_do_not_show_it(projects: Counting):
    projects.meter("teams", "unique")
    send(projects, ("05", "red"))
    send(projects, ("06", "red"), meter="teams")
    first, second = digests(projects)
    assert first != second


def test_what_no_value_is_digested_for_needs_no_secret(projects: Counting):
    projects.takes(projects.event("ada", "calls", "2026-01-05", "1"), now=NOON)
    assert sealed(projects) is None


def test_two_batches_at_once_digest_under_one_secret(projects: Counting):
    start = threading.Barrier(4)

    def work(day: int) -> None:
        start.wait()
        send(projects, (f"{day:02}", "red"))

    threads = [threading.Thread(target=work, args=(day,)) for day in range(5, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests(projects)) == 4
    assert len(set(digests(projects))) == 1


def test_a_digest_follows_from_secret_meter_and_value(projects: Counting):
    send(projects, ("05", "red"))
    with projects.database.write(projects.tenant_id) as session:
        secret = tenant_secret(session, Seal([KEY]), now=at(NOON))
    assert digests(projects) == [value_digest(secret, "projects", "red")]
    assert value_digest(b"guessed", "projects", "red") not in digests(projects)
    assert value_digest(projects.tenant_id.encode(), "projects", "red") not in digests(projects)
