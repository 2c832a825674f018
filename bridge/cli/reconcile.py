"""The command that computes everything again and compares."""

import sys

import click

from bridge import clock
from bridge.cli.operator import as_json, parts, print_json, tenant_named
from bridge.oversight.reconcile import reconcile as compute_again


@click.command()
@click.argument("tenant")
@as_json
def reconcile(tenant: str, *, json: bool) -> None:
    """Compare facts, seats and invoices of TENANT; exit code 1 tells that there are findings."""
    findings = compute_again(parts().database, tenant_named(tenant), now=clock.now())
    documents = [finding.document() for finding in findings.findings]
    if json:
        print_json(documents)
    else:
        for each in documents:
            click.echo(
                f"{each['kind']}: {each['subject']} {each['id']}: expected {each['expected']}, "
                f"found {each['found']}; {each['remedy']}"
            )
        click.echo(f"{len(documents)} findings")
    sys.exit(1 if findings.findings else 0)
