"""Subject identifiers of security events (RFC 9493): whom an event or a request is about."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.errors import InvalidValue
from bridge.usage import members

ISS_SUB, OPAQUE, EMAIL, ACCOUNT, COMPLEX = "iss_sub", "opaque", "email", "account", "complex"
ACCT = "acct:"


@dataclass(frozen=True, slots=True)
class EventSubject:
    """Somebody, by the provider's id of them (of ``issuer``, if it is named) or by an e-mail address.

    ``session_id`` is the provider's id of their only session that is meant; alone, it names them by it.
    """

    id: str | None = None
    issuer: str | None = None
    email: str | None = None
    session_id: str | None = None


def read_subject(value: object, pointer: str = "/sub_id") -> EventSubject:
    """Return whom an identifier names. Raises ``InvalidValue`` for a format that is not taken here.

    Of a complex subject (Shared Signals Framework 1.0 section 3.3) user and session count, and one of them
    must be there. What it says of devices is narrower than anything that can be told apart here.
    """
    row = members.object_of(value, pointer)
    form = members.choice(row, "format", pointer, (ISS_SUB, OPAQUE, EMAIL, ACCOUNT, COMPLEX))
    if form == COMPLEX:
        return _of_members(row, pointer)
    if form == ISS_SUB:
        return EventSubject(members.text(row, "sub", pointer), members.text(row, "iss", pointer))
    if form == OPAQUE:
        return EventSubject(members.text(row, "id", pointer))
    if form == EMAIL:
        return EventSubject(email=_address(members.text(row, "email", pointer), f"{pointer}/email"))
    uri = members.text(row, "uri", pointer)
    if not uri.startswith(ACCT):
        raise members.refusal(f"{pointer}/uri", uri, "a URI that begins with acct:")
    return EventSubject(email=_address(uri.removeprefix(ACCT), f"{pointer}/uri"))


def _of_members(row: Mapping[str, Any], pointer: str) -> EventSubject:
    session_id = _session_id(row, f"{pointer}/session") if "session" in row else None
    if session_id is not None and "user" not in row:
        return EventSubject(session_id=session_id)
    user = members.object_of(row.get("user"), f"{pointer}/user")
    if user.get("format") == COMPLEX:
        raise InvalidValue("a complex subject holds simple ones", pointer=f"{pointer}/user/format")
    return replace(read_subject(user, f"{pointer}/user"), session_id=session_id)


def _session_id(row: Mapping[str, Any], pointer: str) -> str:
    named = members.object_of(row["session"], pointer)
    form = members.choice(named, "format", pointer, (OPAQUE, ISS_SUB))
    return members.text(named, "id" if form == OPAQUE else "sub", pointer)


def _address(text: str, pointer: str) -> str:
    if text.count("@") != 1 or text.startswith("@") or text.endswith("@"):
        raise members.refusal(pointer, "something else", "an address with one @")
    return text
