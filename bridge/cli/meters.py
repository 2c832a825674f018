"""Commands on meters, consumption, sign-ins."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson

from bridge import clock
from bridge.billing.runs import closed_until
from bridge.cli.operator import cause, parts, print_json, tenant_named
from bridge.cli.rules import read_document
from bridge.errors import InvalidSyntax
from bridge.usage.apply_meters import apply_meters, read_meters
from bridge.usage.events import Taken
from bridge.usage.take_sign_ins import take_sign_ins
from bridge.usage.take_usage import take_usage
from config.settings import settings

#: Exit code where some of a batch were not taken.
FINDINGS = 1

document = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def meters() -> None:
    """Decide what a tenant counts."""


@meters.command()
@click.argument("tenant")
@document
def apply(tenant: str, file: Path) -> None:
    """Make or change the meters of TENANT that FILE (.toml or .json) names; others stay."""
    with parts().database.write(tenant_named(tenant)) as session:
        changed = apply_meters(
            session, read_document(file), most=settings().meters, cause=cause(), now=clock.now()
        )
    click.echo(f"meters {', '.join(changed)}" if changed else "nothing to do: the meters are like that")


@meters.command()
@click.argument("tenant")
def show(tenant: str) -> None:
    """Print TENANT's meters."""
    with parts().database.read(tenant_named(tenant)) as session:
        print_json([meter.document() for meter in read_meters(session).values()])


@click.group()
def usage() -> None:
    """Take in what people used."""


@usage.command("take")
@click.argument("tenant")
@document
def take_events(tenant: str, file: Path) -> None:
    """Take in a batch of CloudEvents (a JSON array in FILE); exit code 1 when some are not taken."""
    _take(partial(take_usage, seal=parts().seal), tenant, file)


@click.group("sign-ins")
def sign_ins() -> None:
    """Take in when people signed in."""


@sign_ins.command("take")
@click.argument("tenant")
@document
def take_signed_in(tenant: str, file: Path) -> None:
    """Take in a batch of sign-ins (a JSON array in FILE); exit code 1 when some are not taken."""
    _take(take_sign_ins, tenant, file)


def _take(take: Callable[..., Taken], tenant: str, file: Path) -> None:
    batch = _list_in(file)
    with parts().database.write(tenant_named(tenant)) as session:
        taken = take(
            session, batch, closed_until=closed_until, late_days=settings().late_days, cause=cause(),
            now=clock.now(),
        )  # fmt: skip
    print_json(taken.document())
    sys.exit(FINDINGS if taken.rejected else 0)


def _list_in(file: Path) -> list[Any]:
    """Read a JSON array. Raises ``InvalidSyntax``."""
    try:
        batch = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise InvalidSyntax(f"{file} is not JSON: {error.msg} at character {error.pos}") from error
    if not isinstance(batch, list):
        raise InvalidSyntax(f"{file} must hold a JSON array")
    return batch
