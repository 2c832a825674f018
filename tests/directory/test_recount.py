"""That the noted lengths of lists are compared with how many live, and corrected."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update

from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.directory.counts import count_created, count_deleted, count_living, fold_counts
from bridge.directory.recount import ROW_OF, Kind, Miscount, correct_counts, miscounts
from bridge.directory.tables import Group, Person, ResourceCount
from tests.database.opened import NOW, add_connection, add_tenant

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["created", "deleted", "created unnoted", "deleted unnoted", "noted alone", "fold"]),
        st.sampled_from(["person", "group"]),
        st.sampled_from(["okta", "entra"]),
    ),
    max_size=12,
)


class Firm:
    """A tenant with two connections whose resources and notes are written apart."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tenant_id = add_tenant(database)
        self.connections = {
            name: add_connection(database, self.tenant_id, name) for name in ("okta", "entra", "google")
        }

    def make(self, kind: Kind, connection: str) -> str:
        row = {"tenant_id": self.tenant_id, "id": new_id(NOW), "connection_id": self.connections[connection],
               "resource": {}, "folded": {}, "version": 1, "created_at": NOW, "changed_at": NOW}  # fmt: skip
        if kind == "person":
            row |= {"user_name": row["id"], "user_name_key": row["id"], "active": True}
        else:
            row |= {"display_name": "staff", "display_name_key": "staff"}
        with self.database.write(self.tenant_id) as session:
            session.execute(insert(ROW_OF[kind]), row)
        return row["id"]

    def bury(self, kind: Kind, id_: str) -> None:
        with self.database.write(self.tenant_id) as session:
            row = ROW_OF[kind]
            session.execute(update(row).where(row.id == id_).values(deleted_at=NOW))

    def note(self, kind: Kind, connection: str, *, number: int) -> None:
        own = {"connection_id": self.connections[connection], "at": NOW}
        with self.database.write(self.tenant_id) as session:
            if number > 0:
                count_created(session, kind, number=number, **own)
            else:
                count_deleted(session, kind, number=-number, **own)

    def miscounts(self) -> list[Miscount]:
        with self.database.read(self.tenant_id) as session:
            return miscounts(session)

    def correct(self, *connections: str) -> int:
        with self.database.write(self.tenant_id) as session:
            return correct_counts(session, {self.connections[name] for name in connections}, now=NOW)

    def living(self, kind: Kind, connection: str) -> int:
        with self.database.read(self.tenant_id) as session:
            return count_living(session, kind, connection_id=self.connections[connection])

    def moved(self) -> int:
        with self.database.read(self.tenant_id) as session:
            return session.scalar(select(func.sum(ResourceCount.moved))) or 0


@pytest.fixture
def firm(database: Database) -> Firm:
    return Firm(database)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_list_is_named_exactly_where_its_notes_are_not_its_length(database: Database, steps):
    firm, living, noted = Firm(database), {}, {}
    for what, kind, connection in steps:
        mine = living.setdefault((kind, connection), [])
        sign = -1 if "deleted" in what else 1
        if what == "fold" or (sign < 0 and not mine):
            fold_counts(database, firm.tenant_id, now=NOW)
            continue
        if what.startswith("created"):
            mine.append(firm.make(kind, connection))
        elif what.startswith("deleted"):
            firm.bury(kind, mine.pop())
        if "unnoted" not in what:
            firm.note(kind, connection, number=sign)
            noted[kind, connection] = noted.get((kind, connection), 0) + sign
    expected = {
        Miscount(firm.connections[connection], kind, len(mine), noted.get((kind, connection), 0))
        for (kind, connection), mine in living.items()
        if len(mine) != noted.get((kind, connection), 0)
    }
    assert set(firm.miscounts()) == expected
    assert firm.correct("okta", "entra") == len(expected)
    assert firm.miscounts() == []
    for (kind, connection), mine in living.items():
        assert firm.living(kind, connection) == len(mine)


def test_a_correction_makes_remembered_places_be_looked_for_anew_and_the_next_none(firm: Firm):
    firm.make("person", "okta")
    assert (firm.correct("okta"), firm.moved()) == (1, 1)
    assert (firm.correct("okta"), firm.moved()) == (0, 1)


def test_only_the_connections_that_are_named_are_corrected(firm: Firm):
    for name in ("okta", "entra"):
        firm.make("group", name)
    assert firm.correct("entra", "google") == 1
    assert firm.miscounts() == [Miscount(firm.connections["okta"], "group", 1, 0)]


def test_notes_of_a_connection_without_anybody_are_found(firm: Firm):
    firm.note("person", "google", number=2)
    assert firm.miscounts() == [Miscount(firm.connections["google"], "person", 0, 2)]


def test_lost_notes_of_a_list_with_tombstones_are_written_again(firm: Firm):
    ids = [firm.make("person", "okta") for _ in range(3)]
    firm.note("person", "okta", number=3)
    firm.bury("person", ids[0])
    firm.note("person", "okta", number=-1)
    with firm.database.write(firm.tenant_id) as session:
        session.execute(delete(ResourceCount))
    assert firm.miscounts() == [Miscount(firm.connections["okta"], "person", 2, 0)]
    firm.correct("okta")
    assert firm.living("person", "okta") == 2


def test_another_tenants_people_and_notes_do_not_count(firm: Firm):
    other = Firm(firm.database)
    other.make("person", "okta")
    assert firm.miscounts() == []
    with firm.database.write(firm.tenant_id) as session:
        assert correct_counts(session, set(other.connections.values()), now=NOW) == 0
    assert len(other.miscounts()) == 1


def test_corrections_at_once_and_requests_meanwhile_correct_once(firm: Firm):
    for _ in range(3):
        firm.make("person", "okta")

    def work(number: int) -> None:
        if number % 2:
            firm.correct("okta")
            return
        with firm.database.write(firm.tenant_id) as session:
            own = {"tenant_id": firm.tenant_id, "id": new_id(NOW)}
            count_created(session, "person", connection_id=firm.connections["okta"], number=1, at=NOW)
            session.execute(
                insert(Person),
                own | {"connection_id": firm.connections["okta"], "user_name": own["id"], "active": True,
                       "user_name_key": own["id"], "resource": {}, "folded": {}, "version": 1,
                       "created_at": NOW, "changed_at": NOW},
            )  # fmt: skip

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(24)))
    assert (firm.living("person", "okta"), firm.miscounts()) == (15, [])


def test_groups_and_people_are_told_apart(firm: Firm):
    firm.make("group", "okta")
    firm.note("person", "okta", number=1)
    okta = firm.connections["okta"]
    assert firm.miscounts() == [Miscount(okta, "group", 1, 0), Miscount(okta, "person", 0, 1)]
    with firm.database.read(firm.tenant_id) as session:
        assert session.scalar(select(func.count()).select_from(Group)) == 1
