"""Plays a story against a SCIM endpoint."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from bridge.simulator.company import larkspur
from bridge.simulator.entra import AGENT as ENTRA_AGENT
from bridge.simulator.entra import Entra
from bridge.simulator.events import Event, Source, Story
from bridge.simulator.okta import AGENT as OKTA_AGENT
from bridge.simulator.okta import Okta
from bridge.simulator.order import interleaved
from bridge.simulator.record import Exchange, Record
from bridge.simulator.roster import Roster
from bridge.simulator.story import onboarding
from bridge.simulator.wire import Connection, Wire

_WAITS = 10


@dataclass(frozen=True, slots=True)
class Played:
    """An event that has been played: the how many-th of how many, and what was said for it."""

    event: Event
    number: int
    total: int
    exchanges: tuple[Exchange, ...]


def _unobserved(_: Played) -> None:
    """Look on at nothing."""


def _wall_clock(_: datetime) -> None:
    """Set nothing: the other side's clock is the real one."""


def play(
    story: Story,
    connections: Mapping[Source, Connection],
    *,
    set_clock: Callable[[datetime], None] = _wall_clock,
    on_event: Callable[[Played], None] = _unobserved,
    twice: bool = False,
    order_seed: int | None = None,
) -> Record:
    """Send every event's requests, in the story's order or, with ``order_seed``, in one of its equals.

    ``set_clock`` is told each event's instant before its first request; with an ``order_seed`` it goes back
    and forth within a day. ``twice`` sends every request twice. Neither may change what comes of it. Raises
    ``ValueError`` when a connection is missing, ``UnexpectedAnswer`` and ``Unreachable`` as they happen.
    """
    events = story.events if order_seed is None else interleaved(story.events, order_seed)
    missing = {event.source for event in events} - connections.keys()
    if missing:
        raise ValueError(f"the story needs a connection for {' and '.join(sorted(missing))}")
    exchanges: list[Exchange] = []
    with ExitStack() as opened:
        casts: dict[Source, tuple[Wire, Okta | Entra]] = {}
        for source, connection in connections.items():
            agent = OKTA_AGENT if source == "okta" else ENTRA_AGENT
            wire = Wire(source, connection, exchanges.append, at=story.start, agent=agent, twice=twice)
            roster = Roster.of(story.company.people)
            casts[source] = opened.enter_context(wire), (Okta if source == "okta" else Entra)(wire, roster)
        for number, event in enumerate(events, start=1):
            wire, client = casts[event.source]
            said_before = len(exchanges)
            set_clock(event.at)
            wire.at = event.at
            client.perform(event)
            on_event(Played(event, number, len(events), tuple(exchanges[said_before:])))
    return Record(tuple(exchanges))


def simulate(
    kind: Source,
    url: str,
    token: str,
    *,
    people: int = 60,
    seed: int = 1,
    start: datetime,
    on_event: Callable[[Played], None] = _unobserved,
) -> Record:
    """Hire ``people`` and push their groups to a SCIM endpoint that keeps its own time.

    ``start`` dates the story, not the requests. Limits of the endpoint (429) are waited out. Safe to run
    again: whoever is there already is matched and updated, as the real clients do.
    """
    story = onboarding(larkspur(people, seed=seed), start, kind)
    return play(story, {kind: Connection(url, token, waits=_WAITS)}, on_event=on_event)
