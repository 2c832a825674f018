"""Commands on connections to identity providers."""

import click

from bridge import clock
from bridge.cli.operator import (
    as_json,
    cause,
    parts,
    print_json,
    print_made,
    tenant_named,
    tenant_of_connection,
)
from bridge.cli.previews import print_preview
from bridge.oversight.apply_previewed import switch_live
from bridge.oversight.preview_change import preview_live
from bridge.tenants.connections import list_connections
from bridge.tenants.create import KINDS, create_connection
from config.settings import settings


@click.group()
def connection() -> None:
    """Create and list connections, and make them count."""


@connection.command()
@click.argument("tenant")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(KINDS))
@click.option("--dialect", help="Default: the one of its kind.")
@click.option("--live", is_flag=True, help="Bill its people from now on; default: observe only.")
@as_json
def create(tenant: str, name: str, kind: str, dialect: str | None, *, live: bool, json: bool) -> None:
    """Create a connection of TENANT under NAME."""
    with parts().database.write(tenant_named(tenant)) as session:
        made = create_connection(
            session, name=name, kind=kind, dialect=dialect, live=live, cause=cause(), now=clock.now()
        )
    print_made(made.id, json=json, sentence=f"connection {name} has the id {made.id}")


@connection.command("list")
@click.argument("tenant")
def list_all(tenant: str) -> None:
    """List a tenant's connections."""
    with parts().database.read(tenant_named(tenant)) as session:
        rows = list_connections(session)
    shown = ("id", "name", "kind", "dialect", "live_from", "created_at")
    print_json([{name: getattr(row, name) for name in shown} for row in rows])


@connection.command("go-live")
@click.argument("connection_id")
@click.option("--preview", is_flag=True, help="Only tell what it would do to people and money.")
@click.option("--preview-id", help="Switch only if it does what this preview shows.")
@as_json
def go_live(connection_id: str, *, preview_id: str | None, preview: bool, json: bool) -> None:
    """Bill the connection's people from now on, or preview that."""
    now, hours = clock.now(), settings().preview_hours
    database, tenant_id = parts().database, tenant_of_connection(connection_id)
    if preview:
        found = preview_live(database, tenant_id, connection_id, live_from=None, hours=hours, now=now)
        print_preview(found, json=json)
        return
    with database.write(tenant_id) as session:
        switch_live(
            session,
            connection_id,
            live_from=None,
            preview_id=preview_id,
            hours=hours,
            cause=cause(),
            now=now,
        )
    click.echo(f"connection {connection_id} is live from {now.isoformat()}")


connection.add_command(go_live, "live")
