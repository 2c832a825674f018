"""Commands on groups."""

import click
from sqlalchemy import select

from bridge.cli.operator import parts, print_json, tenant_named
from bridge.directory.tables import Group


@click.group()
def group() -> None:
    """List groups, whose ids the rules name."""


@group.command("list")
@click.argument("tenant")
def list_groups(tenant: str) -> None:
    """Print TENANT's groups with their ids."""
    with parts().database.read(tenant_named(tenant)) as session:
        found = select(Group.id, Group.display_name, Group.connection_id).where(Group.deleted_at.is_(None))
        rows = session.execute(found.order_by(Group.display_name, Group.id)).all()
    print_json([{"id": ident, "name": name, "connection_id": of} for ident, name, of in rows])
