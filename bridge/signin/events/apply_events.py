"""The workers' turn at events that wait: each applied once, in the order of its own time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bridge.access.revoke import revoke
from bridge.billing.runs import closed_until
from bridge.database.sessions import Database, TenantSession
from bridge.directory.names import name_key
from bridge.directory.people import KnownPerson
from bridge.directory.set_active import ActiveChange, last_turns, lock_by_external_id, lock_by_id, set_active
from bridge.directory.set_memberships import (
    LastWord,
    MembershipChange,
    find_groups,
    last_words,
    lock_groups,
    set_memberships,
)
from bridge.errors import InvalidValue
from bridge.signin.events.end_sessions import end_sessions_before
from bridge.signin.events.find_subject import linked_people
from bridge.signin.events.identity_events import (
    ACTIVATE,
    APPLIED,
    DEACTIVATE,
    END_SESSIONS,
    JOIN_GROUP,
    LEAVE_GROUP,
    REFUSED,
    SIGN_IN,
    SUPERSEDED,
    UNCHANGED,
    UNKNOWN_GROUP,
    UNKNOWN_PERSON,
)
from bridge.signin.events.standings import Place, Standing, settle
from bridge.signin.events.waiting import (
    Key,
    WaitingEvent,
    next_events,
    read_standings,
    waiting_connection,
    write_outcomes,
    write_standings,
)
from bridge.usage.take_sign_ins import take_sign_ins

#: Begins the journal's actions of what events change; anything else is another source's word.
SOURCE = "events"

ACTIVE = "active"

People = Mapping[str, KnownPerson]
Outcomes = dict[Key, str]
Places = Mapping[tuple[str, str], Place]


def apply_events(database: Database, tenant_id: str, *, limit: int, late_days: int, now: datetime) -> int:
    """Settle at most ``limit`` events of one of the tenant's connections; return how many.

    Stopped at any moment, an event has either had its effect and is settled, or is neither.
    """
    with database.read(tenant_id) as session:
        if waiting_connection(session) is None:
            return 0  # as before nearly every change of SCIM
    with database.write(tenant_id) as session:
        events = next_events(session, limit=limit)
        if not events:
            return 0
        people = _lock_people(session, events)
        outcomes: Outcomes = {each.key: UNKNOWN_PERSON for each in events if each.who not in people}
        known = [each for each in events if each.who in people]
        if known:
            standings = read_standings(session, sorted({people[each.who].id for each in known}))
            outcomes |= _apply_activity(session, known, people, standings, now=now)
            outcomes |= _apply_memberships(session, known, people, standings, now=now)
            outcomes |= _apply_sign_ins(session, known, people, late_days=late_days, now=now)
            outcomes |= _apply_ends(session, known, people, outcomes, now=now)
        person_ids = {who: person.id for who, person in people.items()}
        write_outcomes(session, events, outcomes, person_ids, now=now)
        return len(events)


def _lock_people(session: TenantSession, events: Sequence[WaitingEvent]) -> People:
    """Return whom the events mean by what names each of them; nobody else may change them meanwhile."""
    connection_id = events[0].connection_id
    subjects = {each.subject for each in events if each.subject and not each.person_id}
    by_subject = lock_by_external_id(session, subjects, connection_id=connection_id)
    linked = linked_people(session, subjects - by_subject.keys(), connection_id=connection_id)
    ids = {*linked.values(), *(each.person_id for each in events if each.person_id)}
    by_id = lock_by_id(session, ids, connection_id=connection_id) if ids else {}
    by_link = {subject: by_id[id_] for subject, id_ in linked.items() if id_ in by_id}
    return {
        **{f"subject {subject}": person for subject, person in {**by_subject, **by_link}.items()},
        **{f"person {id_}": person for id_, person in by_id.items()},
    }


def _apply_activity(
    session: TenantSession,
    events: Sequence[WaitingEvent],
    people: People,
    standings: Places,
    *,
    now: datetime,
) -> Outcomes:
    concerned = _by_person((each for each in events if each.effect in (ACTIVATE, DEACTIVATE)), people)
    turns = last_turns(session, list(concerned)) if concerned else {}
    outcomes: Outcomes = {}
    places: dict[tuple[str, str], Place] = {}
    changes: list[ActiveChange] = []
    for about in concerned.values():
        person = people[about[0].who]
        turn = turns[person.id]
        said_at = None if turn.action.startswith(f"{SOURCE}:") else turn.at
        thing = (person.id, ACTIVE)
        claims = [each.claim(holds=each.effect == ACTIVATE) for each in about]
        settled = settle(claims, Standing(person.active, standings.get(thing), said_at))
        outcomes |= settled.outcomes
        places[thing] = settled.place
        if settled.changed_by is not None:
            [by] = [each for each in about if each.key == settled.changed_by.key]
            changes.append(ActiveChange(person, settled.changed_by.holds, by.cause, by.details))
    written = set_active(session, changes, source=SOURCE, now=now)
    for change, (cause_id, at) in zip(changes, written, strict=True):
        if not change.active:
            revoke(session, change.person.id, because="deactivated", cause_id=cause_id, at=at)
    write_standings(session, places)
    return outcomes


def _apply_memberships(
    session: TenantSession,
    events: Sequence[WaitingEvent],
    people: People,
    standings: Places,
    *,
    now: datetime,
) -> Outcomes:
    concerned = [each for each in events if each.effect in (JOIN_GROUP, LEAVE_GROUP)]
    if not concerned:
        return {}
    group_ids = _groups(session, concerned)
    groups = lock_groups(session, set(group_ids.values()))
    outcomes = {each.key: UNKNOWN_GROUP for each in concerned if group_ids.get(each.key) not in groups}
    pairs: dict[tuple[str, str], list[WaitingEvent]] = defaultdict(list)
    for each in concerned:
        if each.key not in outcomes:
            pairs[group_ids[each.key], people[each.who].id].append(each)
    last = last_words(session, group_ids=groups, person_ids={person_id for _, person_id in pairs})
    places: dict[tuple[str, str], Place] = {}
    changes: list[MembershipChange] = []
    for (group_id, person_id), about in pairs.items():
        standing = _membership(last.get((group_id, person_id)), standings.get((person_id, group_id)))
        settled = settle([each.claim(holds=each.effect == JOIN_GROUP) for each in about], standing)
        outcomes |= settled.outcomes
        places[person_id, group_id] = settled.place
        if settled.changed_by is not None:
            [by] = [each for each in about if each.key == settled.changed_by.key]
            member = settled.changed_by.holds
            changes.append(MembershipChange(group_id, person_id, member, by.cause, by.details))
    set_memberships(session, changes, groups=groups, last=last, source=SOURCE, now=now)
    write_standings(session, places)
    return outcomes


def _membership(word: LastWord | None, place: Place | None) -> Standing:
    if word is None:
        return Standing(holds=False, place=place)
    said_at = None if word.action.startswith(f"{SOURCE}:") else word.at
    return Standing(word.member, place, said_at)


def _groups(session: TenantSession, events: Sequence[WaitingEvent]) -> dict[Key, str]:
    """Return the group that each event means: of this external id, else the only one of this name.

    Okta pushes groups without their external id, so their names are what both sides know.
    """
    keys = {each.key: key for each in events if (key := _name_key(each.group_name)) is not None}
    by_id, by_name = find_groups(
        session,
        connection_id=events[0].connection_id,
        external_ids={each.group_ref for each in events if each.group_ref},
        name_keys=set(keys.values()),
    )
    found = {
        each.key: by_id.get(each.group_ref or "") or by_name.get(keys.get(each.key, "")) for each in events
    }
    return {key: group_id for key, group_id in found.items() if group_id is not None}


def _name_key(name: str | None) -> str | None:
    try:
        return None if name is None else name_key(name, attribute="displayName")
    except InvalidValue:
        return None  # so long a name no group has


def _apply_sign_ins(
    session: TenantSession, events: Sequence[WaitingEvent], people: People, *, late_days: int, now: datetime
) -> Outcomes:
    """Keep sign-ins as usage; those that are too late for the tenant's invoices are refused."""
    concerned = [each for each in events if each.effect == SIGN_IN]
    if not concerned:
        return {}
    batch = [
        {
            "connection": each.connection_id,
            "id": each.id,
            "person": people[each.who].id,
            "at": each.at.isoformat(),
        }
        for each in concerned
    ]
    taken = take_sign_ins(
        session, batch, closed_until=closed_until, late_days=late_days, cause=concerned[0].cause, now=now
    )
    rejected = {each.index for each in taken.rejected}
    return {each.key: REFUSED if index in rejected else APPLIED for index, each in enumerate(concerned)}


def _apply_ends(
    session: TenantSession,
    events: Sequence[WaitingEvent],
    people: People,
    outcomes: Outcomes,
    *,
    now: datetime,
) -> Outcomes:
    """End the sessions that were open when the provider ended its own.

    So does a deactivation that something later made up for: who came back signs in anew.
    """
    ending = [
        each
        for each in events
        if each.effect == END_SESSIONS or (each.effect == DEACTIVATE and outcomes[each.key] == SUPERSEDED)
    ]
    ended = end_sessions_before(session, _by_person(ending, people), now=now)
    return {
        each.key: APPLIED if each.key in ended else UNCHANGED
        for each in ending
        if each.effect == END_SESSIONS
    }


def _by_person(events: Iterable[WaitingEvent], people: People) -> dict[str, list[WaitingEvent]]:
    found: dict[str, list[WaitingEvent]] = defaultdict(list)
    for each in events:
        found[people[each.who].id].append(each)
    return found
