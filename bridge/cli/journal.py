"""Commands on the journal."""

import sys

import click

from bridge.cli.operator import parts, tenant_named
from bridge.journal.seal import seal
from bridge.journal.verify import verify as verify_chain

SEALED_AT_ONCE = 10_000


@click.group()
def journal() -> None:
    """Verify the chain of what happened."""


@journal.command()
@click.argument("tenant")
def verify(tenant: str) -> None:
    """Recompute TENANT's chain; exit code 1 tells that it is broken."""
    result = verify_chain(parts().database, tenant_named(tenant))
    if result.reason is None:
        click.echo(
            f"{result.sealed} entries are whole, {result.unsealed} wait to be sealed; head {result.head}"
        )
        return
    click.echo(f"position {result.first_broken_position}: {result.reason}", err=True)
    sys.exit(1)


@journal.command("seal")
@click.argument("tenant")
def seal_now(tenant: str) -> None:
    """Seal what is unsealed now, without waiting for the schedule."""
    tenant_id, total = tenant_named(tenant), 0
    while sealed := seal(parts().database, tenant_id, limit=SEALED_AT_ONCE):
        total += sealed
    click.echo(f"{total} entries sealed")
