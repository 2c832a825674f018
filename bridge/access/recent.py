"""Callers seen a moment ago, whose next request finds its tenant without asking the database first.

What is kept here proves nothing: the credential is read again in the request's own transaction, so that a
token that was revoked a moment ago opens nothing.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from bridge.access.authenticate import LAST_USED_STEP, Caller


@dataclass(frozen=True, slots=True)
class _Seen:
    caller: Caller
    at: datetime


class RecentCallers:
    """By digest of the credential, as many as ``most``; the one not seen for longest makes room."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._changing = threading.Lock()

    def find(self, digest: str, *, now: datetime) -> Caller | None:
        """Return who this probably is; None when the use of the credential is to be noted again."""
        seen = self._seen.get(digest)
        if seen is None or not seen.at <= now < seen.at + LAST_USED_STEP:
            return None
        return seen.caller

    def keep(self, digest: str, caller: Caller, *, now: datetime) -> None:
        """Remember who was authenticated."""
        with self._changing:
            self._seen[digest] = _Seen(caller, now)
            self._seen.move_to_end(digest)
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)

    def forget(self, digest: str) -> None:
        """Have the next request with this credential ask the database first."""
        with self._changing:
            self._seen.pop(digest, None)
