"""Commands on who holds what, and why."""

import click
from sqlalchemy import or_, select

from bridge import clock
from bridge.cli.operator import as_json, console, instant, parts, print_json, tenant_named
from bridge.cli.pictures import reasons_tree, seats_table
from bridge.database.sessions import TenantSession
from bridge.directory.tables import Person
from bridge.entitlements.read_entitlements import read_entitlements
from bridge.errors import InvalidValue, NotFound
from bridge.oversight.explain import explain_person
from bridge.scim.text import fold
from bridge.seats.holders import seats_at


@click.command()
@click.argument("tenant")
@click.option("--at", help="Instant with an offset; default: now.")
@as_json
def seats(tenant: str, at: str | None, *, json: bool) -> None:
    """Count TENANT's seats by plan."""
    when = instant(at) or clock.now()
    with parts().database.read(tenant_named(tenant)) as session:
        counts = seats_at(session, when)
    if json:
        print_json(counts)
    else:
        console.print(seats_table(counts, title=f"Seats at {when.isoformat()}"))


@click.command()
@click.argument("tenant")
@click.argument("person")
@click.option("--at", help="Instant with an offset; default: now.")
@as_json
def explain(tenant: str, person: str, at: str | None, *, json: bool) -> None:
    """Tell why PERSON (id or user name) holds what they hold, back to the request that caused it."""
    when = instant(at) or clock.now()
    with parts().database.read(tenant_named(tenant)) as session:
        explanation = explain_person(session, person_named(session, person), at=when)
    if json:
        print_json(explanation.document())
    else:
        console.print(reasons_tree(explanation.document(), title=f"{person} at {when.isoformat()}"))


@click.command()
@click.argument("tenant")
@click.argument("person")
@click.option("--at", help="Instant with an offset; default: now.")
def entitlements(tenant: str, person: str, at: str | None) -> None:
    """Tell what PERSON (id or user name) may do: privileges, features, limits, since when, why."""
    when = instant(at) or clock.now()
    with parts().database.read(tenant_named(tenant)) as session:
        found = read_entitlements(session, person_named(session, person), at=when)
    print_json(found.document())


def person_named(session: TenantSession, text: str) -> str:
    """Return the id of the person of that id or user name. Raises ``NotFound`` or ``InvalidValue``."""
    found = session.scalars(
        select(Person.id).where(or_(Person.id == text, Person.user_name_key == fold(text)))
    ).all()
    if not found:
        raise NotFound(f"there is no person {text!r} in this tenant")
    if len(found) > 1:
        raise InvalidValue(
            f"{len(found)} connections know a {text!r}: give one of the ids {', '.join(found)}"
        )
    return found[0]
