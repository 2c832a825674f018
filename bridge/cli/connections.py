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
from bridge.directory.go_live import go_live as make_live
from bridge.tenants.connections import list_connections
from bridge.tenants.create import KINDS, create_connection


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
def go_live(connection_id: str) -> None:
    """Bill the connection's people from now on."""
    now = clock.now()
    with parts().database.write(tenant_of_connection(connection_id)) as session:
        make_live(session, connection_id, live_from=now, cause=cause(), now=now)
    click.echo(f"connection {connection_id} is live from {now.isoformat()}")
