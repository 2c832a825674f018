"""The same events, the independent ones of a day in another order."""

from itertools import groupby
from random import Random

from bridge.simulator.events import Event, Kind


def interleaved(events: tuple[Event, ...], seed: int) -> tuple[Event, ...]:
    """Shuffle each day (UTC) of the story, leaving dependent events in their order.

    Events keep their own instants. SCIM has no time of its own: the receiver stamps each resource in order of
    arrival, so events that share a person or a group must arrive as they happened, and all others may not
    matter.
    """
    chance = Random(seed)  # noqa: S311 -- an order for a test, nothing secret
    reordered: list[Event] = []
    for _, day in groupby(events, key=lambda event: event.at.date()):
        reordered += _shuffled(list(day), chance)
    return tuple(reordered)


def _shuffled(day: list[Event], chance: Random) -> list[Event]:
    waits_for = [
        {earlier for earlier in range(later) if dependent(day[earlier], day[later])}
        for later in range(len(day))
    ]
    left, sent = set(range(len(day))), dict[int, None]()
    while left:
        chosen = chance.choice([number for number in sorted(left) if waits_for[number] <= sent.keys()])
        left.remove(chosen)
        sent[chosen] = None
    return [day[number] for number in sent]


def dependent(one: Event, other: Event) -> bool:
    """Whether the order of two events can matter to the one who receives them."""
    if one.source != other.source:
        return False
    if Kind.DELETE in {one.kind, other.kind}:
        return True  # a deletion also ends memberships, so it may touch any group
    return bool(_written(one) & (_written(other) | _read(other)) or _written(other) & _read(one))


def _written(event: Event) -> set[tuple[str, str]]:
    """Name what the event changes; a membership counts for its person too, which keeps a move in order."""
    return {("person", person) for person in event.people} | (
        {("group", event.group)} if event.group else set()
    )


def _read(event: Event) -> set[tuple[str, str]]:
    return {("person", event.manager)} if event.manager else set()
