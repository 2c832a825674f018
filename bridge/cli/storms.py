"""Commands on storms, the fuse that makes them, alerts."""

import click

from bridge import clock
from bridge.alerts.browse import alerts_page
from bridge.alerts.ring import REMEDY
from bridge.cli.operator import cause, parts, print_json, tenant_named
from bridge.seats.browse_storms import count_people, storm_people_page, storms_page
from bridge.seats.confirm_storm import confirm_storm
from bridge.seats.find_storm import find_storm
from bridge.seats.fuse_limits import RANGES, fuse_limits, set_fuse
from bridge.seats.tables import Storm
from bridge.seats.undo_storm import undo_storm

#: More storms, alerts or people than anybody reads; the API has pages.
MOST = 10_000

_SHOWN = (
    "id", "connection_id", "status", "first_at", "last_at", "opened_at", "opened_by", "decided_at",
    "decided_by",
)  # fmt: skip


@click.group()
def storms() -> None:
    """Decide on releases of many seats at once, which wait until somebody has looked at them."""


@storms.command("list")
@click.argument("tenant")
def list_storms(tenant: str) -> None:
    """Print TENANT's storms, the latest first."""
    with parts().database.read(tenant_named(tenant)) as session:
        rows = storms_page(session, before=None, status=None, limit=MOST)
        people = count_people(session, [row.id for row in rows])
    print_json([_storm(row, people) for row in rows])


@storms.command()
@click.argument("tenant")
@click.argument("storm")
def show(tenant: str, storm: str) -> None:
    """Print a STORM with who lost something in it, and when."""
    with parts().database.read(tenant_named(tenant)) as session:
        row, people = find_storm(session, storm), count_people(session, [storm])
        lost = storm_people_page(session, storm, after=None, limit=MOST)
    listed = [{"person_id": each.person_id, "at": each.at} for each in lost]
    print_json({**_storm(row, people), "lost": listed})


@storms.command()
@click.argument("tenant")
@click.argument("storm")
def confirm(tenant: str, storm: str) -> None:
    """Let the seats of STORM end when they were taken, as if they had not been held."""
    with parts().database.write(tenant_named(tenant)) as session:
        done = confirm_storm(session, storm, cause=cause(), now=clock.now())
    click.echo(f"{storm}: confirmed" if done else f"nothing to do: {storm} is confirmed")


@storms.command()
@click.argument("tenant")
@click.argument("storm")
def undo(tenant: str, storm: str) -> None:
    """Bring back the people of STORM, and deleted groups, from now on; their seats never ended."""
    with parts().database.write(tenant_named(tenant)) as session:
        undone = undo_storm(session, storm, cause=cause(), now=clock.now())
    if undone is None:
        click.echo(f"nothing to do: {storm} is undone")
        return
    click.echo(
        f"{storm}: undone, {undone.people} people, {undone.groups} deleted groups and {undone.memberships} "
        "memberships are back"
    )
    if undone.left_people or undone.left_memberships:
        click.echo(
            f"{undone.left_people} people whose names others have by now, and {undone.left_memberships} "
            "memberships of groups that stay deleted or would come to be in themselves, are not"
        )


@click.group()
def fuse() -> None:
    """Show and choose what a connection may take from people at once."""


@fuse.command("show")
@click.argument("tenant")
def show_fuse(tenant: str) -> None:
    """Print TENANT's limits."""
    with parts().database.read(tenant_named(tenant)) as session:
        limits = fuse_limits(session)
    print_json({name: getattr(limits, name) for name in RANGES})


@fuse.command("set")
@click.argument("tenant")
@click.option("--people", type=int, help="Most people within an hour.")
@click.option("--percent", type=int, help="Most percent of all people likewise; the larger one holds.")
@click.option("--group-people", type=int, help="Least people whose leaving empties a group.")
def choose(tenant: str, people: int | None, percent: int | None, group_people: int | None) -> None:
    """Choose TENANT's limits; what is left out stays."""
    with parts().database.write(tenant_named(tenant)) as session:
        limits = set_fuse(
            session, people=people, percent=percent, group_people=group_people, cause=cause(),
            now=clock.now(),
        )  # fmt: skip
    print_json({name: getattr(limits, name) for name in RANGES})


@click.command()
@click.argument("tenant")
@click.option("--all", "every", is_flag=True, help="Also those that are dealt with.")
def alerts(tenant: str, *, every: bool) -> None:
    """Print what somebody must look at in TENANT, and what to do."""
    with parts().database.read(tenant_named(tenant)) as session:
        rows = alerts_page(session, before=None, only_open=not every, limit=MOST)
    shown = ("id", "kind", "cause_id", "detail", "opened_at", "closed_at")
    print_json([{name: getattr(row, name) for name in shown} | {"do": REMEDY[row.kind]} for row in rows])


def _storm(row: Storm, people: dict[str, int]) -> dict[str, object]:
    return {name: getattr(row, name) for name in _SHOWN} | {"people": people.get(row.id, 0)}
