"""The first page: which seats are held now, and what needs somebody."""

from dataclasses import dataclass

from flask import Response

from bridge.alerts.browse import alerts_page
from bridge.alerts.ring import REMEDY
from bridge.seats.holders import seats_at
from bridge.tenants.connections import list_connections
from bridge.web.admin.entrance import Visitor, page
from bridge.web.admin.rendering import render
from bridge.web.recording import observed
from config.catalogue import plans

#: Alerts that the overview shows; the navigation counts all of them.
MOST_ALERTS = 5

#: How wide the picture of the seats is, in units of its own.
WIDTH = 1000


@dataclass(frozen=True, slots=True)
class PlanSeats:
    """How many seats of a plan are held; ``left`` and ``width`` are its place in the picture."""

    key: str
    name: str
    colour: str
    seats: int
    left: float
    width: float


@page("", needs="")
def show_overview(visitor: Visitor) -> Response:
    """Show where the tenant stands now; of what the visitor may not read, nothing."""
    now = observed().at
    with visitor.reading() as session:
        seats = seats_at(session, now)
        connections = list_connections(session) if visitor.may("settings:read") else ()
        shows_alerts = visitor.may("people:read")
        alerts = alerts_page(session, before=None, only_open=True, limit=MOST_ALERTS) if shows_alerts else ()
    return render(
        visitor,
        "overview.html",
        seats=_placed(seats),
        total=sum(seats.values()),
        connections=connections,
        alerts=alerts,
        remedy=REMEDY,
        width=WIDTH,
    )


def _placed(seats: dict[str, int]) -> list[PlanSeats]:
    """Return the plans with seats in the order of the catalogue, side by side."""
    total, left, placed = sum(seats.values()), 0.0, list[PlanSeats]()
    for place, (key, plan) in enumerate(plans().items()):
        if held := seats.get(key, 0):
            width = WIDTH * held / total
            placed.append(PlanSeats(key, plan.name, f"plan-{place}", held, round(left, 2), round(width, 2)))
            left += width
    return placed
