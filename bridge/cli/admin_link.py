"""The command that lets the first administrator in."""

from datetime import timedelta

import click

from bridge import clock
from bridge.access.visits import VISITORS, make_link
from bridge.cli.operator import as_json, cause, parts, print_json, tenant_named

#: Where ``bridge serve`` answers unless it is told otherwise.
SERVED = "http://127.0.0.1:8080"


@click.command("admin-link")
@click.argument("tenant")
@click.option("--role", type=click.Choice(list(VISITORS)), default="administrator", show_default=True,
              help="What the visitor may do.")  # fmt: skip
@click.option("--url", help=f"Address of the bridge; default: BRIDGE_PUBLIC_URL, else {SERVED}.")
@as_json
def admin_link(tenant: str, role: str, url: str | None, *, json: bool) -> None:
    """Print a link that opens the pages of TENANT, once.

    For the first administrator, for the operator, and for when no identity provider answers.
    """
    bridge = parts()
    with bridge.database.write(tenant_named(tenant)) as session:
        made = make_link(
            session,
            role,
            opens_for=timedelta(minutes=bridge.settings.visit_link_minutes),
            seal=bridge.seal,
            cause=cause(),
            now=clock.now(),
        )
    root = (url or bridge.settings.public_url or SERVED).rstrip("/")
    address = f"{root}/admin/enter?link={made.secret}"
    if json:
        print_json({"id": made.id, "url": address, "expires_at": made.expires_at.isoformat()})
    else:
        click.echo(address)
