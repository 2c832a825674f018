"""Memberships by the word of a provider's tokens: what SCIM does not know is made, and what it knows stays.

A group that the connection provisions, or has deleted, is decided by SCIM alone, whatever a token says.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.claimed_groups import NamedGroup, claimed_groups_of, groups_named, lock_claimed
from bridge.directory.groups import add_claimed_groups
from bridge.directory.names import name_key
from bridge.directory.set_memberships import MembershipChange, last_words, set_memberships
from bridge.errors import InvalidValue, Uniqueness, Untrusted
from bridge.journal.record import Cause, Entry, Subject, record_all
from bridge.scim.schemas import GROUP_URN
from bridge.signin.group_claims import GroupName
from bridge.signin.tables import OidcSetting

#: Begins the journal's actions of what tokens change; anything else is another source's word.
SOURCE = "signin"


@dataclass(frozen=True, slots=True)
class _Meant:
    """What names mean: groups that only sign-ins know, and names of which nobody has spoken yet."""

    claimed: frozenset[str]
    new: tuple[GroupName, ...]


def take_groups(
    session: TenantSession,
    connection_id: str,
    person_id: str,
    names: Sequence[GroupName],
    *,
    is_whole: bool,
    cause: Cause,
    now: datetime,
) -> None:
    """Have the person be in these groups, and where the names are whole, in no other that only sign-ins know.

    Where that is so already, nothing is written. The caller holds the person's row. Raises ``Untrusted`` when
    a group is provisioned at the same instant.
    """
    meant = _meant(session, connection_id, names)
    if meant.new:
        # Nobody else makes the same group meanwhile; those who did are found by the second look. It is not
        # the connection that is locked: whoever locks that goes on to people, one of whom is held here.
        own = select(OidcSetting.connection_id).where(OidcSetting.connection_id == connection_id)
        session.execute(own.with_for_update())
        meant = _meant(session, connection_id, names)
    made = _make(session, connection_id, meant.new, cause=cause, now=now)
    wanted = meant.claimed | made
    present = claimed_groups_of(session, connection_id=connection_id, person_id=person_id)
    leaving = present - wanted if is_whole else set()
    _set(session, person_id, joining=wanted - present, leaving=leaving, cause=cause, now=now)


def _meant(session: TenantSession, connection_id: str, names: Sequence[GroupName]) -> _Meant:
    keys = {key: each for each in names if (key := _key(each)) is not None}
    external_ids = {each.external_id for each in names if each.external_id}
    known: dict[tuple[str, str | None], list[NamedGroup]] = defaultdict(list)
    for group in groups_named(
        session, connection_id=connection_id, external_ids=external_ids, name_keys=keys.keys()
    ):
        known["id", group.external_id].append(group)
        known["name", group.name_key].append(group)
    claimed: set[str] = set()
    new: list[GroupName] = []
    for key, name in keys.items():
        candidates = known.get(("name", key), [])
        if name.external_id is not None:
            candidates = known.get(("id", name.external_id), []) + candidates
        if not candidates:
            new.append(name)
        elif all(each.is_claimed for each in candidates):
            claimed.add(candidates[0].id)
    return _Meant(frozenset(claimed), tuple(new))


def _key(name: GroupName) -> str | None:
    try:
        return name_key(name.text, attribute="displayName")
    except InvalidValue:
        return None  # so long a name no group has


def _make(
    session: TenantSession, connection_id: str, names: Sequence[GroupName], *, cause: Cause, now: datetime
) -> set[str]:
    if not names:
        return set()
    resources = {new_id(now): _resource(each) for each in names}
    entries = [Entry(f"{SOURCE}:group:create", Subject("group", id_), cause, now, {}) for id_ in resources]
    causes = dict(zip(resources, record_all(session, entries), strict=True))
    try:
        add_claimed_groups(session, resources, causes, connection_id=connection_id, at=now)
    except Uniqueness as error:
        raise Untrusted("made_meanwhile", "a group was made just now: begin anew") from error
    return set(resources)


def _resource(name: GroupName) -> dict[str, str | list[str]]:
    own: dict[str, str | list[str]] = {"schemas": [GROUP_URN], "displayName": name.text}
    return own | ({"externalId": name.external_id} if name.external_id else {})


def _set(
    session: TenantSession,
    person_id: str,
    *,
    joining: Collection[str],
    leaving: Collection[str],
    cause: Cause,
    now: datetime,
) -> None:
    """Write what is still different once the groups are locked."""
    if not joining and not leaving:
        return
    groups = lock_claimed(session, [*joining, *leaving])
    last = last_words(session, group_ids=groups, person_ids=[person_id])
    members = {group_id for (group_id, _), word in last.items() if word.member}

    def changes() -> Iterator[MembershipChange]:
        for group_id in sorted(groups):
            member = group_id in joining
            if member != (group_id in members):
                yield MembershipChange(group_id, person_id, member, cause, {})

    set_memberships(session, list(changes()), groups=groups, last=last, source=SOURCE, now=now)
