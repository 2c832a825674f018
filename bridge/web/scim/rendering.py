"""People and groups as SCIM resources, built from what is stored."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from bridge.database.sessions import TenantSession
from bridge.directory.encoded import Encoded, as_dated
from bridge.directory.search import Found, GroupName, Member, groups_of, members_of
from bridge.scim.messages import version_tag
from bridge.web.scim.parameters import Shape

Document = dict[str, Any]


def render_people(
    session: TenantSession, found: Sequence[Found], *, root: str, shape: Shape
) -> list[Document]:
    """Return the people, each with the groups it is directly in, read by one query where they are wanted."""
    unread = [each.id for each in found if each.groups is None] if shape.shows("groups") else []
    named = groups_of(session, unread)
    return [shape.of(user_document(each, named.get(each.id, each.groups or ()), root=root)) for each in found]


def render_groups(
    session: TenantSession, found: Sequence[Found], *, root: str, shape: Shape
) -> list[Document]:
    """Return the groups, each with its members, read by one query where they are wanted."""
    listed = members_of(session, [each.id for each in found]) if shape.shows("members") else {}
    return [shape.of(group_document(each, listed.get(each.id, ()), root=root)) for each in found]


def encode_person(found: Encoded, *, root: str) -> orjson.Fragment:
    """Return the JSON of one whole person, like ``encode_people``."""
    [written] = _written([found], "User", "groups", [found.groups], root)
    return orjson.Fragment(written)


def encode_people(found: Sequence[Encoded], *, root: str) -> orjson.Fragment:
    """Return the JSON of whole people, as ``render_people`` has them, without reading what is stored."""
    return _encoded(found, "User", "groups", [each.groups for each in found], root)


def encode_groups(
    session: TenantSession, found: Sequence[Encoded], *, root: str, members: bool
) -> orjson.Fragment:
    """Return the JSON of whole groups, with or without their members, without reading what is stored."""
    listed = members_of(session, [each.id for each in found]) if members else {}
    named = [[_member(one, root) for one in listed.get(each.id, ())] for each in found]
    return _encoded(
        found, "Group", "members", [orjson.dumps(each).decode() if each else None for each in named], root
    )


def _encoded(
    found: Iterable[Encoded], kind: str, attribute: str, values: Iterable[str | None], root: str
) -> orjson.Fragment:
    return orjson.Fragment(f"[{','.join(_written(found, kind, attribute, values, root))}]")


def _written(
    found: Iterable[Encoded], kind: str, attribute: str, values: Iterable[str | None], root: str
) -> list[str]:
    """Put what the bridge adds behind what is stored; both are JSON objects, of different attributes.

    A hundred of them are a page, so they are written as text. Ids are the bridge's own, and need no escape.
    """
    place = orjson.dumps(f"{root}/{kind}s/").decode()[1:-1]
    written = []
    for each, value in zip(found, values, strict=True):
        created, changed = as_dated(each.created_at), as_dated(each.changed_at)
        more = "" if value is None else f',"{attribute}":{value}'
        written.append(
            f'{each.resource[:-1]},"id":"{each.id}","meta":{{"resourceType":"{kind}","created":"{created}",'
            f'"lastModified":"{changed}","location":"{place}{each.id}","version":"W/\\"{each.version}\\""}}{more}}}'
        )
    return written


def user_document(found: Found, groups: Iterable[GroupName], *, root: str) -> Document:
    """Return a person as RFC 7643 section 4.1 has it."""
    document = {**found.resource, "id": found.id, "meta": _meta(found, "User", f"{root}/Users/{found.id}")}
    references = [
        {"value": each.id, "$ref": f"{root}/Groups/{each.id}", "display": each.display_name, "type": "direct"}
        for each in groups
    ]
    return {**document, "groups": references} if references else document


def group_document(found: Found, members: Iterable[Member], *, root: str) -> Document:
    """Return a group as RFC 7643 section 4.2 has it; without members the attribute is absent."""
    document = {**found.resource, "id": found.id, "meta": _meta(found, "Group", f"{root}/Groups/{found.id}")}
    references = [_member(each, root) for each in members]
    return {**document, "members": references} if references else document


def _member(member: Member, root: str) -> Document:
    kind = "User" if member.kind == "person" else "Group"
    return {"value": member.id, "$ref": f"{root}/{kind}s/{member.id}", "type": kind}


def _meta(found: Found, kind: str, location: str) -> Document:
    return {
        "resourceType": kind,
        "created": _instant(found.created_at),
        "lastModified": _instant(found.changed_at),
        "location": location,
        "version": version_tag(found.version),
    }


def _instant(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
