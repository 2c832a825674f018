"""Customers of the bridge with as many people as a measurement needs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from bridge.access.grant import grant_token
from bridge.cli.tenants import found_tenant
from bridge.database.ids import new_id
from bridge.database.rows import table_of
from bridge.directory.counts import count_created
from bridge.directory.tables import Person, PersonVersion
from bridge.journal.record import Cause
from bridge.mapping.apply_rules import apply_rules
from bridge.tenants.create import create_connection
from config.catalogue import plan_keys, roles
from tests.bench.load import send
from tests.bench.servers import Server
from tests.bench.stage import SCIM, Stage
from tests.bench.words import create

PATTERN = "p0000000"
CHUNK = 2000
EVERYBODY = {"default": {"plan": "standard", "roles": ["viewer"]}, "rules": []}


@dataclass(slots=True)
class Customer:
    """A tenant with one live connection, its token, and the ids of its people."""

    name: str
    tenant_id: str
    connection_id: str
    token: str
    ids: list[str]

    def name_of(self, number: int) -> str:
        return f"p{number:07}"


def customer(stage: Stage, name: str) -> Customer:
    """Found a customer whose people all get a seat."""
    now = datetime.now(UTC)
    cause = Cause("operator", "bench", new_id(now))
    database = stage.bridge.database
    tenant_id = found_tenant(database, name, "EUR", "Europe/Berlin", cause=cause, now=now)
    with database.write(tenant_id) as session:
        connection = create_connection(
            session, name="IdP", kind="generic", dialect=None, live=True, cause=cause, now=now
        )
        token = grant_token(
            session, connection.id, seal=stage.bridge.seal, lifetime=None, cause=cause, now=now
        ).secret
        apply_rules(
            session, EVERYBODY, author="bench", note="", effective_from=None, known_plans=plan_keys(),
            known_roles=frozenset(roles()), cause=cause, now=now,
        )  # fmt: skip
    return Customer(name, tenant_id, connection.id, token, [])


def fill(stage: Stage, server: Server, filled: Customer, count: int) -> None:
    """Give the customer ``count`` people.

    The first is created by a request. The others are copies of the rows that this left in the tables of
    people and of their dated facts, under names, ids and instants of their own: the journal does not tell
    of them.
    """
    [first] = send(server.port, [create(SCIM, filled.token, PATTERN)], connections=1, keep_ids=True).answers
    filled.ids.append(first.kept)
    with stage.bridge.database.read(filled.tenant_id) as session:
        person = session.execute(select(table_of(Person)).where(Person.id == first.kept)).one()._mapping
        version = (
            session.execute(select(table_of(PersonVersion)).where(PersonVersion.person_id == first.kept))
            .one()
            ._mapping
        )
    for start in range(1, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        ids = [new_id(person["created_at"]) for _ in numbers]
        people = [_copy(stage, filled, dict(person), n, id=i) for n, i in zip(numbers, ids, strict=True)]
        facts = [
            _copy(stage, filled, dict(version), n, person_id=i) for n, i in zip(numbers, ids, strict=True)
        ]
        with stage.bridge.database.write(filled.tenant_id) as session:
            session.add_rows(Person, people)
            session.add_rows(PersonVersion, facts)
            count_created(
                session,
                "person",
                connection_id=filled.connection_id,
                number=len(people),
                at=datetime.now(UTC),
            )
        filled.ids += ids


def _copy(
    stage: Stage, filled: Customer, row: dict[str, Any], number: int, **replaced: str
) -> dict[str, Any]:
    later = timedelta(microseconds=number)
    name = filled.name_of(number)
    copy = {column: _renamed(value, name, later) for column, value in row.items()} | replaced
    if copy.get("external_digest"):
        key = f"{filled.connection_id}:{copy['external_id']}"
        copy["external_digest"] = stage.bridge.seal.digests(key)[0]
    return copy


def _renamed(value: Any, name: str, later: timedelta) -> Any:  # noqa: ANN401 - any value of a column
    if isinstance(value, str):
        return value.replace(PATTERN, name)
    if isinstance(value, dict):
        return {key: _renamed(part, name, later) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, name, later) for part in value]
    return value + later if isinstance(value, datetime) else value


def large(stage: Stage, server: Server, count: int) -> Customer:
    """Return the customer with the most people, whom several measurements share."""
    if "large" not in stage.kept:
        stage.kept["large"] = whole = customer(stage, f"Larkspur {count}")
        fill(stage, server, whole, count)
        stage.tidy()
    kept = stage.kept["large"]
    assert isinstance(kept, Customer)
    return kept
