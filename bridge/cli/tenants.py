"""Commands on tenants."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from bridge import clock
from bridge.billing.billing_details import CORRECTIONS, all_details, set_details
from bridge.billing.local_days import local_date
from bridge.billing.money import minor_digits
from bridge.billing.subscriptions import create_default_subscription
from bridge.cli.operator import as_json, cause, parts, print_json, print_made, tenant_named
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.journal.record import Cause
from bridge.tenants.create import create_tenant
from bridge.tenants.read import find_tenant, tenant_ids
from bridge.usage.apply_meters import create_default_meters


@click.group()
def tenant() -> None:
    """Create and list customers."""


@tenant.command()
@click.argument("name")
@click.option("--currency", required=True, help="ISO 4217 code, such as USD.")
@click.option("--timezone", default="UTC", show_default=True, help="IANA zone in which days are counted.")
@as_json
def create(name: str, currency: str, timezone: str, *, json: bool) -> None:
    """Create a tenant, with a monthly subscription in arrears and the meters of the shipped plans."""
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


@tenant.group("billing-details")
def billing_details() -> None:
    """Set and show to whom invoices are made out."""


@billing_details.command("set")
@click.argument("tenant")
@click.option("--name", required=True, help="Legal name.")
@click.option("--address", default="", help="Address, lines parted by |.")
@click.option("--country", default="", help="ISO 3166-1 code, such as DE.")
@click.option("--tax-id", default="", help="Such as a VAT identification number.")
@click.option("--register", default="", help="Where the buyer is registered, with the number there.")
@click.option("--contact", default="", help="Who gets the invoices.")
@click.option("--reference", default="", help="What the buyer wants on each invoice, such as an order.")
@click.option("--corrections", type=click.Choice(CORRECTIONS), default="adjustment", show_default=True)
@click.option("--from", "valid_from", type=click.DateTime(["%Y-%m-%d"]), help="Default: today.")
def set_billing_details(tenant: str, corrections: str, valid_from: datetime | None, **buyer: str) -> None:
    """Make TENANT's invoices out to a buyer from a date on; these details replace all former ones."""
    now = clock.now()
    with parts().database.write(tenant_named(tenant)) as session:
        today = local_date(now, find_tenant(session).timezone)
        details = set_details(
            session,
            buyer | {"address": buyer["address"].replace("|", "\n")},
            corrections=corrections,
            valid_from=valid_from.date() if valid_from else today,
            cause=cause(),
            now=now,
        )
    print_json(details.document())


@billing_details.command("show")
@click.argument("tenant")
def show_billing_details(tenant: str) -> None:
    """Print TENANT's billing details in the order of their dates."""
    with parts().database.read(tenant_named(tenant)) as session:
        print_json([details.document() for details in all_details(session)])


def found_tenant(
    database: Database, name: str, currency: str, timezone: str, *, cause: Cause, now: datetime
) -> str:
    """Create a tenant with the subscription and the meters that it starts with; return its id."""
    tenant_id = new_id(now)
    with database.write(tenant_id) as session:
        create_tenant(session, name=name, currency=currency, timezone=timezone, cause=cause, now=now)
        first = now.astimezone(ZoneInfo(timezone)).date().replace(day=1)
        create_default_subscription(session, starts_on=first, cause=cause, now=now)
        create_default_meters(session, cause=cause, now=now)
    return tenant_id
