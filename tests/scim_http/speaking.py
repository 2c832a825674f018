"""An identity provider that speaks to the SCIM entrance, with a look into what was stored of its words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from bridge.app import create_app
from bridge.database.ids import new_id
from bridge.directory.tables import ChangeDue, Group, GroupVersion, Join, Membership, Person, PersonVersion
from bridge.journal.tables import JournalEntry
from bridge.tenants.create import create_connection
from bridge.tenants.credentials import create_scim_token
from bridge.web.context import Bridge
from config.settings import Settings
from tests.database.opened import CAUSE, NOW, add_tenant

KEY = "a key of thirty-two characters and more"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

Row = Person | PersonVersion | Group | GroupVersion | Membership | Join | ChangeDue | JournalEntry


@contextmanager
def application(database_url: str, **chosen: object) -> Iterator[Flask]:
    kept = {"request_log_rows": 100_000, "request_log_milliseconds": 60_000}
    app = create_app(Settings(database_url=database_url, secret_key=KEY, **kept | chosen))
    parts = app.extensions["bridge"]
    yield app
    parts.request_log.close()
    parts.database.dispose()


@dataclass(frozen=True)
class Speaker:
    """A connection's client, with its token."""

    app: Flask
    tenant_id: str
    connection_id: str
    token: str

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if body is not None:
            more["json"] = body
        return self.app.test_client().open(f"/scim/v2{path}", method=method, headers=sent, **more)

    def get(self, path: str, **more: object) -> TestResponse:
        return self.ask("GET", path, **more)

    def create(self, **attributes: object) -> str:
        answer = self.ask("POST", "/Users", {"schemas": [USER], **attributes})
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def create_group(self, name: str, *member_ids: str) -> str:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": each} for each in member_ids]}
        answer = self.ask("POST", "/Groups", body)
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def patch(self, path: str, *operations: Mapping[str, Any], **more: object) -> TestResponse:
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return self.ask("PATCH", path, body, **more)

    def rows(self, table: type[Row], *conditions: object) -> list[Any]:
        with self.app.extensions["bridge"].database.read(self.tenant_id) as session:
            return list(session.scalars(select(table).where(*conditions)))

    def person(self, person_id: str) -> Person:
        [row] = self.rows(Person, Person.id == person_id)
        return row

    def versions(self, person_id: str) -> list[PersonVersion]:
        rows = self.rows(PersonVersion, PersonVersion.person_id == person_id)
        return sorted(rows, key=lambda row: row.start)

    def members(self, group_id: str) -> set[str]:
        rows = self.rows(Membership, Membership.group_id == group_id, Membership.end.is_(None))
        return {row.member_id for row in rows}

    def actions(self, subject_id: str) -> list[str]:
        rows = self.rows(JournalEntry, JournalEntry.subject_id == subject_id)
        return [row.action for row in sorted(rows, key=lambda row: (row.at, row.id))]

    def due(self) -> set[tuple[str, str]]:
        return {(row.subject_kind, row.subject_id) for row in self.rows(ChangeDue)}

    def everything(self) -> list[list[str]]:
        """Show all stored facts, to compare before and after."""
        return [sorted(repr(shown(row)) for row in self.rows(table)) for table in Row.__args__]


@contextmanager
def statements_of(idp: Speaker) -> Iterator[list[str]]:
    """Note the statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    engine = idp.app.extensions["bridge"].database.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def shown(row: Row) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}


def add_speaker(
    app: Flask,
    *,
    tenant_id: str | None = None,
    dialect: str = "generic",
    now: datetime = NOW,
    live: bool = True,
) -> Speaker:
    parts: Bridge = app.extensions["bridge"]
    if tenant_id is None:
        tenant_id = add_tenant(parts.database, f"Lindqvist Freight {new_id(now)}")
    with parts.database.write(tenant_id) as session:
        connection = create_connection(
            session,
            name=f"IdP {new_id(now)}",
            kind="generic",
            dialect=dialect,
            live=live,
            cause=CAUSE,
            now=now,
        )
    with parts.database.unscoped() as session:
        made = create_scim_token(
            session,
            tenant_id=tenant_id,
            connection_id=connection.id,
            seal=parts.seal,
            lifetime=None,
            now=now,
        )
    return Speaker(app, tenant_id, connection.id, made.secret)
