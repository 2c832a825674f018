"""Which of several events about one thing holds: the latest by its own time, unless a later word exists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bridge.signin.events.identity_events import APPLIED, SUPERSEDED, UNCHANGED

#: The own time of an event, then its id: two of one instant have the same order wherever they meet.
Place: TypeAlias = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """That something holds, or no longer, from an event's place on; ``key`` names the event."""

    key: tuple[str, str]
    place: Place
    holds: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a thing: whether it holds now, and by whose word.

    ``place`` is that of the latest event that was told of it; ``said_at`` the instant at which somebody other
    than events said so, None where the present state is an event's word.
    """

    holds: bool
    place: Place | None = None
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of each event by its key; ``changed_by`` is the one that changes the thing, if any does.

    ``place`` is that of the latest event that is known from now on.
    """

    outcomes: dict[tuple[str, str], str]
    changed_by: Claim | None
    place: Place


def settle(claims: Sequence[Claim], known: Standing) -> Settled:
    """Return what at least one event makes of a thing, in whatever order they arrived.

    Only the latest place decides, so the end is the same for every order and for every division into
    batches. A word of another source at the same instant stays: it arrived by itself.
    """
    newest = max(claims, key=lambda claim: claim.place)
    outcomes = {claim.key: SUPERSEDED for claim in claims}
    if known.place is not None and newest.place <= known.place:
        return Settled(outcomes, None, known.place)
    if known.said_at is not None and newest.place[0] <= known.said_at:
        return Settled(outcomes, None, newest.place)
    changes = newest.holds != known.holds
    outcomes[newest.key] = APPLIED if changes else UNCHANGED
    return Settled(outcomes, newest if changes else None, newest.place)
