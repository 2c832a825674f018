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
    if json:
        print_json(findings.document())
    else:
        for finding in findings.findings:
            click.echo(str(finding))
        click.echo(f"{len(findings.findings)} findings")
    sys.exit(1 if findings.findings else 0)
