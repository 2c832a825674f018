"""Reading of what Okta's event hook sends, which are events of its System Log.

The types are those of Okta's catalogue of event types; the shape is that of the System Log API's LogEvent.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.errors import InvalidValue
from bridge.signin.events.identity_events import (
    ACTIVATE,
    DEACTIVATE,
    END_SESSIONS,
    JOIN_GROUP,
    LEAVE_GROUP,
    NOTE,
    SIGN_IN,
    IdentityEvent,
)
from bridge.usage import members

#: Effects of events about the user that is their target.
OF_TARGET = {
    "user.lifecycle.activate": ACTIVATE,
    "user.lifecycle.reactivate": ACTIVATE,
    "user.lifecycle.unsuspend": ACTIVATE,
    "user.lifecycle.deactivate": DEACTIVATE,
    "user.lifecycle.suspend": DEACTIVATE,
    "user.lifecycle.delete.initiated": DEACTIVATE,
    "user.session.clear": END_SESSIONS,
    "group.user_membership.add": JOIN_GROUP,
    "group.user_membership.remove": LEAVE_GROUP,
}
#: Effects of events about the user who acts.
OF_ACTOR = {"user.session.end": END_SESSIONS, "user.authentication.sso": SIGN_IN}

#: Results of a LogEvent's outcome by which it has happened.
HAPPENED = ("SUCCESS", "ALLOW")

USER, GROUP, APP = "User", "UserGroup", "AppInstance"


def read_okta_event(value: object) -> IdentityEvent:
    """Return what an event of the hook says; one of another type, or of what failed, is a note.

    So is one that does not name exactly one user, or one group, where its effect needs it. Raises
    ``InvalidValue`` for what has no ``uuid``, ``eventType`` or ``published``.
    """
    row = members.object_of(value, "")
    id_, type_ = members.text(row, "uuid", ""), members.text(row, "eventType", "")
    at = members.instant(row, "published", "")
    targets = _targets(row)
    effect, subject = _effect(row, type_, targets)
    groups = targets.get(GROUP, [])
    if effect in (JOIN_GROUP, LEAVE_GROUP) and len(groups) != 1:
        effect = NOTE
    if effect == NOTE:
        return IdentityEvent(id_, type_, at, NOTE)
    apps = [_text(each, "id") for each in targets.get(APP, ())]
    return IdentityEvent(
        id=id_,
        type=type_,
        at=at,
        effect=effect,
        subject=subject,
        group_id=_text(groups[0], "id") if groups else None,
        group_name=_text(groups[0], "displayName") if groups else None,
        app_ids=tuple(each for each in apps if each),
    )


def _effect(
    row: Mapping[str, Any], type_: str, targets: Mapping[str, list[Mapping[str, Any]]]
) -> tuple[str, str | None]:
    outcome = row.get("outcome")
    if isinstance(outcome, dict) and outcome.get("result") not in HAPPENED:
        return NOTE, None
    if type_ in OF_TARGET:
        users = targets.get(USER, [])
        subject = _text(users[0], "id") if len(users) == 1 else None
        return (OF_TARGET[type_], subject) if subject else (NOTE, None)
    actor = row.get("actor")
    if type_ in OF_ACTOR and isinstance(actor, dict) and actor.get("type") == USER:
        subject = _text(actor, "id")
        return (OF_ACTOR[type_], subject) if subject else (NOTE, None)
    return NOTE, None


def _targets(row: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the targets by their type; Okta sends null where there are none."""
    given = row.get("target")
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in _objects(given if isinstance(given, list) else ()):
        type_ = each.get("type")
        if isinstance(type_, str):
            found.setdefault(type_, []).append(each)
    return found


def _objects(values: Iterable[object]) -> Iterable[Mapping[str, Any]]:
    return (each for each in values if isinstance(each, dict))


def _text(row: Mapping[str, Any], name: str) -> str | None:
    """Return a text that can be stored, None for anything else: it then names nobody."""
    try:
        return members.text(row, name, "")
    except InvalidValue:
        return None
