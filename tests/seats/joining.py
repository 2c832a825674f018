"""A house with two connections, whose accounts are joined, separated, deleted, restored."""

from sqlalchemy import select, update

from bridge.directory.end_joins import separate_account
from bridge.directory.join_accounts import Wanted, join_accounts
from bridge.directory.tables import Join, Membership, Person, PersonVersion
from bridge.journal.record import Cause
from bridge.tenants.tables import Connection
from tests.seats.facts import at
from tests.seats.house import LEADS, SALES

OPERATOR = Cause("operator", "root", "request-0")


def furnished(house):
    house.rules(LEADS, SALES)
    entra = {"id": "entra", "name": "Entra", "kind": "entra", "dialect": "entra"}
    house.add(Connection, **entra, live_from=at(0), created_at=at(0))
    for name in ("ada", "bea", "cleo"):
        house.person(name)
    with house.database.write(house.tenant_id) as session:
        session.execute(update(Person).where(Person.id == "bea").values(connection_id="entra"))
    house.joins("ada", "a", 1)
    house.joins("bea", "b", 1)
    house.drain(2)
    return house


def join(house, account, person, hour, *, most=16, now=None):
    with house.database.write(house.tenant_id) as session:
        wanted = [Wanted(account, person, "/account_id")]
        return join_accounts(session, wanted, reason="", most=most, cause=OPERATOR, now=now or at(hour))


def separate(house, account, person, hour):
    with house.database.write(house.tenant_id) as session:
        separate_account(session, person, account, cause=OPERATOR, now=at(hour))


def leaves(house, person_id, group_id, hour):
    with house.database.write(house.tenant_id) as session:
        session.execute(
            update(Membership)
            .where(
                Membership.member_id == person_id, Membership.group_id == group_id, Membership.end.is_(None)
            )
            .values(end=at(hour), ended_by=f"left {hour}")
        )
    house.due(person_id, hour=hour)


def deleted(house, person_id, hour):
    with house.database.write(house.tenant_id) as session:
        session.execute(
            update(PersonVersion)
            .where(PersonVersion.person_id == person_id, PersonVersion.end.is_(None))
            .values(end=at(hour), ended_by=f"deleted {hour}")
        )
        gone = {"deleted_at": at(hour), "changed_at": at(hour)}
        session.execute(update(Person).where(Person.id == person_id).values(**gone))
    house.due(person_id, hour=hour)


def restored(house, person_id, hour):
    with house.database.write(house.tenant_id) as session:
        back = {"deleted_at": None, "changed_at": at(hour)}
        session.execute(update(Person).where(Person.id == person_id).values(**back))
    house.version(person_id, hour, None)
    house.due(person_id, hour=hour)


def stored(house):
    return [tuple(row) for row in house.read(select(Join.account_id, Join.person_id, Join.start, Join.end))]
