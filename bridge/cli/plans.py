"""Commands on plans and their prices."""

from pathlib import Path

import click

from bridge import clock
from bridge.billing.price_book import apply_prices, shipped_plans
from bridge.cli.operator import cause, parts, print_json, tenant_named
from bridge.cli.rules import read_document


@click.group()
def plans() -> None:
    """List the plans, or give a tenant prices of its own."""


@plans.command("list")
def list_plans() -> None:
    """Print the plans as shipped: rank, what they allow, what they cost."""
    print_json(
        [
            {"key": plan.key, "rank": plan.rank, "name": plan.name, "terms": plan.terms}
            for plan in shipped_plans().values()
        ]
    )


@plans.command()
@click.argument("tenant")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def apply(tenant: str, file: Path) -> None:
    """Give TENANT the price terms in FILE (.toml or .json) from the date that it names."""
    with parts().database.write(tenant_named(tenant)) as session:
        changed = apply_prices(session, read_document(file), cause=cause(), now=clock.now())
    click.echo(f"new prices for {', '.join(changed)}")
