"""Granting and withdrawing tokens and API keys."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge.access.authenticate import authenticate
from bridge.access.grant import (
    api_keys,
    grant_api_key,
    grant_token,
    tokens_of,
    withdraw_api_key,
    withdraw_token,
)
from bridge.access.scopes import SCOPES, check_scopes
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.errors import Conflict, Forbidden, InvalidValue, NotFound, Unauthenticated
from bridge.journal.tables import JournalEntry
from bridge.tenants.credentials import NewCredential
from bridge.tenants.secrets import Seal
from tests.database.opened import CAUSE, NOW, add_connection, add_tenant

SEAL = Seal(["k" * 32])
DAY = timedelta(days=1)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def token(
    database: Database, tenant_id: str, connection_id: str, lifetime: timedelta | None = None
) -> NewCredential:
    with database.write(tenant_id) as session:
        return grant_token(session, connection_id, seal=SEAL, lifetime=lifetime, cause=CAUSE, now=NOW)


def key(database: Database, tenant_id: str, *scopes: str, lifetime: timedelta | None = None) -> NewCredential:
    with database.write(tenant_id) as session:
        return grant_api_key(session, scopes=scopes, seal=SEAL, lifetime=lifetime, cause=CAUSE, now=NOW)


def test_a_token_tells_tenant_and_connection(database: Database, tenant_id: str):
    connection_id = add_connection(database, tenant_id)
    secret = token(database, tenant_id, connection_id).secret
    caller = authenticate(database, SEAL, f"bEaReR {secret}", kind="scim_token", now=NOW)
    assert (caller.tenant_id, caller.connection_id) == (tenant_id, connection_id)
    caller.require("scim")


@on_sqlite
def test_an_api_key_may_do_what_its_scopes_say(database: Database, tenant_id: str):
    secret = key(database, tenant_id, "read", "read", "journal:read").secret
    caller = authenticate(database, SEAL, f"Bearer {secret}", kind="api_key", now=NOW)
    caller.require("read")
    with pytest.raises(Forbidden, match=r"rules:write.*journal:read, read"):
        caller.require("rules:write")
    everything = authenticate(
        database, SEAL, f"Bearer {key(database, tenant_id, 'admin').secret}", kind="api_key", now=NOW
    )
    for scope in SCOPES:
        everything.require(scope)


@on_sqlite
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc", "Bearer abc", "Bearer ü"])
def test_what_is_no_token_is_refused(database: Database, header: str | None):
    with pytest.raises(Unauthenticated):
        authenticate(database, SEAL, header, kind="scim_token", now=NOW)


@on_sqlite
def test_a_credential_of_the_other_kind_is_refused(database: Database, tenant_id: str):
    scim = token(database, tenant_id, add_connection(database, tenant_id)).secret
    api = key(database, tenant_id, "admin").secret
    with pytest.raises(Unauthenticated, match="API key"):
        authenticate(database, SEAL, f"Bearer {scim}", kind="api_key", now=NOW)
    with pytest.raises(Unauthenticated, match="SCIM token"):
        authenticate(database, SEAL, f"Bearer {api}", kind="scim_token", now=NOW)


@on_sqlite
def test_a_token_made_elsewhere_is_unknown(database: Database, tenant_id: str):
    secret = key(database, tenant_id, "read").secret
    with pytest.raises(Unauthenticated, match="unknown"):
        authenticate(database, Seal(["x" * 32]), f"Bearer {secret}", kind="api_key", now=NOW)


def test_a_token_ends_at_the_very_instant_of_its_expiry(database: Database, tenant_id: str):
    made = key(database, tenant_id, "read", lifetime=DAY)
    header = f"Bearer {made.secret}"
    assert made.expires_at == NOW + DAY
    authenticate(database, SEAL, header, kind="api_key", now=NOW + DAY - timedelta(microseconds=1))
    with pytest.raises(Unauthenticated, match="expired"):
        authenticate(database, SEAL, header, kind="api_key", now=NOW + DAY)


def test_last_use_is_written_at_most_once_a_minute(database: Database, tenant_id: str):
    header = f"Bearer {key(database, tenant_id, 'read').secret}"
    for seconds, noted in ((0, 0), (59, 0), (60, 60), (61, 60)):
        authenticate(database, SEAL, header, kind="api_key", now=NOW + timedelta(seconds=seconds))
        with database.read(tenant_id) as session:
            assert [row.last_used_at for row in api_keys(session)] == [NOW + timedelta(seconds=noted)]


def test_a_withdrawn_token_ends_at_once_and_withdrawing_twice_changes_nothing(
    database: Database, tenant_id: str
):
    connection_id = add_connection(database, tenant_id)
    made = token(database, tenant_id, connection_id)
    for later in (1, 2):
        with database.write(tenant_id) as session:
            withdraw_token(session, connection_id, made.id, cause=CAUSE, now=NOW + later * DAY)
    with pytest.raises(Unauthenticated, match="revoked at 2026-09-02T07:00:00Z"):
        authenticate(database, SEAL, f"Bearer {made.secret}", kind="scim_token", now=NOW + DAY)
    with database.read(tenant_id) as session:
        assert [row.revoked_at for row in tokens_of(session, connection_id)] == [NOW + DAY]
        told = session.scalars(select(JournalEntry.action).where(JournalEntry.subject_id == made.id)).all()
    assert sorted(told) == ["access:token:create", "access:token:revoke"]


@on_sqlite
def test_a_withdrawn_api_key_ends_at_once(database: Database, tenant_id: str):
    made = key(database, tenant_id, "read")
    with database.write(tenant_id) as session:
        withdraw_api_key(session, made.id, cause=CAUSE, now=NOW)
    with pytest.raises(Unauthenticated, match="revoked"):
        authenticate(database, SEAL, f"Bearer {made.secret}", kind="api_key", now=NOW)


def test_a_connection_has_two_live_tokens_and_no_third(database: Database, tenant_id: str):
    connection_id = add_connection(database, tenant_id)
    first = token(database, tenant_id, connection_id)
    token(database, tenant_id, connection_id)
    with pytest.raises(Conflict, match="revoke"):
        token(database, tenant_id, connection_id)
    with database.write(tenant_id) as session:
        withdraw_token(session, connection_id, first.id, cause=CAUSE, now=NOW)
    assert token(database, tenant_id, connection_id).id != first.id


def test_two_requests_at_once_do_not_make_a_third_live_token(database: Database, tenant_id: str):
    connection_id = add_connection(database, tenant_id)

    def attempt(_number: int) -> bool:
        try:
            token(database, tenant_id, connection_id)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(attempt, range(4)))
    assert sum(made) == 2


def test_a_token_is_withdrawn_through_its_own_connection_and_tenant_only(database: Database, tenant_id: str):
    connection_id = add_connection(database, tenant_id)
    made = token(database, tenant_id, connection_id)
    other = add_tenant(database, "Okonkwo Textiles")
    elsewhere = add_connection(database, tenant_id, "Entra")
    attempts = [
        (tenant_id, elsewhere, made.id),
        (other, connection_id, made.id),
        (tenant_id, connection_id, "x"),
    ]
    for tenant, connection, id_ in attempts:
        with database.write(tenant) as session, pytest.raises(NotFound):
            withdraw_token(session, connection, id_, cause=CAUSE, now=NOW)
    with database.write(other) as session:
        with pytest.raises(NotFound):
            withdraw_api_key(session, made.id, cause=CAUSE, now=NOW)
        with pytest.raises(NotFound):
            grant_token(session, connection_id, seal=SEAL, lifetime=None, cause=CAUSE, now=NOW)
    authenticate(database, SEAL, f"Bearer {made.secret}", kind="scim_token", now=NOW)


@on_sqlite
def test_a_token_is_not_withdrawn_as_an_api_key(database: Database, tenant_id: str):
    made = token(database, tenant_id, add_connection(database, tenant_id))
    with database.write(tenant_id) as session, pytest.raises(NotFound):
        withdraw_api_key(session, made.id, cause=CAUSE, now=NOW)


@on_sqlite
def test_no_key_is_granted_without_a_tenant(database: Database):
    with pytest.raises(NotFound):
        key(database, new_id(NOW), "read")


@pytest.mark.parametrize(("scopes", "pointer"), [(["read", "root"], "/scopes/1"), ([], "/scopes")])
def test_scopes_that_do_not_exist_are_refused(scopes: list[str], pointer: str):
    with pytest.raises(InvalidValue) as refused:
        check_scopes(scopes)
    assert refused.value.pointer == pointer
