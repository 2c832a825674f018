"""Pages of an invoice's people: a thousand shares as one canonical JSON text."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from operator import attrgetter

import orjson

from bridge.billing.invoice_draft import PersonShare

SHARES_IN_A_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Shares of one period in order of person.

    ``shares`` is a JSON array of arrays: person, plan, department, cost centre, billable days, amount in
    minor units, cause. ``first_person`` and ``last_person`` are empty where the page has no person.
    """

    for_period_start: date
    first_person: str
    last_person: str
    has_unassigned: bool
    shares: str


def pages_of(people: Iterable[PersonShare]) -> Iterator[PeoplePage]:
    """Return the pages of an invoice; shares of one period stand together, by person, unassigned last."""
    for period_start, shares in groupby(people, attrgetter("for_period_start")):
        while part := list(islice(shares, SHARES_IN_A_PAGE)):
            yield _page(period_start, part)


def page_shares(shares: str, for_period_start: date) -> Iterator[PersonShare]:
    """Return what a page holds."""
    return (PersonShare._make((*share, for_period_start)) for share in orjson.loads(shares))


def pages_digest(pages: Iterable[PeoplePage]) -> str:
    """Return the SHA-256 over all pages in order, each as its period's start and its text, a line each."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(f"{page.for_period_start.isoformat()}\n{page.shares}\n".encode())
    return digest.hexdigest()


def _page(period_start: date, part: Sequence[PersonShare]) -> PeoplePage:
    named = [share.person_id for share in part if share.person_id is not None]
    return PeoplePage(
        for_period_start=period_start,
        first_person=named[0] if named else "",
        last_person=named[-1] if named else "",
        has_unassigned=len(named) < len(part),
        shares=orjson.dumps([share[:7] for share in part]).decode(),
    )
