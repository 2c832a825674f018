"""Commands on the provisioning log."""

from typing import Any

import click
from sqlalchemy import select

from bridge.app import create_app
from bridge.cli.operator import cause, instant, parts, print_json, tenant_named
from bridge.errors import NotFound
from bridge.provisioning.read_requests import RequestFilter, request_asked
from bridge.provisioning.read_requests import requests as read_log
from bridge.provisioning.tables import Refusal, RequestRecord
from bridge.tenants.read import tenant_ids
from bridge.web.replaying import replay_request

SHOWN = (
    "id", "at", "connection_id", "method", "route", "status", "reason", "tolerances", "subject_id",
    "duration_microseconds", "replay_of", "failed_operations",
)  # fmt: skip


@click.group()
def requests() -> None:
    """Find requests again, also those that were refused."""


@requests.command("list")
@click.argument("tenant")
@click.option("--failed", is_flag=True, help="Only those answered with an error.")
@click.option("--failed-operations", is_flag=True, help="Only bulk requests of which operations failed.")
@click.option("--status", type=click.IntRange(100, 599), help="Only those answered with this HTTP status.")
@click.option("--method", type=click.Choice(("GET", "POST", "PUT", "PATCH", "DELETE")))
@click.option("--route", help="Only those of this route, as the log shows it.")
@click.option("--connection", "connection_id", help="Only those of the connection of this id.")
@click.option("--subject", "subject_id", help="Only those about the person or group of this id.")
@click.option("--since", help="Only those from this instant on, such as 2026-09-01T07:00:00Z.")
@click.option("--until", help="Only those before this instant.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def list_requests(
    tenant: str,
    *,
    failed: bool,
    failed_operations: bool,
    since: str | None,
    until: str | None,
    limit: int,
    **wanted: Any,  # noqa: ANN401 (options that are named as the filter's fields)
) -> None:
    """Print TENANT's latest requests, newest first."""
    chosen = RequestFilter(
        failed=failed or None,
        failed_operations=failed_operations or None,
        since=instant(since),
        until=instant(until),
        **wanted,
    )
    with parts().database.read(tenant_named(tenant)) as session:
        rows = read_log(session, chosen, before=None, limit=limit)
    print_json([_shown(row) for row in rows])


@requests.command()
@click.argument("request_id")
def show(request_id: str) -> None:
    """Print one request with what it asked, whichever tenant's it was, or nobody's."""
    database, seal = parts().database, parts().seal
    for tenant_id in tenant_ids(database):
        with database.read(tenant_id) as session:
            if session.scalar(select(RequestRecord.id).where(RequestRecord.id == request_id)):
                row, asked = request_asked(session, request_id, seal=seal)
                known = {"target": asked.target, "body": asked.body, "failures": asked.failures}
                print_json({"tenant_id": tenant_id, **_shown(row), **known})
                return
    with database.unscoped_read() as unscoped:
        refusal = unscoped.scalar(select(Refusal).where(Refusal.id == request_id))
    if refusal is None:
        raise NotFound(f"there is no request {request_id!r} in the log")
    shown = ("id", "at", "method", "route", "status", "reason")
    print_json({"tenant_id": None, **{name: getattr(refusal, name) for name in shown}})


@requests.command()
@click.argument("request_id")
@click.option("--even-if-changed", is_flag=True, help="Apply it over what has changed since it failed.")
def replay(request_id: str, *, even_if_changed: bool) -> None:
    """Send a failed write of an identity provider again; it succeeds once only.

    Of a bulk request only those operations are done that failed.
    """
    tenant_id = _tenant_of(request_id)
    root_url = parts().settings.public_url or "http://localhost/"
    app = create_app(parts().settings)
    done = replay_request(
        app.extensions["bridge"],
        app.wsgi_app,
        request_id,
        tenant_id=tenant_id,
        by=cause(),
        root_url=root_url,
        even_if_changed=even_if_changed,
    )
    click.echo(f"request {request_id} was replayed as {done.claim.replay_id}, answered with {done.status}")
    if done.claim.failed_operations:
        click.echo(f"{done.claim.failed_operations} operations failed again: see `bridge requests show`")


def _tenant_of(request_id: str) -> str:
    database = parts().database
    for tenant_id in tenant_ids(database):
        with database.read(tenant_id) as session:
            if session.scalar(select(RequestRecord.id).where(RequestRecord.id == request_id)):
                return tenant_id
    raise NotFound(f"there is no request {request_id!r} of a tenant in the log")


def _shown(row: RequestRecord) -> dict[str, object]:
    return {name: getattr(row, name) for name in SHOWN}
