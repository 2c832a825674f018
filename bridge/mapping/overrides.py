"""What an administrator decides about one person, above every rule, as a dated fact."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

#: The name of what decides where an override does.
OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Override:
    """From ``start`` until ``end`` the person holds this plan, these roles, or both; None leaves it to rules.

    ``started_by`` and ``ended_by`` are journal entries; ``ended_by`` is set where somebody ended it early.
    One that was withdrawn before it began ends where it starts, and never holds.
    """

    id: str
    person_id: str
    start: datetime
    end: datetime | None
    plan: str | None
    roles: tuple[str, ...] | None
    reason: str
    author: str
    started_by: str
    ended_by: str | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether it decides at the instant."""
        return self.start <= at and (self.end is None or at < self.end)


def overlapping(
    known: Iterable[Override], start: datetime, end: datetime | None, *, but: str = ""
) -> Override | None:
    """Return the earliest of the known overrides that decides within ``[start, end)``, but for one by its id.

    A person has one override at a time, so that what is held never hangs on which was made first.
    """
    found = [
        each
        for each in known
        if each.id != but
        and (end is None or each.start < end)
        and (each.end is None or max(each.start, start) < each.end)
    ]
    return min(found, key=lambda each: each.start, default=None)
