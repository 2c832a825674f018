"""Commands on the database's tables."""

import sys

import click

import bridge.app  # imports nearly every room, so that all tables are declared
import bridge.delivery.tables
import bridge.signin.tables  # noqa: F401 - nor who signs in before the first does
from bridge.database.migrate import differences, upgrade
from config.settings import settings


@click.group()
def database() -> None:
    """Bring the tables up to date, or compare them with the code."""


@database.command("upgrade")
def upgrade_database() -> None:
    """Bring the tables to the newest version; twice changes nothing."""
    upgrade(settings().database, settings().database_role)
    click.echo("the tables are up to date")


@database.command()
def check() -> None:
    """Compare the tables with what the code declares; exit code 1 tells that they differ."""
    found = differences(settings().database)
    for difference in found:
        click.echo(difference)
    click.echo(f"{len(found)} differences")
    sys.exit(1 if found else 0)
