"""Commands on a tenant's cap, floor, tax, credit."""

from pathlib import Path

import click

from bridge import clock
from bridge.billing.billing_terms import apply_billing_terms, dated_billing_terms
from bridge.billing.credit import credit_balance, credit_entries, grant_credit
from bridge.billing.money import format_minor
from bridge.cli.operator import cause, parts, print_json, tenant_named
from bridge.cli.rules import read_document
from bridge.tenants.read import find_tenant


@click.group("billing-terms")
def billing_terms() -> None:
    """Give a tenant's bill a cap, a floor, a tax."""


@billing_terms.command()
@click.argument("tenant")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def apply(tenant: str, file: Path) -> None:
    """Let the terms in FILE (.toml or .json) hold for TENANT's periods from the date that it names."""
    with parts().database.write(tenant_named(tenant)) as session:
        made = apply_billing_terms(session, read_document(file), cause=cause(), now=clock.now())
    click.echo(f"billing terms hold for periods that begin from {made.valid_from} on")


@billing_terms.command("show")
@click.argument("tenant")
def show_terms(tenant: str) -> None:
    """Print TENANT's billing terms in the order of decision."""
    with parts().database.read(tenant_named(tenant)) as session:
        print_json(
            [
                {"valid_from": each.valid_from, "valid_until": each.valid_until, **each.document}
                for each in dated_billing_terms(session)
            ]
        )


@click.group()
def credit() -> None:
    """Grant credit that pays for invoices to come."""


@credit.command()
@click.argument("tenant")
@click.argument("amount")
@click.option("--reference", required=True, help="Your name for this grant; again, it grants nothing.")
@click.option("--reason", required=True, help="Why, for those who read the history.")
def grant(tenant: str, amount: str, reference: str, reason: str) -> None:
    """Grant TENANT credit of AMOUNT in its currency."""
    with parts().database.write(tenant_named(tenant)) as session:
        made = grant_credit(
            session, amount=amount, reference=reference, reason=reason, cause=cause(), now=clock.now()
        )
        balance = format_minor(made.balance_minor, find_tenant(session).currency)
    done = "had been granted before" if made.already_granted else "is granted"
    click.echo(f"credit {reference} {done}; {balance} is left")


@credit.command("show")
@click.argument("tenant")
def show_credit(tenant: str) -> None:
    """Print what credit TENANT has left, and how it came about."""
    with parts().database.read(tenant_named(tenant)) as session:
        currency = find_tenant(session).currency
        print_json(
            {
                "balance": format_minor(credit_balance(session), currency),
                "entries": [
                    {
                        "kind": row.kind,
                        "reference": row.reference,
                        "amount": format_minor(row.amount_minor, currency),
                        "reason": row.reason,
                        "at": row.at,
                    }
                    for row in credit_entries(session)
                ],
            }
        )
