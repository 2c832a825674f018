"""People of a connection, provisioned as a SCIM client would, who sign in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bridge.access.sessions import NewSession, SignedIn, find_session, open_session
from bridge.access.tables import Session
from bridge.database.sessions import Database
from bridge.errors import Unauthenticated
from bridge.journal.record import Cause
from bridge.provisioning.client import Client
from bridge.provisioning.create_person import create_person
from bridge.provisioning.delete_person import delete_person
from bridge.provisioning.patch_person import patch_person
from bridge.scim.reading import DIALECTS, Limits
from bridge.tenants.secrets import Seal
from tests.database.opened import CAUSE, NOW, add_connection, add_tenant

SEAL = Seal(["k" * 32])
ISSUER = "https://lindqvist.example/oauth2"
IDLE, LIFETIME = timedelta(hours=1), timedelta(hours=12)
OF_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True, slots=True)
class Company:
    """A tenant with one connection, through which its people are provisioned and sign in."""

    database: Database
    tenant_id: str
    connection_id: str

    @property
    def client(self) -> Client:
        cause = Cause("connection", self.connection_id, "request-2")
        return Client(self.connection_id, DIALECTS["okta"], Limits(), SEAL, cause, "https://bridge.example")

    def hires(self, name: str) -> str:
        body = {"userName": f"{name}@lindqvist.example", "externalId": name, "active": True}
        with self.database.write(self.tenant_id) as session:
            return create_person(session, body, client=self.client, now=NOW).found.id

    def sets_active(self, person_id: str, *, active: bool, now: datetime = NOW) -> None:
        operations = [{"op": "replace", "value": {"active": active}}]
        body = {"schemas": [OF_PATCH], "Operations": operations}
        with self.database.write(self.tenant_id) as session:
            patch_person(session, person_id, body, if_match=None, client=self.client, now=now)

    def deletes(self, person_id: str) -> None:
        with self.database.write(self.tenant_id) as session:
            delete_person(session, person_id, if_match=None, client=self.client, now=NOW)

    def signs_in(
        self,
        person_id: str,
        *,
        subject: str = "00u1",
        sid: str | None = None,
        most: int = 20,
        now: datetime = NOW,
        seal: Seal = SEAL,
    ) -> NewSession:
        with self.database.write(self.tenant_id) as session:
            return open_session(
                session,
                person_id=person_id,
                connection_id=self.connection_id,
                issuer=ISSUER,
                subject=subject,
                sid=sid,
                id_token=f"id token of {subject}",
                refresh_token=None,
                seal=seal,
                lifetime=LIFETIME,
                most=most,
                cause=CAUSE,
                now=now,
            )

    def finds(self, cookie: str | None, *, now: datetime = NOW, seal: Seal = SEAL) -> SignedIn:
        return find_session(self.database, seal, cookie, idle=IDLE, now=now)

    def refuses(self, cookie: str | None, words: str, *, now: datetime = NOW) -> None:
        with pytest.raises(Unauthenticated, match=words):
            self.finds(cookie, now=now)

    def row(self, session_id: str) -> Session:
        with self.database.read(self.tenant_id) as session:
            return session.get_one(Session, (self.tenant_id, session_id))


def company_of(database: Database) -> Company:
    tenant_id = add_tenant(database)
    return Company(database, tenant_id, add_connection(database, tenant_id))
