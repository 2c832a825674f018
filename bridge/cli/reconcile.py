"""The command that computes everything again and compares."""

import sys

import click

from bridge import clock
from bridge.cli.operator import as_json, cause, parts, print_json, tenant_named
from bridge.oversight.reconcile import reconcile as compute_again
from bridge.oversight.reconcile import repair as put_right


@click.command()
@click.argument("tenant")
@click.option("--repair", is_flag=True, help="Repair what can be repaired; the rest is for somebody to do.")
@as_json
def reconcile(tenant: str, *, repair: bool, json: bool) -> None:
    """Compare facts, seats and invoices of TENANT; exit code 1 tells that there are findings."""
    database, tenant_id, now = parts().database, tenant_named(tenant), clock.now()
    findings = compute_again(database, tenant_id, now=now)
    repaired = put_right(database, tenant_id, findings.findings, cause=cause(), now=now) if repair else 0
    documents = [finding.document() for finding in findings.findings]
    if json:
        print_json(documents)
    else:
        for each in documents:
            click.echo(
                f"{each['kind']}: {each['subject']} {each['id']}: expected {each['expected']}, "
                f"found {each['found']}; {each['remedy']}"
            )
        click.echo(f"{len(documents)} findings" + (f", {repaired} being repaired" if repair else ""))
    sys.exit(1 if findings.findings else 0)
