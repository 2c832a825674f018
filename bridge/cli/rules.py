"""Commands on rules."""

import getpass
import tomllib
from pathlib import Path
from typing import Any

import click
import orjson

from bridge import clock
from bridge.cli.operator import cause, instant, parts, print_json, tenant_named
from bridge.errors import InvalidSyntax
from bridge.mapping.apply_rules import apply_rules
from bridge.mapping.rule_document import Limits
from bridge.mapping.rule_sets import versions
from config.catalogue import plan_keys, roles
from config.settings import settings


@click.group()
def rules() -> None:
    """Apply and show the rules by which groups and attributes become roles and a plan."""


@rules.command()
@click.argument("tenant")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--effective-from", help="Instant with an offset; default: now.")
@click.option("--note", default="", help="Why, for those who read the history.")
def apply(tenant: str, file: Path, effective_from: str | None, note: str) -> None:
    """Make the rules in FILE (.toml or .json) a new version of TENANT's."""
    with parts().database.write(tenant_named(tenant)) as session:
        applied = apply_rules(
            session,
            read_document(file),
            author=getpass.getuser(),
            note=note,
            effective_from=instant(effective_from),
            known_plans=plan_keys(),
            known_roles=frozenset(roles()),
            cause=cause(),
            now=clock.now(),
            limits=Limits(rules=settings().rules),
        )
    if applied.applied:
        click.echo(f"version {applied.version} is in force from {applied.effective_from.isoformat()}")
    else:
        click.echo(f"nothing to do: version {applied.version} says the same")


@rules.command()
@click.argument("tenant")
def show(tenant: str) -> None:
    """Print every version of TENANT's rules, with the time for which it is in force."""
    with parts().database.read(tenant_named(tenant)) as session:
        found = versions(session)
    print_json(
        [
            {"version": each.version, "from": each.start, "until": each.end, "rules": each.document}
            for each in found
        ]
    )


def read_document(file: Path) -> dict[str, Any]:
    """Read a TOML or JSON file. Raises ``InvalidSyntax``."""
    try:
        text = file.read_bytes()
        document = tomllib.loads(text.decode()) if file.suffix == ".toml" else orjson.loads(text)
    except (tomllib.TOMLDecodeError, orjson.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidSyntax(f"{file} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise InvalidSyntax(f"{file} must hold a table (TOML) or an object (JSON)")
    return document
