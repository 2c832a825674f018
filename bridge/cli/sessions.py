"""Commands on the sessions of people who signed in."""

from datetime import timedelta

import click

from bridge import clock
from bridge.access.sessions import end_session, end_sessions_of_people, is_open, sessions_of
from bridge.cli.operator import cause, parts, print_json, tenant_named
from bridge.directory.browse import find_person

ENDED = "ended by the operator"

SHOWN = (
    "id", "connection_id", "provider_issuer", "created_at", "expires_at", "last_used_at", "ended_at",
    "ended_because",
)  # fmt: skip


@click.group()
def session() -> None:
    """List and end the sessions of people who signed in."""


@session.command("list")
@click.argument("tenant")
@click.argument("person_id")
def list_sessions(tenant: str, person_id: str) -> None:
    """List a person's sessions, ended ones included."""
    bridge, now = parts(), clock.now()
    idle = timedelta(minutes=bridge.settings.session_idle_minutes)
    with bridge.database.read(tenant_named(tenant)) as opened:
        rows = sessions_of(opened, person_id)
    told = [{name: getattr(row, name) for name in SHOWN} | {"is_open": is_open(row, idle=idle, now=now)}
            for row in rows]  # fmt: skip
    print_json(told)


@session.command("end")
@click.argument("tenant")
@click.argument("session_id", required=False)
@click.option("--person", "person_id", help="End all sessions of this person instead.")
def end(tenant: str, session_id: str | None, person_id: str | None) -> None:
    """End one session, or all of a person, at once."""
    if (session_id is None) == (person_id is None):
        raise click.UsageError("name a session, or a person by --person")
    with parts().database.write(tenant_named(tenant)) as opened:
        if session_id is not None:
            number = int(end_session(opened, session_id, because=ENDED, cause=cause(), now=clock.now()))
        else:
            person = find_person(opened, person_id or "")
            number = end_sessions_of_people(
                opened, [person.id], because=ENDED, cause=cause(), now=clock.now()
            )
    click.echo(f"{number} sessions were open and are ended")
