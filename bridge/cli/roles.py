"""Commands on a tenant's own roles."""

import getpass
from pathlib import Path

import click

from bridge import clock
from bridge.cli.operator import cause, parts, print_json, tenant_named
from bridge.cli.rules import read_document
from bridge.mapping.role_catalogues import roles_of
from bridge.mapping.role_document import RoleLimits, role_document
from bridge.oversight.change_roles import change_roles
from bridge.oversight.preview_roles import preview_roles
from config.settings import settings


@click.group()
def roles() -> None:
    """Apply and show the roles that rules can give, with their privileges."""


@roles.command()
@click.argument("tenant")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preview", is_flag=True, help="Only print which privileges people would get or lose.")
def apply(tenant: str, file: Path, *, preview: bool) -> None:
    """Make the roles in FILE (.toml or .json, as config/roles.toml) TENANT's own."""
    limits, document, now = RoleLimits(roles=settings().roles), read_document(file), clock.now()
    if preview:
        with parts().database.read(tenant_named(tenant)) as session:
            print_json(preview_roles(session, document, limits=limits, now=now))
        return
    with parts().database.write(tenant_named(tenant)) as session:
        applied = change_roles(
            session, document, author=getpass.getuser(), limits=limits, cause=cause(), now=now
        )
    told = "holds" if applied.applied else "nothing to do: it says the same"
    click.echo(f"version {applied.version} of the roles: {told}")


@roles.command()
@click.argument("tenant")
def show(tenant: str) -> None:
    """Print the roles that TENANT's rules can give."""
    with parts().database.read(tenant_named(tenant)) as session:
        print_json(role_document(roles_of(session)))
