"""The writing of one change of a group and its members: journal entries, facts, and whom they concern."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.database.sessions import TenantSession
from bridge.directory.changes import mark_due
from bridge.directory.fact_instants import fact_instant
from bridge.directory.groups import KnownGroup, change_group
from bridge.directory.memberships import (
    close_memberships,
    groups_above,
    levels_above,
    levels_below,
    open_members,
    open_memberships,
    past_of,
)
from bridge.directory.search import Found, Member
from bridge.errors import InvalidValue
from bridge.journal.record import Subject, record
from bridge.provisioning.client import Client, Written
from bridge.provisioning.member_plan import MemberPlan

_ADOPT, _RENAME, _CHANGE = "scim:group:adopt", "scim:group:rename", "scim:group:change"


@dataclass(frozen=True, slots=True)
class Difference:
    """Who joins and who leaves, and the instant of the last fact about any of them in this group."""

    joining: tuple[Member, ...]
    leaving: tuple[Member, ...]
    last: datetime | None

    def __bool__(self) -> bool:
        return bool(self.joining or self.leaving)


def difference(
    session: TenantSession, group_id: str, plan: MemberPlan, kinds: Mapping[str, str]
) -> Difference:
    """Compare a plan with the members there are; ``kinds`` tells what those to add are.

    Only a plan for everyone reads the whole membership. Raises ``InvalidValue`` where a group would come to
    be in itself.
    """
    past = past_of(session, group_id, plan.add if plan.everyone else plan.add | plan.remove)
    if plan.everyone:
        leaving = [each for each in open_members(session, group_id) if each.id not in plan.add]
    else:
        leaving = [
            Member(each, past[each].kind)
            for each in sorted(plan.remove)
            if each in past and past[each].member
        ]
    joining = tuple(
        Member(each, kinds[each]) for each in sorted(plan.add) if each not in past or not past[each].member
    )
    _check_cycle(session, group_id, joining)
    return Difference(joining, tuple(leaving), max((each.last for each in past.values()), default=None))


def write_group(
    session: TenantSession,
    group: KnownGroup,
    resource: dict[str, Any],
    members: Difference,
    *,
    tolerances: tuple[str, ...],
    client: Client,
    now: datetime,
) -> Written:
    """Write what a PUT or PATCH makes of a group; when that is nothing new, write nothing.

    A group that only sign-ins knew is the connection's own from then on: who is in it is said by SCIM alone.
    """
    if resource == group.resource and not members and not group.is_claimed:
        same = Found(group.id, group.resource, group.version, group.created_at, group.changed_at)
        return Written(same, changed=False, tolerances=tolerances)
    at = fact_instant(now, group.changed_at, members.last)
    subject = Subject("group", group.id)
    cause_id = ""
    if resource != group.resource or group.is_claimed:
        renamed = resource["displayName"] != group.display_name
        action = _ADOPT if group.is_claimed else _RENAME if renamed else _CHANGE
        cause_id = record(session, action, subject, cause=client.cause, at=at)
        if renamed:
            mark_due(session, [subject], cause_id=cause_id, now=now)
    found = change_group(
        session, group, resource, unique_name=client.unique_group_names, cause_id=cause_id, at=at
    )
    if members:
        counts = {"added": len(members.joining), "removed": len(members.leaving)}
        cause_id = record(session, "scim:group:members", subject, cause=client.cause, at=at, details=counts)
        levels = client.limits.group_levels
        write_members(session, group.id, members, levels=levels, cause_id=cause_id, at=at, now=now)
    return Written(found, tolerances=tolerances)


def write_members(
    session: TenantSession,
    group_id: str,
    members: Difference,
    *,
    levels: int,
    cause_id: str,
    at: datetime,
    now: datetime,
) -> None:
    """Open and close the facts, and leave the consequences for each of them to the workers.

    Raises ``InvalidValue`` where more than ``levels`` groups in a row would be in each other.
    """
    leaving = [each.id for each in members.leaving]
    close_memberships(session, group_id, leaving, at=at, cause_id=cause_id)
    _check_levels(session, group_id, members.joining, most=levels)
    open_memberships(session, group_id, members.joining, at=at, cause_id=cause_id)
    concerned = (Subject(each.kind, each.id) for each in (*members.joining, *members.leaving))
    mark_due(session, concerned, cause_id=cause_id, now=now)


def _check_levels(session: TenantSession, group_id: str, joining: tuple[Member, ...], *, most: int) -> None:
    nested = [each.id for each in joining if each.kind == "group"]
    if not nested:
        return
    above = levels_above(session, group_id, most=most)
    below = levels_below(session, nested, most=most)
    if above + below + 2 > most:  # and the group itself, and the nested one
        raise InvalidValue(
            f"More than {most} groups would be in each other in a row, with {group_id} among them; nothing "
            "was changed. Put people into fewer levels of groups."
        )


def _check_cycle(session: TenantSession, group_id: str, joining: tuple[Member, ...]) -> None:
    nested = {each.id for each in joining if each.kind == "group"}
    if not nested:
        return
    inside = nested & {group_id, *groups_above(session, group_id)}
    if inside:
        raise InvalidValue(
            f"The group {min(inside)} cannot be a member of {group_id}, which is in it already or is itself; "
            "nothing was changed. Take one of the two memberships away."
        )
