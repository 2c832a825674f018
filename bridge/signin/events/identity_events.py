"""An event of an identity provider, as the bridge understands it."""

from dataclasses import dataclass
from datetime import datetime

from bridge.errors import InvalidValue

ACTIVATE, DEACTIVATE = "activate", "deactivate"
JOIN_GROUP, LEAVE_GROUP = "join_group", "leave_group"
END_SESSIONS, SIGN_IN, NOTE = "end_sessions", "sign_in", "note"

#: What an event can do; a note is kept and does nothing.
EFFECTS = (ACTIVATE, DEACTIVATE, JOIN_GROUP, LEAVE_GROUP, END_SESSIONS, SIGN_IN, NOTE)

#: What became of an event. Until its turn it is ``waiting``.
WAITING = "waiting"
APPLIED, UNCHANGED, SUPERSEDED = "applied", "unchanged", "superseded"
UNKNOWN_PERSON, UNKNOWN_GROUP = "unknown_person", "unknown_group"
IGNORED, REFUSED = "ignored", "refused"
OUTCOMES = (
    WAITING, APPLIED, UNCHANGED, SUPERSEDED, UNKNOWN_PERSON, UNKNOWN_GROUP, IGNORED, REFUSED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IdentityEvent:
    """What happened to whom at ``at``, by the provider's own clock; ``id`` is unique at the provider.

    ``subject`` is the provider's id of the person, ``session_id`` that of the only session it is about,
    ``group_id`` that of a group; ``app_ids`` are the applications that it was about.
    """

    id: str
    type: str
    at: datetime
    effect: str
    subject: str | None = None
    session_id: str | None = None
    group_id: str | None = None
    group_name: str | None = None
    app_ids: tuple[str, ...] = ()

    def check_time(self, now: datetime, *, ahead_seconds: int) -> None:
        """Raise ``InvalidValue`` for an event of the future: every later one would count as outdated."""
        if (self.at - now).total_seconds() > ahead_seconds:
            raise InvalidValue(f"the event is of {self.at.isoformat()}, which is yet to come")
