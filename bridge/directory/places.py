"""Where pages of lists began lately, so that whoever walks on by startIndex need not be counted to."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Place:
    """The last resource before a page, and the list as it was when that resource stood there.

    ``total`` is the length of the list, ``moved`` the number of deletions and returns in its past, ``newest``
    the latest instant of making in it.
    """

    created_at: datetime
    id: str
    total: int
    moved: int
    newest: datetime

    def still_holds(self, *, total: int, moved: int, newer: int) -> bool:
        """Tell whether as many resources as then stand before the page, the list being as told now.

        ``newer`` of its resources were made after ``newest``. If nothing left or came back, whatever the list
        has more than then was created. Those who were are mostly newer than everybody, and stand behind every
        place; one that is not, as when a slow request commits after a quick one or the clocks of two servers
        differ, may stand before this one. So all that the list has more must be newer.
        """
        return moved == self.moved and total - self.total == newer


class PlaceOf(NamedTuple):
    """Which page a place is of; ``start_index`` counts from 1."""

    tenant_id: str
    connection_id: str
    kind: str
    start_index: int


class Places:
    """The ``most`` places that were used last, in one process; its threads share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._places: OrderedDict[PlaceOf, Place] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def of(self, page: PlaceOf) -> Place | None:
        """Return the place of a page, if it is remembered."""
        with self._lock:
            place = self._places.get(page)
            if place is not None:
                self._places.move_to_end(page)
            return place

    def remember(self, page: PlaceOf, place: Place) -> None:
        """Keep the place of a page, in the place of the one used longest ago where there are too many."""
        with self._lock:
            self._places[page] = place
            self._places.move_to_end(page)
            if len(self._places) > self._most:
                self._places.popitem(last=False)

    def forget(self, page: PlaceOf) -> None:
        """Keep no place of a page any more."""
        with self._lock:
            self._places.pop(page, None)
