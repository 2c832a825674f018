"""Groups in groups as values: which nestings are possible beside each other."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple


class Link(NamedTuple):
    """That somebody is in a group; ``kind`` is the member's, ``person`` or ``group``."""

    group_id: str
    member_id: str
    kind: str


def without_cycles(wanted: Iterable[Link], standing: Iterable[Link]) -> list[Link]:
    """Return the links that can be beside those that stand and the earlier ones: no group is in itself.

    ``standing`` are at least all links by which the groups of the wanted ones are in others.
    """
    above: dict[str, set[str]] = defaultdict(set)
    for link in standing:
        above[link.member_id].add(link.group_id)
    kept: list[Link] = []
    for link in wanted:
        if link.kind == "group":
            if link.member_id in _and_all_above(link.group_id, above):
                continue
            above[link.member_id].add(link.group_id)
        kept.append(link)
    return kept


def _and_all_above(group_id: str, above: Mapping[str, AbstractSet[str]]) -> set[str]:
    found = {group_id}
    waiting = [group_id]
    while waiting:
        further = above.get(waiting.pop(), frozenset()) - found
        found |= further
        waiting += further
    return found
