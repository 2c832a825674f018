"""Commands on limits of seats, with the people who wait for one."""

import click

from bridge import clock
from bridge.cli.operator import cause, instant, parts, print_json, tenant_named
from bridge.cli.previews import print_preview
from bridge.oversight.limit_seats import limit_seats
from bridge.oversight.preview_change import preview_limit
from bridge.seats.admission import SeatLimit
from bridge.seats.browse_lines import lines_at, queue_at
from bridge.seats.seat_limits import ACCESS, LimitBounds, WantedLimit
from config.catalogue import plan_keys


@click.group("seat-limits")
def seat_limits() -> None:
    """Limit the seats of a plan; whoever comes when all are held waits for one."""


@seat_limits.command()
@click.argument("tenant")
@click.option("--at", help="Instant with an offset; default: now.")
def show(tenant: str, at: str | None) -> None:
    """Print TENANT's limits, with how many seats are held and how many people wait."""
    with parts().database.read(tenant_named(tenant)) as session:
        lines = lines_at(session, instant(at) or clock.now())
    print_json(
        [
            {"plan": each.plan, "held": each.held, "waiting": each.waiting, "limit": _limit(each.limit)}
            for each in lines
        ]
    )


@seat_limits.command()
@click.argument("tenant")
@click.argument("plan")
@click.option("--at", help="Instant with an offset; default: now.")
def queue(tenant: str, plan: str, at: str | None) -> None:
    """Print who waits for a seat of PLAN, the next first."""
    with parts().database.read(tenant_named(tenant)) as session:
        places = queue_at(session, plan, instant(at) or clock.now())
    print_json([{"number": each.number, "person_id": each.person_id, "since": each.since} for each in places])


@seat_limits.command("set")
@click.argument("tenant")
@click.argument("plan")
@click.argument("seats", type=int)
@click.option("--access", type=click.Choice(ACCESS), help="What those keep who wait; default: as before.")
@click.option("--from", "start", help="Instant with an offset; default: now.")
@click.option("--preview", is_flag=True, help="Only tell what it would do.")
def choose(
    tenant: str, plan: str, seats: int, *, access: str | None, start: str | None, preview: bool
) -> None:
    """Give no more than SEATS of PLAN; who has one keeps it."""
    _apply(tenant, WantedLimit(plan=plan, seats=seats, access=access, start=instant(start)), preview=preview)


@seat_limits.command()
@click.argument("tenant")
@click.argument("plan")
@click.option("--from", "start", help="Instant with an offset; default: now.")
@click.option("--preview", is_flag=True, help="Only tell what it would do.")
def lift(tenant: str, plan: str, *, start: str | None, preview: bool) -> None:
    """Give as many seats of PLAN as are wanted; nobody waits any longer."""
    _apply(tenant, WantedLimit(plan=plan, seats=None, start=instant(start)), preview=preview)


def _apply(tenant: str, wanted: WantedLimit, *, preview: bool) -> None:
    settings = parts().settings
    bounds = LimitBounds(settings.seat_limit_most, settings.seat_limit_changes)
    tenant_id, now = tenant_named(tenant), clock.now()
    if preview:
        found = preview_limit(
            parts().database, tenant_id, wanted, known_plans=plan_keys(), bounds=bounds, now=now
        )
        print_preview(found, json=False)
        return
    with parts().database.write(tenant_id) as session:
        made = limit_seats(session, wanted, known_plans=plan_keys(), bounds=bounds, cause=cause(), now=now)
    told = "no limit" if made.limit.seats is None else f"{made.limit.seats} seats"
    done = "" if made.applied else "nothing to do: "
    click.echo(f"{done}plan {wanted.plan} has {told} from {made.limit.start.isoformat()}")


def _limit(limit: SeatLimit | None) -> dict[str, object] | None:
    if limit is None:
        return None
    return {
        "seats": limit.seats, "access": limit.access, "effective_from": limit.start, "until": limit.end,
    }  # fmt: skip
