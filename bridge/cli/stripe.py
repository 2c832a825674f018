"""Commands on what is delivered to Stripe."""

import sys
from dataclasses import asdict

import click
from stripe import StripeClient

from bridge import clock
from bridge.cli.operator import cause, parts, print_json, tenant_named
from bridge.delivery.compare import compare as compare_invoices
from bridge.delivery.deliver import deliver as deliver_invoices
from bridge.delivery.enrol import enrol as enrol_tenant
from bridge.delivery.queue import list_deliveries, revive
from bridge.delivery.stripe_client import open_stripe
from bridge.errors import Misconfigured
from config.settings import settings


@click.group()
def stripe() -> None:
    """Collect invoices through Stripe; look at deliveries and differences."""


@stripe.command()
@click.argument("tenant")
def enrol(tenant: str) -> None:
    """Send TENANT's invoices to Stripe, from the next one on."""
    with parts().database.write(tenant_named(tenant)) as session:
        new = enrol_tenant(session, cause=cause(), now=clock.now())
    click.echo("invoices go to Stripe from now on" if new else "invoices went to Stripe before")


@stripe.command()
@click.argument("tenant")
def deliver(tenant: str) -> None:
    """Make the attempts that are due now rather than when the workers come to it."""
    made = deliver_invoices(parts().database, tenant_named(tenant), _client(), now=clock.now())
    click.echo(f"{made} attempts")


@stripe.command()
@click.argument("tenant")
def deliveries(tenant: str) -> None:
    """Print what was and is to be done at Stripe, with attempts and errors."""
    with parts().database.read(tenant_named(tenant)) as session:
        print_json(list_deliveries(session))


@stripe.command()
@click.argument("tenant")
@click.argument("delivery", nargs=-1, required=True)
def retry(tenant: str, delivery: tuple[str, ...]) -> None:
    """Try dead deliveries again."""
    with parts().database.write(tenant_named(tenant)) as session:
        click.echo(f"{revive(session, delivery, now=clock.now())} are tried again")


@stripe.command()
@click.argument("tenant")
def compare(tenant: str) -> None:
    """Compare TENANT's invoices and credit notes with Stripe's; exit code 1 tells that something differs."""
    found = compare_invoices(parts().database, tenant_named(tenant), _client(), now=clock.now())
    print_json([asdict(each) for each in found])
    sys.exit(1 if found else 0)


def _client() -> StripeClient:
    client = open_stripe(settings())
    if client is None:
        raise Misconfigured("there is no key of Stripe: set BRIDGE_STRIPE_API_KEY")
    return client
