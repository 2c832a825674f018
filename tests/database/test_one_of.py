"""A comparison with a list finds what ``IN`` finds, whatever the texts hold."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select, union_all

from bridge.database.columns import Key
from bridge.database.one_of import looked_up, one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import Database
from bridge.directory.tables import ChangeDue
from bridge.tenants.tables import Connection
from tests.database.opened import add_connection, add_tenant

NASTY = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.sampled_from(["", '"', "\\", "{}", ",", "NULL", "null", "'", '\\"', "a b", "{a,b}", "ä", "\U0001f600"])
CONNECTIONS = table_of(Connection).c
NAMED = prepared(select(CONNECTIONS.name).where(one_of(CONNECTIONS.name, texts("names"))))


@given(known=st.lists(NASTY, min_size=1, max_size=6, unique=True), asked=st.lists(NASTY, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_texts_of_any_kind_are_found_or_not_as_by_equality(
    database: Database, known: list[str], asked: list[str]
):
    rows = union_all(*(select(literal(each, Key).label("word")) for each in known)).subquery()
    with database.engine.connect() as connection:
        found = connection.scalars(select(rows.c.word).where(one_of(rows.c.word, asked))).all()
        others = connection.scalars(select(rows.c.word).where(~one_of(rows.c.word, asked))).all()
    assert sorted(found) == sorted(set(known) & set(asked))
    assert sorted(others) == sorted(set(known) - set(asked))


@given(known=st.lists(NASTY, max_size=6, unique=True), asked=st.lists(NASTY, max_size=6, unique=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_that_are_looked_up_are_those_of_the_tenant_that_are_named(
    database: Database, known: list[str], asked: list[str]
):
    ours, theirs = (add_tenant(database, name) for name in ("Lindqvist Freight", "Okonkwo Textiles"))
    row = {"subject_kind": "person", "cause_id": "because"}
    for owner, times in ((ours, 2), (theirs, 1)):
        ids = [(f"{time} {place}", each) for time in range(times) for place, each in enumerate(known)]
        with database.write(owner) as session:
            session.add_rows(
                ChangeDue, [{"tenant_id": owner, "id": id_, "subject_id": each, **row} for id_, each in ids]
            )
    with database.read(ours) as session:
        rows = looked_up(
            select(ChangeDue.subject_id), ChangeDue.subject_id, asked, is_postgresql=session.is_postgresql
        )
        found = session.scalars(rows).all()
    assert sorted(found) == sorted(2 * list(set(known) & set(asked)))


def test_a_prepared_list_of_any_length_stays_in_its_tenant(database: Database, tenant_id: str):
    other = add_tenant(database, "Okonkwo Textiles")
    add_connection(database, other, "C3")
    for number in range(5):
        add_connection(database, tenant_id, f"C{number}")
    for length in (0, 1, 4, 900):
        with database.read(tenant_id) as session:
            names = session.run(NAMED, names=[f"C{number}" for number in range(length)]).scalars()
        assert sorted(names) == [f"C{number}" for number in range(min(length, 5))]
