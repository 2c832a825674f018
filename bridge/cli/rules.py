"""Commands on rules."""

import getpass
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import orjson

from bridge import clock
from bridge.cli.operator import as_json, cause, instant, parts, print_json, tenant_named
from bridge.cli.previews import print_preview
from bridge.errors import InvalidSyntax
from bridge.mapping.rule_document import Limits
from bridge.mapping.rule_sets import versions
from bridge.oversight.apply_previewed import change_rules
from bridge.oversight.preview_change import WantedRules, back_test, preview_rules
from config.catalogue import plan_keys
from config.settings import settings


@click.group()
def rules() -> None:
    """Apply and show the rules by which groups and attributes become roles and a plan."""


@rules.command()
@click.argument("tenant")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--effective-from", help="Instant with an offset; default: now.")
@click.option("--note", default="", help="Why, for those who read the history.")
@click.option("--preview", is_flag=True, help="Only tell what they would do to people and money.")
@click.option("--as-of", help="Only tell what they would have done to the billing period of this instant.")
@click.option("--preview-id", help="Apply only what this preview shows.")
@as_json
def apply(
    tenant: str,
    file: Path,
    effective_from: str | None,
    note: str,
    *,
    as_of: str | None,
    preview_id: str | None,
    preview: bool,
    json: bool,
) -> None:
    """Make the rules in FILE (.toml or .json) a new version of TENANT's, or preview them."""
    wanted = WantedRules(
        document=read_document(file),
        known_plans=plan_keys(),
        limits=Limits(rules=settings().rules),
        effective_from=instant(effective_from),
    )
    past = instant(as_of)
    if preview or past is not None:
        print_preview(_previewed(tenant_named(tenant), wanted, past), json=json)
        return
    with parts().database.write(tenant_named(tenant)) as session:
        applied = change_rules(
            session,
            wanted,
            author=getpass.getuser(),
            note=note,
            preview_id=preview_id,
            hours=settings().preview_hours,
            cause=cause(),
            now=clock.now(),
        )
    if applied.applied:
        click.echo(f"version {applied.version} is in force from {applied.effective_from.isoformat()}")
    else:
        click.echo(f"nothing to do: version {applied.version} says the same")


def _previewed(tenant_id: str, wanted: WantedRules, past: datetime | None) -> dict[str, Any]:
    database, now = parts().database, clock.now()
    if past is not None:
        return back_test(database, tenant_id, wanted, as_of=past, now=now)
    return preview_rules(database, tenant_id, wanted, hours=settings().preview_hours, now=now)


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
