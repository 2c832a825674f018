"""Reading of a security event token (SET, RFC 8417), once its signature is known to be good.

What its events mean is said by CAEP 1.0 (section 3) and RISC 1.0 (section 2), how they are put into a token
by the Shared Signals Framework 1.0 (section 4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.errors import InvalidValue
from bridge.signin.events.identity_events import ACTIVATE, DEACTIVATE, END_SESSIONS, NOTE, IdentityEvent
from bridge.signin.events.subjects import EventSubject, read_subject
from bridge.usage import members

TYPE = "secevent+jwt"

SSF = "https://schemas.openid.net/secevent/ssf/event-type/"
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"

EFFECTS = {
    f"{CAEP}session-revoked": END_SESSIONS,
    f"{CAEP}credential-change": END_SESSIONS,
    f"{CAEP}token-claims-change": NOTE,
    f"{RISC}sessions-revoked": END_SESSIONS,
    f"{RISC}account-disabled": DEACTIVATE,
    f"{RISC}account-enabled": ACTIVATE,
    f"{RISC}account-purged": DEACTIVATE,
    f"{RISC}identifier-changed": NOTE,
}
#: Events of the stream itself, whose subject is the stream.
OF_STREAM = (f"{SSF}verification", f"{SSF}stream-updated")

CREDENTIAL_CHANGE = f"{CAEP}credential-change"
#: Who has one more way to sign in has none less; who lost one may have lost it to somebody else.
HARMLESS_CHANGES = ("create",)

#: The end of a second, as precise as instants are stored.
SECOND = timedelta(seconds=1) - timedelta(microseconds=1)

#: A SET has none of these claims (SSF 1.0 section 4.1): with them it could pass for another kind of token.
FORBIDDEN = ("exp", "sub")


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """The one event of a SET: its ``jti``, what it does, to whom, since when."""

    id: str
    type: str
    at: datetime
    effect: str
    subject: EventSubject | None

    @property
    def until(self) -> datetime:
        """The last instant that the event may mean: a provider that counts whole seconds means any of one."""
        return self.at if self.at.microsecond else self.at + SECOND

    def check_time(self, now: datetime, *, ahead_seconds: int) -> None:
        """Raise ``InvalidValue`` as ``IdentityEvent.check_time`` does."""
        IdentityEvent(self.id, self.type, self.at, self.effect).check_time(now, ahead_seconds=ahead_seconds)


def read_security_event(claims: Mapping[str, Any]) -> SecurityEvent:
    """Return what a SET tells. Raises ``InvalidValue`` for one that is not as the specifications say."""
    for name in FORBIDDEN:
        if name in claims:
            raise InvalidValue(f"a security event token has no {name}", pointer=f"/{name}")
    id_ = members.text(claims, "jti", "")
    events = members.object_of(claims.get("events"), "/events")
    if len(events) != 1:
        raise InvalidValue("send one event in a token", pointer="/events")
    [(type_, told)] = events.items()
    content = members.object_of(told, "/events")
    type_ = members.text({"type": type_}, "type", "/events")
    at = _instant(claims, content)
    if type_ in OF_STREAM:
        return SecurityEvent(id_, type_, at, NOTE, None)
    effect = EFFECTS.get(type_, NOTE)
    if type_ == CREDENTIAL_CHANGE and content.get("change_type") in HARMLESS_CHANGES:
        effect = NOTE
    if effect == NOTE:
        # It may be about a device or a telephone number: whom it means need not be understood.
        members.text(members.object_of(claims.get("sub_id"), "/sub_id"), "format", "/sub_id")
        return SecurityEvent(id_, type_, at, NOTE, None)
    return SecurityEvent(id_, type_, at, effect, read_subject(claims.get("sub_id")))


def _instant(claims: Mapping[str, Any], content: Mapping[str, Any]) -> datetime:
    """Return when it happened: as the event says, else ``toe`` (RFC 8417), else when the token was issued."""
    candidates = (content.get("event_timestamp"), claims.get("toe"), claims.get("iat"))
    told = next((each for each in candidates if each is not None), None)
    try:
        if isinstance(told, int | float) and not isinstance(told, bool):
            return datetime.fromtimestamp(told, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise InvalidValue("the event's time is no instant", pointer="/events")
