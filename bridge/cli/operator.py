"""What every command of the operator begins with: the bridge's parts, the tenant that is meant, the cause."""

import getpass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import click
import orjson
from rich.console import Console
from sqlalchemy import select

from bridge import clock
from bridge.app import put_together
from bridge.database.ids import new_id
from bridge.errors import InvalidValue, NotFound
from bridge.journal.record import Cause
from bridge.logs import configure_logs
from bridge.tenants import doors
from bridge.tenants.read import tenant_ids
from bridge.tenants.tables import Tenant
from bridge.web.context import Bridge
from config.settings import settings

as_json = click.option("--json", "json", is_flag=True, help="Print JSON.")
console = Console(soft_wrap=True)


@cache
def parts() -> Bridge:
    """Return the parts of the bridge that the environment describes; logs go to standard error."""
    configure_logs(settings(), process="command")
    return put_together(settings())


def cause() -> Cause:
    """Return who is at the command line; each command is one request."""
    return Cause("operator", getpass.getuser(), new_id(clock.now()))


def tenant_named(text: str) -> str:
    """Return the id of the tenant of that id or name. Raises ``NotFound`` or ``InvalidValue``."""
    database = parts().database
    found = []
    for tenant_id in tenant_ids(database):
        with database.read(tenant_id) as session:
            name = session.scalar(select(Tenant.name))
        if text in {tenant_id, name}:
            found.append(tenant_id)
    if len(found) > 1:
        raise InvalidValue(
            f"{len(found)} tenants are named {text!r}: give the id of one, see `bridge tenant list`"
        )
    if not found:
        raise NotFound(f"there is no tenant {text!r}: see `bridge tenant list`")
    return found[0]


def tenant_of_connection(connection_id: str) -> str:
    """Return the id of the tenant whose connection this is. Raises ``NotFound``."""
    try:
        return doors.tenant_of_connection(parts().database, connection_id)
    except NotFound as error:
        told = f"there is no connection {connection_id!r}: see `bridge connection list TENANT`"
        raise NotFound(told) from error


def instant(text: str | None) -> datetime | None:
    """Read an instant with an offset, such as 2026-09-01T07:00:00Z."""
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue(f"{text!r} is no instant such as 2026-09-01T07:00:00Z") from error
    if value.tzinfo is None:
        raise InvalidValue(f"{text!r} has no offset: add Z for UTC")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise InvalidValue(f"{text!r} lies outside the years 1 to 9999 in UTC") from error


def print_json(value: Any) -> None:  # noqa: ANN401 (any JSON value)
    """Print a value as indented JSON."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=_json_default).decode())


def print_made(ident: str, *, json: bool, sentence: str) -> None:
    """Print what was made: its id as JSON, or a sentence for people."""
    if json:
        click.echo(orjson.dumps({"id": ident}).decode())
    else:
        console.print(sentence, highlight=False)


def _json_default(value: object) -> object:
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
