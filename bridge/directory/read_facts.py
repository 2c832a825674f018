"""Reading the dated facts of many people at once."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.directory.facts import (
    GroupFacts,
    GroupNameFact,
    MembershipFact,
    PersonFacts,
    PersonVersionFact,
)
from bridge.directory.tables import GroupVersion, Membership, Person, PersonVersion
from bridge.tenants.tables import Connection

#: Ids in one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535.
_IDS_AT_ONCE = 10_000


def read_facts(session: TenantSession, person_ids: Collection[str]) -> dict[str, PersonFacts]:
    """Return the facts of those of these people that exist.

    The number of statements does not grow with the people: one each for people, their versions, their
    memberships and the groups' names, and one for each level of groups in groups. All people share one
    mapping of groups, which therefore holds more groups than each of them is in.
    """
    versions = _versions(session, person_ids)
    memberships = _memberships(session, person_ids, member_kind="person")
    groups = _groups(session, memberships)
    columns = (Person.id, Person.connection_id, Connection.live_from)
    joined = Connection.id == Person.connection_id
    return {
        person_id: PersonFacts(
            person_id=person_id,
            connection_id=connection_id,
            live_from=live_from,
            versions=tuple(versions.get(person_id, ())),
            memberships=tuple(memberships.get(person_id, ())),
            groups=groups,
        )
        for ids in _chunks(person_ids)
        for person_id, connection_id, live_from in session.execute(
            select(*columns).join(Connection, joined).where(Person.id.in_(ids))
        )
    }


def _versions(session: TenantSession, person_ids: Collection[str]) -> Mapping[str, list[PersonVersionFact]]:
    row = PersonVersion
    columns = (row.person_id, row.start, row.end, row.active, row.resource, row.started_by, row.ended_by)
    found: dict[str, list[PersonVersionFact]] = defaultdict(list)
    for ids in _chunks(person_ids):
        chosen = select(*columns).where(row.person_id.in_(ids))
        for key, start, end, active, resource, started_by, ended_by in session.execute(chosen):
            found[key].append(PersonVersionFact(start, end, active, resource, started_by, ended_by))
    return found


def _memberships(
    session: TenantSession, member_ids: Collection[str], *, member_kind: str
) -> Mapping[str, list[MembershipFact]]:
    row = Membership
    columns = (row.member_id, row.group_id, row.start, row.end, row.started_by, row.ended_by)
    found: dict[str, list[MembershipFact]] = defaultdict(list)
    for ids in _chunks(member_ids):
        chosen = select(*columns).where(row.member_id.in_(ids), row.member_kind == member_kind)
        for key, group_id, start, end, started_by, ended_by in session.execute(chosen):
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
    row = GroupVersion
    columns = (row.group_id, row.start, row.end, row.display_name, row.started_by, row.ended_by)
    found: dict[str, list[GroupNameFact]] = defaultdict(list)
    for ids in _chunks(group_ids):
        chosen = select(*columns).where(row.group_id.in_(ids))
        for key, start, end, name, started_by, ended_by in session.execute(chosen):
            found[key].append(GroupNameFact(start, end, name, started_by, ended_by))
    return found


def _chunks(ids: Collection[str]) -> Iterator[list[str]]:
    listed = list(ids)
    for position in range(0, len(listed), _IDS_AT_ONCE):
        yield listed[position : position + _IDS_AT_ONCE]
