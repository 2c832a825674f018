"""Commands on the provisioning log."""

import click
from sqlalchemy import select

from bridge.cli.operator import parts, print_json, tenant_named
from bridge.errors import NotFound
from bridge.provisioning.read_requests import RequestFilter, request_asked
from bridge.provisioning.read_requests import requests as read_log
from bridge.provisioning.tables import Refusal, RequestRecord
from bridge.tenants.read import tenant_ids

SHOWN = (
    "id", "at", "connection_id", "method", "route", "status", "reason", "tolerances", "subject_id",
    "duration_microseconds",
)  # fmt: skip


@click.group()
def requests() -> None:
    """Find requests again, also those that were refused."""


@requests.command("list")
@click.argument("tenant")
@click.option("--failed", is_flag=True, help="Only those answered with an error.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def list_requests(tenant: str, *, failed: bool, limit: int) -> None:
    """Print TENANT's latest requests, newest first."""
    with parts().database.read(tenant_named(tenant)) as session:
        rows = read_log(session, RequestFilter(failed=failed or None), before=None, limit=limit)
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
                print_json(
                    {"tenant_id": tenant_id, **_shown(row), "target": asked.target, "body": asked.body}
                )
                return
    with database.unscoped_read() as unscoped:
        refusal = unscoped.scalar(select(Refusal).where(Refusal.id == request_id))
    if refusal is None:
        raise NotFound(f"there is no request {request_id!r} in the log")
    shown = ("id", "at", "method", "route", "status", "reason")
    print_json({"tenant_id": None, **{name: getattr(refusal, name) for name in shown}})


def _shown(row: RequestRecord) -> dict[str, object]:
    return {name: getattr(row, name) for name in SHOWN}
