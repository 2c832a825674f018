"""Connections as OAuth clients: secrets, access tokens, their ends."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bridge.access.authenticate import authenticate
from bridge.access.grant import grant_token, tokens_of, withdraw_token
from bridge.access.oauth_clients import (
    KnownClient,
    client_secrets_of,
    find_client,
    forget_tokens,
    grant_client_secret,
    issue_token,
    withdraw_client,
    withdraw_client_secret,
)
from bridge.database.sessions import Database
from bridge.errors import Conflict, NotFound, Unauthenticated
from bridge.journal.tables import JournalEntry
from bridge.tenants.credentials import NewCredential
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import Credential
from bridge.tenants.tokens import new_token
from tests.database.opened import CAUSE, NOW, add_connection, add_tenant

SEAL = Seal(["k" * 32])
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def connection_id(database: Database, tenant_id: str) -> str:
    return add_connection(database, tenant_id)


def secret(
    database: Database, tenant_id: str, connection_id: str, lifetime: timedelta | None = None
) -> NewCredential:
    with database.write(tenant_id) as session:
        return grant_client_secret(session, connection_id, seal=SEAL, lifetime=lifetime, cause=CAUSE, now=NOW)


def known(database: Database, connection_id: str, made: NewCredential, now: datetime = NOW) -> KnownClient:
    found = find_client(database, SEAL, connection_id, made.secret, now=now)
    assert found is not None
    return found


def issued(database: Database, client: KnownClient, now: datetime = NOW) -> str:
    token = new_token("oauth_token")
    issue_token(database, SEAL, client, token, lifetime=HOUR, now=now)
    return token


def opens(database: Database, token: str, now: datetime = NOW) -> bool:
    try:
        authenticate(database, SEAL, f"Bearer {token}", kind="scim_token", now=now)
    except Unauthenticated:
        return False
    return True


def test_an_access_token_opens_the_scim_entrance_of_its_connection_for_an_hour(
    database: Database, tenant_id: str, connection_id: str
):
    token = issued(database, known(database, connection_id, secret(database, tenant_id, connection_id)))
    caller = authenticate(database, SEAL, f"Bearer {token}", kind="scim_token", now=NOW)
    assert (caller.tenant_id, caller.connection_id, caller.scopes) == (tenant_id, connection_id, {"scim"})
    assert opens(database, token, NOW + HOUR - timedelta(microseconds=1))
    assert not opens(database, token, NOW + HOUR)
    with pytest.raises(Unauthenticated):
        authenticate(database, SEAL, f"Bearer {token}", kind="api_key", now=NOW)


@on_sqlite
def test_a_client_secret_itself_opens_nothing(database: Database, tenant_id: str, connection_id: str):
    made = secret(database, tenant_id, connection_id)
    assert not opens(database, made.secret)


@on_sqlite
def test_a_client_is_known_by_its_own_id_and_secret_only(
    database: Database, tenant_id: str, connection_id: str
):
    made = secret(database, tenant_id, connection_id, DAY)
    other = add_connection(database, tenant_id, "Entra")
    token = issued(database, known(database, connection_id, made))
    with database.write(tenant_id) as session:
        static = grant_token(session, connection_id, seal=SEAL, lifetime=None, cause=CAUSE, now=NOW)
    for client_id, tried in [
        (other, made.secret), ("", made.secret), (connection_id, token), (connection_id, static.secret),
        (connection_id, new_token("oauth_client")), (connection_id, f"{made.secret}x"), (connection_id, "ü"),
    ]:  # fmt: skip
        assert find_client(database, SEAL, client_id, tried, now=NOW) is None
    assert find_client(database, SEAL, connection_id, made.secret, now=NOW + DAY) is None


def test_a_client_has_two_live_secrets_beside_two_tokens_and_no_third(
    database: Database, tenant_id: str, connection_id: str
):
    first, _second = (secret(database, tenant_id, connection_id) for _ in range(2))
    with pytest.raises(Conflict, match="2 live client secrets"):
        secret(database, tenant_id, connection_id)
    for _ in range(2):
        with database.write(tenant_id) as session:
            grant_token(session, connection_id, seal=SEAL, lifetime=None, cause=CAUSE, now=NOW)
    with database.write(tenant_id) as session:
        withdraw_client_secret(session, connection_id, first.id, cause=CAUSE, now=NOW)
    secret(database, tenant_id, connection_id)
    with database.read(tenant_id) as session:
        assert len(tokens_of(session, connection_id)) == 2
        assert len(client_secrets_of(session, connection_id)) == 3


def test_two_requests_at_once_do_not_make_a_third_live_secret(
    database: Database, tenant_id: str, connection_id: str
):
    def attempt(_number: int) -> bool:
        try:
            secret(database, tenant_id, connection_id)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(attempt, range(4))) == 2


def test_a_secret_ends_with_its_own_tokens_and_leaves_those_of_the_other(
    database: Database, tenant_id: str, connection_id: str
):
    old, new = (secret(database, tenant_id, connection_id) for _ in range(2))
    bought_by_old = issued(database, known(database, connection_id, old))
    bought_by_new = issued(database, known(database, connection_id, new))
    for _ in range(2):
        with database.write(tenant_id) as session:
            withdraw_client_secret(session, connection_id, old.id, cause=CAUSE, now=NOW)
    assert (opens(database, bought_by_old), opens(database, bought_by_new)) == (False, True)
    assert find_client(database, SEAL, connection_id, old.secret, now=NOW) is None
    with database.read(tenant_id) as session:
        told = session.scalars(select(JournalEntry.action).where(JournalEntry.subject_id == old.id)).all()
    assert sorted(told) == ["access:oauth_secret:create", "access:oauth_secret:revoke"]


def test_a_withdrawn_client_keeps_no_secret_and_no_token(
    database: Database, tenant_id: str, connection_id: str
):
    made = [secret(database, tenant_id, connection_id) for _ in range(2)]
    tokens = [issued(database, known(database, connection_id, each)) for each in made for _ in range(2)]
    with database.write(tenant_id) as session:
        withdraw_client(session, connection_id, cause=CAUSE, now=NOW)
    assert [opens(database, token) for token in tokens] == [False] * 4
    with database.read(tenant_id) as session:
        assert [row.revoked_at for row in client_secrets_of(session, connection_id)] == [NOW, NOW]


def test_no_token_is_issued_for_a_secret_that_just_ended(
    database: Database, tenant_id: str, connection_id: str
):
    made = secret(database, tenant_id, connection_id)
    client = known(database, connection_id, made)
    with database.write(tenant_id) as session:
        withdraw_client(session, connection_id, cause=CAUSE, now=NOW)
    with pytest.raises(Unauthenticated, match="just ended"):
        issued(database, client)


def test_a_token_that_is_issued_while_its_client_is_withdrawn_ends_as_well(
    database: Database, tenant_id: str, connection_id: str
):
    client = known(database, connection_id, secret(database, tenant_id, connection_id))

    def ask(_number: int) -> str | None:
        try:
            return issued(database, client)
        except Unauthenticated:
            return None

    def withdraw() -> None:
        time.sleep(0.02)
        with database.write(tenant_id) as session:
            withdraw_client(session, connection_id, cause=CAUSE, now=NOW)

    with ThreadPoolExecutor(5) as threads:
        ended = threads.submit(withdraw)
        tokens = list(threads.map(ask, range(40)))
        ended.result()
    assert not any(opens(database, token) for token in tokens if token)
    assert ask(0) is None


@on_sqlite
def test_the_use_of_a_secret_is_noted(database: Database, tenant_id: str, connection_id: str):
    made = secret(database, tenant_id, connection_id)
    issued(database, known(database, connection_id, made, NOW + HOUR), NOW + HOUR)
    with database.read(tenant_id) as session:
        assert [row.last_used_at for row in client_secrets_of(session, connection_id)] == [NOW + HOUR]


@on_sqlite
def test_a_secret_is_withdrawn_through_its_own_connection_and_tenant_only(
    database: Database, tenant_id: str, connection_id: str
):
    made = secret(database, tenant_id, connection_id)
    other, elsewhere = add_tenant(database, "Okonkwo Textiles"), add_connection(database, tenant_id, "Entra")
    with database.write(tenant_id) as session:
        static = grant_token(session, connection_id, seal=SEAL, lifetime=None, cause=CAUSE, now=NOW)
    for tenant, connection, id_ in [
        (tenant_id, elsewhere, made.id),
        (other, connection_id, made.id),
        (tenant_id, connection_id, static.id),
    ]:
        with database.write(tenant) as session, pytest.raises(NotFound):
            withdraw_client_secret(session, connection, id_, cause=CAUSE, now=NOW)
    with database.write(other) as session:
        with pytest.raises(NotFound):
            withdraw_client(session, connection_id, cause=CAUSE, now=NOW)
        with pytest.raises(NotFound):
            grant_client_secret(session, connection_id, seal=SEAL, lifetime=None, cause=CAUSE, now=NOW)
    with database.write(tenant_id) as session, pytest.raises(NotFound):
        withdraw_token(session, connection_id, made.id, cause=CAUSE, now=NOW)
    assert opens(database, issued(database, known(database, connection_id, made)))


def test_expired_access_tokens_are_forgotten_and_nothing_else_is(
    database: Database, tenant_id: str, connection_id: str
):
    client = known(database, connection_id, secret(database, tenant_id, connection_id, DAY / 24))
    old, fresh = issued(database, client), issued(database, client, NOW + HOUR / 2)
    with database.write(tenant_id) as session:
        grant_token(session, connection_id, seal=SEAL, lifetime=HOUR, cause=CAUSE, now=NOW)
    assert forget_tokens(database, add_tenant(database, "Okonkwo Textiles"), now=NOW + DAY) == 0
    assert forget_tokens(database, tenant_id, now=NOW + HOUR) == 1
    assert forget_tokens(database, tenant_id, now=NOW + HOUR) == 0
    assert opens(database, fresh, NOW + HOUR)
    with database.unscoped_read() as session:
        kinds = sorted(session.scalars(select(Credential.kind)))
        assert session.get(Credential, SEAL.digest(old)) is None
    assert kinds == ["oauth_client", "oauth_token", "scim_token"]
