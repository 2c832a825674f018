"""That whoever is deactivated or deleted is signed out with it."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bridge.access.forget_sessions import forget_sessions
from bridge.access.sessions import end_session, open_session
from bridge.access.tables import Session
from bridge.database.sessions import Database
from bridge.directory.tables import Person
from bridge.journal.tables import JournalEntry
from bridge.provisioning.erase_people import ask_erasure, erase_due
from bridge.signin.forget import forget_identities
from bridge.tenants.tables import Tenant
from tests.access.people import ISSUER, LIFETIME, SEAL, Company, company_of
from tests.database.opened import CAUSE, NOW

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def company(database: Database) -> Company:
    return company_of(database)


def test_a_deactivation_ends_the_persons_sessions_and_nobody_elses(company: Company):
    ada, grace = company.hires("ada"), company.hires("grace")
    theirs = [company.signs_in(ada), company.signs_in(ada)]
    other = company.signs_in(grace)
    company.sets_active(ada, active=False, now=NOW + MINUTE)
    for each in theirs:
        company.refuses(each.cookie, "ended")
        row = company.row(each.id)
        assert (row.ended_at, row.ended_because) == (NOW + MINUTE, "deactivated")
        assert (row.id_token, row.refresh_token) == (None, None)
        with company.database.read(company.tenant_id) as session:
            told = select(JournalEntry.action).where(JournalEntry.id == row.ended_by)
            assert session.scalar(told) == "scim:person:deactivate"
    company.finds(other.cookie)


def test_a_reactivation_revives_no_session_and_allows_a_new_one(company: Company):
    ada = company.hires("ada")
    before = company.signs_in(ada)
    company.sets_active(ada, active=False)
    company.sets_active(ada, active=True)
    company.refuses(before.cookie, "ended")
    company.finds(company.signs_in(ada).cookie)


def test_a_deletion_ends_sessions_also_for_who_comes_back(company: Company):
    ada = company.hires("ada")
    before = company.signs_in(ada)
    company.deletes(ada)
    company.refuses(before.cookie, "ended")
    assert company.row(before.id).ended_because == "deleted"
    assert company.hires("ada") == ada
    company.refuses(before.cookie, "ended")


def test_a_change_that_leaves_a_person_active_leaves_their_sessions_open(company: Company):
    ada = company.hires("ada")
    opened = company.signs_in(ada)
    company.sets_active(ada, active=True)
    assert company.hires("grace") != ada
    company.finds(opened.cookie)


def test_who_is_inactive_is_refused_even_where_no_session_was_ended(company: Company):
    ada = company.hires("ada")
    opened = company.signs_in(ada)
    with company.database.write(company.tenant_id) as session:
        session.execute(update(Person).where(Person.id == ada).values(active=False))
    company.refuses(opened.cookie, "administrator")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_deactivation_while_somebody_signs_in_ends_that_session_too(company: Company):
    ada = company.hires("ada")
    deactivating = threading.Thread(target=company.sets_active, args=(ada,), kwargs={"active": False})
    with company.database.write(company.tenant_id) as session:
        opened = open_session(
            session, person_id=ada, connection_id=company.connection_id, issuer=ISSUER, subject="00u1",
            sid=None, id_token=None, refresh_token=None, seal=SEAL, lifetime=LIFETIME, most=2,
            cause=CAUSE, now=NOW,
        )  # fmt: skip
        deactivating.start()
        deactivating.join(0.3)
        assert deactivating.is_alive()
    deactivating.join()
    company.sets_active(ada, active=True)
    company.refuses(opened.cookie, "ended")
    with company.database.read(company.tenant_id) as session:
        assert session.scalars(select(Session.ended_because)).all() == ["deactivated"]


def test_sessions_are_forgotten_some_time_after_their_end_and_not_before(company: Company):
    ada = company.hires("ada")
    ended, expired = company.signs_in(ada), company.signs_in(ada)
    with company.database.write(company.tenant_id) as session:
        end_session(session, ended.id, because="asked", cause=CAUSE, now=NOW)
    for later, left in (
        (30 * DAY - MINUTE, {ended.id, expired.id}),
        (30 * DAY, {expired.id}),
        (30 * DAY + LIFETIME - MINUTE, {expired.id}),
        (30 * DAY + LIFETIME, set()),
    ):
        forget_sessions(company.database, company.tenant_id, days=30, now=NOW + later)
        with company.database.read(company.tenant_id) as session:
            assert set(session.scalars(select(Session.id))) == left


def test_nothing_is_left_of_the_sessions_of_who_is_erased(company: Company):
    ada, grace = company.hires("ada"), company.hires("grace")
    company.signs_in(ada, subject="ada-at-her-provider")
    other = company.signs_in(grace)
    company.deletes(ada)
    with company.database.write(company.tenant_id) as session:
        ask_erasure(session, ada, cause=CAUSE, now=NOW + MINUTE)
        session.execute(update(Tenant).values(settled_until=NOW + DAY))
    settled = NOW + 2 * DAY
    forget = forget_identities
    assert erase_due(company.database, company.tenant_id, seal=SEAL, forget=forget, now=settled) == 1
    with company.database.read(company.tenant_id) as session:
        assert session.scalars(select(Session.id)).all() == [other.id]
