"""Commands on tenants."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from bridge import clock
from bridge.billing.money import minor_digits
from bridge.billing.subscriptions import create_default_subscription
from bridge.cli.operator import as_json, cause, parts, print_json, print_made
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.journal.record import Cause
from bridge.tenants.create import create_tenant
from bridge.tenants.read import find_tenant, tenant_ids


@click.group()
def tenant() -> None:
    """Create and list customers."""


@tenant.command()
@click.argument("name")
@click.option("--currency", required=True, help="ISO 4217 code, such as USD.")
@click.option("--timezone", default="UTC", show_default=True, help="IANA zone in which days are counted.")
@as_json
def create(name: str, currency: str, timezone: str, *, json: bool) -> None:
    """Create a tenant, with a monthly subscription in arrears."""
    minor_digits(currency)
    ident = found_tenant(parts().database, name, currency, timezone, cause=cause(), now=clock.now())
    print_made(ident, json=json, sentence=f"tenant {name} has the id {ident}")


@tenant.command("list")
def list_tenants() -> None:
    """List the tenants."""
    listed = []
    for tenant_id in tenant_ids(parts().database):
        with parts().database.read(tenant_id) as session:
            row = find_tenant(session)
        listed.append({"id": tenant_id, "name": row.name, "currency": row.currency, "timezone": row.timezone})
    print_json(listed)


def found_tenant(
    database: Database, name: str, currency: str, timezone: str, *, cause: Cause, now: datetime
) -> str:
    """Create a tenant and the subscription that comes with it; return the tenant's id."""
    tenant_id = new_id(now)
    with database.write(tenant_id) as session:
        create_tenant(session, name=name, currency=currency, timezone=timezone, cause=cause, now=now)
        first = now.astimezone(ZoneInfo(timezone)).date().replace(day=1)
        create_default_subscription(session, starts_on=first, cause=cause, now=now)
    return tenant_id
