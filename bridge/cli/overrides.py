"""Commands on overrides."""

import getpass

import click

from bridge import clock
from bridge.cli.operator import as_json, cause, instant, parts, print_json, print_made, tenant_named
from bridge.cli.people import person_named
from bridge.mapping.overrides import Override
from bridge.mapping.read_overrides import overrides_page, read_overrides
from bridge.mapping.set_override import WantedOverride
from bridge.oversight.override_person import override_person, stop_overriding
from config.catalogue import plan_keys

ALL = 100_000
SHOWN = ("id", "person_id", "start", "end", "plan", "roles", "reason", "author")


@click.group()
def override() -> None:
    """Decide one person's plan and roles, whatever a rule says."""


@override.command("set")
@click.argument("tenant")
@click.argument("person")
@click.option("--plan", help="A plan's key; none is no seat. Default: what the rules say.")
@click.option("--role", "role_keys", multiple=True, help="One of the roles. Default: what the rules say.")
@click.option("--no-roles", is_flag=True, help="No roles at all.")
@click.option("--reason", required=True, help="Why, for those who look back; name nobody.")
@click.option("--from", "start", help="Instant with an offset; default: now.")
@click.option("--until", "end", help="Instant with an offset; default: until somebody ends it.")
@as_json
def set_one(
    tenant: str,
    person: str,
    *,
    plan: str | None,
    role_keys: tuple[str, ...],
    reason: str,
    start: str | None,
    end: str | None,
    no_roles: bool,
    json: bool,
) -> None:
    """Let PERSON (id or user name) hold a plan, roles or both."""
    if no_roles and role_keys:
        raise click.UsageError("--no-roles and --role contradict each other")
    with parts().database.write(tenant_named(tenant)) as session:
        made = override_person(
            session,
            WantedOverride(
                person_id=person_named(session, person),
                plan=plan,
                roles=role_keys if role_keys or no_roles else None,
                reason=reason,
                start=instant(start),
                end=instant(end),
            ),
            author=getpass.getuser(),
            known_plans=plan_keys(),
            most=parts().settings.overrides,
            cause=cause(),
            now=clock.now(),
        )
    told = "holds" if made.applied else "nothing to do: it holds already"
    print_made(made.override.id, json=json, sentence=f"override {made.override.id}: {told}")


@override.command()
@click.argument("tenant")
@click.argument("override_id")
@click.option("--at", help="Instant with an offset; default: now.")
def end(tenant: str, override_id: str, at: str | None) -> None:
    """End an override: from then on the rules decide."""
    with parts().database.write(tenant_named(tenant)) as session:
        ended = stop_overriding(session, override_id, at=instant(at), cause=cause(), now=clock.now())
    click.echo(f"override {ended.id} ends at {ended.end.isoformat() if ended.end else 'no time'}")


@override.command("list")
@click.argument("tenant")
@click.option("--person", help="Id or user name: only theirs.")
@click.option("--at", help="Only those that decide at this instant.")
def list_all(tenant: str, person: str | None, at: str | None) -> None:
    """Print TENANT's overrides, ended ones included."""
    when = instant(at)
    with parts().database.read(tenant_named(tenant)) as session:
        found: list[Override]
        if person is None:
            found = list(overrides_page(session, at=when, after_id=None, limit=ALL))
        else:
            person_id = person_named(session, person)
            own = read_overrides(session, [person_id]).get(person_id, ())
            found = [each for each in own if when is None or each.holds(when)]
    print_json([{name: getattr(each, name) for name in SHOWN} for each in found])
