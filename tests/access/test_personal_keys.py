"""API keys that belong to a person."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bridge.access.authenticate import Caller, authenticate
from bridge.access.grant import api_keys, grant_api_key
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.directory.tables import Person
from bridge.errors import Conflict, NotFound, Unauthenticated
from bridge.journal.tables import JournalEntry
from bridge.tenants.credentials import NewCredential
from tests.access.people import SEAL, Company, company_of
from tests.database.opened import CAUSE, NOW, add_tenant

MINUTE = timedelta(minutes=1)


@pytest.fixture
def company(database: Database) -> Company:
    return company_of(database)


def key_of(company: Company, person_id: str | None) -> NewCredential:
    with company.database.write(company.tenant_id) as session:
        return grant_api_key(
            session, scopes=["read"], person_id=person_id, seal=SEAL, lifetime=None, cause=CAUSE, now=NOW
        )


def caller(company: Company, key: NewCredential) -> Caller:
    return authenticate(company.database, SEAL, f"Bearer {key.secret}", kind="api_key", now=NOW)


def test_a_personal_key_tells_whose_it_is(company: Company):
    ada = company.hires("ada")
    made = key_of(company, ada)
    assert caller(company, made).person_id == ada
    assert caller(company, key_of(company, None)).person_id is None
    with company.database.read(company.tenant_id) as session:
        details = session.scalar(select(JournalEntry.details).where(JournalEntry.subject_id == made.id))
    assert details["person"] == ada


def test_a_deactivation_ends_the_persons_keys_for_good_and_no_others(company: Company):
    ada, grace = company.hires("ada"), company.hires("grace")
    own, other, tenants = key_of(company, ada), key_of(company, grace), key_of(company, None)
    company.sets_active(ada, active=False, now=NOW + MINUTE)
    with pytest.raises(Unauthenticated, match="revoked at 2026-09-01T07:01:00Z"):
        caller(company, own)
    company.sets_active(ada, active=True, now=NOW + 2 * MINUTE)
    with pytest.raises(Unauthenticated, match="revoked"):
        caller(company, own)
    caller(company, other)
    caller(company, tenants)
    with company.database.read(company.tenant_id) as session:
        revoked = {row.id for row in api_keys(session) if row.revoked_at is not None}
    assert revoked == {own.id}


def test_a_deletion_ends_the_persons_keys(company: Company):
    ada = company.hires("ada")
    made = key_of(company, ada)
    company.deletes(ada)
    with pytest.raises(Unauthenticated, match="revoked"):
        caller(company, made)


def test_who_is_inactive_is_refused_even_where_no_key_was_revoked(company: Company):
    ada = company.hires("ada")
    made = key_of(company, ada)
    with company.database.write(company.tenant_id) as session:
        session.execute(update(Person).where(Person.id == ada).values(active=False))
    with pytest.raises(Unauthenticated, match="administrator"):
        caller(company, made)


def test_no_key_is_made_for_who_is_inactive_unknown_or_of_another_tenant(company: Company):
    ada = company.hires("ada")
    company.sets_active(ada, active=False)
    with pytest.raises(Conflict, match=ada):
        key_of(company, ada)
    with pytest.raises(NotFound):
        key_of(company, new_id(NOW))
    other = Company(company.database, add_tenant(company.database, "Okonkwo Textiles"), "")
    with pytest.raises(NotFound):
        key_of(other, ada)
