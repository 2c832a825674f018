"""Reading the dated facts of many people at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select

from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.facts import (
    AccountFacts,
    GroupFacts,
    GroupNameFact,
    JoinFact,
    MembershipFact,
    PersonFacts,
)
from bridge.directory.read_joins import both_sides, standing_joins, stored_joins
from bridge.directory.read_versions import in_chunks, read_versions
from bridge.directory.tables import GroupVersion, Membership, Person
from bridge.tenants.tables import Connection

_PERSON, _CONNECTION = table_of(Person).c, table_of(Connection).c
_MEMBERSHIP, _GROUP = table_of(Membership).c, table_of(GroupVersion).c
_PLACES = prepared(
    select(_PERSON.id, _PERSON.connection_id, _CONNECTION.live_from).where(
        _CONNECTION.id == _PERSON.connection_id, one_of(_PERSON.id, texts("ids"))
    )
)
_MEMBERSHIPS = prepared(
    select(
        _MEMBERSHIP.member_id, _MEMBERSHIP.group_id, _MEMBERSHIP.start, _MEMBERSHIP.end,
        _MEMBERSHIP.started_by, _MEMBERSHIP.ended_by,
    ).where(one_of(_MEMBERSHIP.member_id, texts("ids")), _MEMBERSHIP.member_kind == bindparam("kind"))
)  # fmt: skip
_NAMES = prepared(
    select(
        _GROUP.group_id, _GROUP.start, _GROUP.end, _GROUP.display_name, _GROUP.started_by, _GROUP.ended_by
    ).where(one_of(_GROUP.group_id, texts("ids")))
)


def read_facts(session: TenantSession, person_ids: Collection[str]) -> dict[str, PersonFacts]:
    """Return the facts of those of these people that exist, with those of the accounts joined to them.

    The number of statements does not grow with the people: one each for joins, people, their versions, their
    memberships and the groups' names, and one for each level of groups in groups. All people share one
    mapping of groups, which therefore holds more groups than each of them is in.
    """
    stored = stored_joins(session, person_ids)
    everybody = {*person_ids, *both_sides(stored)}
    versions = read_versions(session, everybody)
    memberships = _memberships(session, everybody, member_kind="person")
    groups = _groups(session, memberships)
    places = _places(session, everybody)
    joins = standing_joins(stored, versions)
    joined: dict[str, list[AccountFacts]] = defaultdict(list)
    away: dict[str, list[JoinFact]] = defaultdict(list)
    for join in joins:
        id_ = join.account_id
        away[id_].append(join)
        joined[join.person_id].append(
            AccountFacts(join, places[id_][1], tuple(versions.get(id_, ())), tuple(memberships.get(id_, ())))
        )
    return {
        person_id: PersonFacts(
            person_id=person_id,
            connection_id=places[person_id][0],
            live_from=places[person_id][1],
            versions=tuple(versions.get(person_id, ())),
            memberships=tuple(memberships.get(person_id, ())),
            groups=groups,
            joined=tuple(joined.get(person_id, ())),
            away=tuple(away.get(person_id, ())),
        )
        for person_id in person_ids
        if person_id in places
    }


def _places(session: TenantSession, person_ids: Collection[str]) -> Mapping[str, tuple[str, datetime | None]]:
    """Return the connection of each of these people, with the instant from which it is live."""
    return {
        person_id: (connection_id, live_from)
        for ids in in_chunks(person_ids)
        for person_id, connection_id, live_from in session.run(_PLACES, ids=ids)
    }


def _memberships(
    session: TenantSession, member_ids: Collection[str], *, member_kind: str
) -> Mapping[str, list[MembershipFact]]:
    found: dict[str, list[MembershipFact]] = defaultdict(list)
    for ids in in_chunks(member_ids):
        rows = session.run(_MEMBERSHIPS, ids=ids, kind=member_kind)
        for key, group_id, start, end, started_by, ended_by in rows:
            found[key].append(MembershipFact(group_id, start, end, started_by, ended_by))
    return found


def _groups(
    session: TenantSession, of_people: Mapping[str, list[MembershipFact]]
) -> Mapping[str, GroupFacts]:
    """Return the groups that these memberships lead to, level by level; each is read once, so cycles end."""
    parents: dict[str, list[MembershipFact]] = {}
    level = {fact.group_id for facts in of_people.values() for fact in facts}
    while level:
        found = _memberships(session, level, member_kind="group")
        parents.update({group_id: found.get(group_id, []) for group_id in level})
        level = {fact.group_id for facts in found.values() for fact in facts} - parents.keys()
    names = _names(session, parents)
    return {
        group_id: GroupFacts(tuple(names.get(group_id, ())), tuple(facts))
        for group_id, facts in parents.items()
    }


def _names(session: TenantSession, group_ids: Collection[str]) -> Mapping[str, list[GroupNameFact]]:
    found: dict[str, list[GroupNameFact]] = defaultdict(list)
    for ids in in_chunks(group_ids):
        for key, start, end, name, started_by, ended_by in session.run(_NAMES, ids=ids):
            found[key].append(GroupNameFact(start, end, name, started_by, ended_by))
    return found
