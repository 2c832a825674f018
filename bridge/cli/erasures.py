"""The command that erases people."""

import click

from bridge import clock
from bridge.cli.joins import people
from bridge.cli.operator import cause, parts, tenant_named
from bridge.cli.people import person_named
from bridge.provisioning.erase_people import ask_erasure, erase_due, is_pending
from bridge.signin.forget import forget_identities

__all__ = ["people"]


@people.command()
@click.argument("tenant")
@click.argument("person")
def erase(tenant: str, person: str) -> None:
    """Erase PERSON (id or user name), who is gone: now, or in the night after all about them is settled."""
    bridge, tenant_id = parts(), tenant_named(tenant)
    with bridge.database.write(tenant_id) as session:
        asked = ask_erasure(session, person_named(session, person), cause=cause(), now=clock.now())
    erase_due(bridge.database, tenant_id, seal=bridge.seal, forget=forget_identities, now=clock.now())
    with bridge.database.read(tenant_id) as session:
        waits = is_pending(session, asked.person_id)
    until = asked.settled_until.isoformat() if asked.settled_until else "never yet"
    told = f"noted, to be erased once all about them is settled (until now: {until})" if waits else "erased"
    click.echo(f"{asked.person_id}: {told}")
