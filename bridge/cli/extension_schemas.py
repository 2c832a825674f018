"""Commands on the schemas that a tenant defines for its users."""

import getpass
from pathlib import Path

import click

from bridge import clock
from bridge.cli.operator import cause, parts, print_json, tenant_named
from bridge.cli.rules import read_document
from bridge.scim.extension_document import ExtensionLimits
from bridge.tenants.extension_schemas import apply_extension, extension_schemas


@click.group()
def schema() -> None:
    """Define what the users of a tenant may hold beside the attributes of the standard."""


@schema.command()
@click.argument("tenant")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def apply(tenant: str, file: Path) -> None:
    """Make the schema in FILE (.toml or .json, as /Schemas publishes one) one of TENANT's users."""
    settings = parts().settings
    with parts().database.write(tenant_named(tenant)) as session:
        applied = apply_extension(
            session,
            read_document(file),
            author=getpass.getuser(),
            most=settings.extension_schemas,
            limits=ExtensionLimits(attributes=settings.extension_attributes),
            cause=cause(),
            now=clock.now(),
        )
    if applied.applied:
        click.echo(f"version {applied.version}: {applied.urn} holds from now on")
    else:
        click.echo(f"nothing to do: version {applied.version} of {applied.urn} says the same")


@schema.command("list")
@click.argument("tenant")
def list_all(tenant: str) -> None:
    """Print the schemas of TENANT's users, each in its newest version."""
    with parts().database.read(tenant_named(tenant)) as session:
        rows = extension_schemas(session)
    shown = ("id", "urn", "version", "author", "created_at", "document")
    print_json([{name: getattr(row, name) for name in shown} for row in rows])
