"""All that is sealed is sealed anew when the operator has a new key, so that the old one can go."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import LargeBinary, select, update

from bridge.access.sessions import open_session, provider_tokens
from bridge.database.rows import Row, table_of
from bridge.errors import Misconfigured
from bridge.provisioning.read_requests import request_asked
from bridge.provisioning.tables import RequestRecord
from bridge.signin.attempts import make_attempt, take_attempt
from bridge.signin.oidc_settings import OidcTerms, find_oidc, set_oidc
from bridge.signin.tables import OidcSetting
from bridge.tenants.renew_seals import renew_seals, sealed_columns
from bridge.tenants.secrets import Seal
from bridge.tenants.tables import SealRenewal
from bridge.usage.value_digests import tenant_secret
from tests.api.customers import CAUSE, Customer, Running, add_customer, user
from tests.signin.conftest import NOW
from workers.renewal import SEALED

OLD, NEW = "k" * 32, "n" * 32


class Vault:
    """A customer with one of each thing that is sealed, all of it under the old key."""

    def __init__(self, running: Running) -> None:
        self.running, self.customer = running, add_customer(running, "Lindqvist Freight")
        old, self.connection_id = Seal([OLD]), self.customer.ids["connection"]
        terms = OidcTerms("https://lindqvist.okta.example", "client-1", secret="s3cret")
        self.person_id = running.scim(self.customer, "POST", "/Users", user("ada")).json["id"]
        running.parts.request_log.flush()
        with running.database.write(self.tenant_id) as session:
            set_oidc(
                session, self.connection_id, terms, seal=old, private=True, cause=CAUSE, now=NOW
            )  # fmt: skip
            self.attempt = make_attempt(
                session, self.connection_id, return_to="/", lifetime=timedelta(minutes=10), seal=old, now=NOW
            )
            self.opened = [self._open(session, old, token) for token in ("refresh-1", None)]
            self.secret = tenant_secret(session, old, now=NOW)

    @property
    def tenant_id(self) -> str:
        return self.customer.tenant_id

    def _open(self, session, seal: Seal, token: str | None) -> str:
        return open_session(
            session, person_id=self.person_id, connection_id=self.connection_id, issuer="i", subject="s",
            sid=None, id_token=f"of {token}", refresh_token=token, seal=seal, lifetime=timedelta(hours=8),
            most=10, cause=CAUSE, now=NOW,
        ).id  # fmt: skip

    def renew(self, *keys: str, rows_at_once: int = 500) -> int:
        return renew_seals(
            self.running.database, self.tenant_id, SEALED, seal=Seal(keys), now=NOW, rows_at_once=rows_at_once
        )

    def opens(self, *keys: str) -> None:
        """Use each thing under these keys alone."""
        seal = Seal(keys)
        with self.running.database.write(self.tenant_id) as session:
            assert find_oidc(session, self.connection_id, seal=seal).secret == "s3cret"
            tokens = [provider_tokens(session, id_, seal=seal) for id_ in self.opened]
            told = [(each.id_token, each.refresh_token) for each in tokens]
            assert told == [("of refresh-1", "refresh-1"), ("of None", None)]
            assert tenant_secret(session, seal, now=NOW) == self.secret
            for request_id in session.scalars(select(RequestRecord.id)).all():
                _, asked = request_asked(session, request_id, seal=seal)
                assert orjson.loads(asked.body)["userName"]

    def sealed(self) -> list[bytes]:
        found: list[bytes] = []
        with self.running.database.read(self.tenant_id) as session:
            for table in map(table_of, SEALED):
                for name in sealed_columns(table):
                    rows = select(table.c[name]).where(table.c.tenant_id == self.tenant_id)
                    found += [value for (value,) in session.connection().execute(rows) if value is not None]
        return found


def test_everything_that_is_sealed_is_renewed():
    """What is binary is sealed; whoever adds a column of it has to have it renewed."""
    binary = {
        table.name
        for table in Row.metadata.tables.values()
        if any(isinstance(column.type, LargeBinary) for column in table.c)
    }
    assert binary == {table_of(each).name for each in SEALED}


@pytest.mark.parametrize("rows_at_once", [1, 500])
def test_after_the_night_nothing_needs_the_old_key_to_be_opened(running: Running, rows_at_once: int):
    vault = Vault(running)
    before = vault.sealed()
    with pytest.raises(Misconfigured):
        vault.opens(NEW)
    assert vault.renew(NEW, OLD, rows_at_once=rows_at_once) == len(before)
    vault.opens(NEW)
    after = vault.sealed()
    assert len(after) == len(before) >= 6
    assert not set(after) & set(before)
    assert vault.renew(NEW, OLD) == 0
    assert vault.sealed() == after
    with running.database.write(vault.tenant_id) as session:
        taken = take_attempt(
            session, vault.connection_id, state=vault.attempt.state, browser=vault.attempt.browser,
            seal=Seal([NEW, OLD]), now=NOW,
        )  # fmt: skip
    assert (taken.verifier, taken.nonce) == (vault.attempt.verifier, vault.attempt.nonce)


def test_what_is_sealed_under_the_newest_key_stays_as_it_is(running: Running):
    vault = Vault(running)
    before = vault.sealed()
    assert vault.renew(OLD) == 0
    assert vault.sealed() == before
    assert marks(running, vault.customer) == [Seal([OLD]).mark()]


def test_a_key_that_is_gone_is_told_and_nothing_counts_as_renewed(running: Running):
    vault = Vault(running)
    with pytest.raises(Misconfigured, match="BRIDGE_SECRET_KEY"):
        vault.renew(NEW)
    assert marks(running, vault.customer) == []
    assert vault.renew(NEW, OLD) > 0
    vault.opens(NEW)


def test_a_tenants_renewal_leaves_the_others_to_theirs(running: Running):
    first, second = Vault(running), Vault(running)
    before = second.sealed()
    first.renew(NEW, OLD)
    assert second.sealed() == before
    second.opens(OLD)


@pytest.mark.parametrize("running", ["postgresql"], indirect=True)
def test_a_secret_that_is_given_anew_meanwhile_is_not_overwritten(running: Running):
    """The page was read before; it must not bring the former secret back. SQLite has one writer at a time."""
    vault = Vault(running)
    newer = Seal([NEW]).seal(b"another")

    class Late(Seal):
        def renewed(self, sealed: bytes) -> bytes | None:
            fresh = super().renewed(sealed)
            if fresh is not None and self.open(sealed) == b"s3cret":
                with running.database.write(vault.tenant_id) as session:
                    session.execute(update(OidcSetting).values(sealed=newer))
            return fresh

    renew_seals(running.database, vault.tenant_id, SEALED, seal=Late([NEW, OLD]), now=NOW)
    with running.database.read(vault.tenant_id) as session:
        assert session.scalar(select(OidcSetting.sealed)) == newer


def marks(running: Running, customer: Customer) -> list[str]:
    with running.database.read(customer.tenant_id) as session:
        return list(session.scalars(select(SealRenewal.mark)))
