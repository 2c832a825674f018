"""A second count of seats and money, made day by day from the requests alone, sharing no code with the product."""

import tomllib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote
from zoneinfo import ZoneInfo

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MEMBER = 'members[value eq "'


@dataclass(frozen=True)
class Standing:
    """What was true of a person from an instant on."""

    since: datetime
    active: bool = False
    department: str | None = None
    cost_centre: str | None = None
    groups: frozenset = frozenset()


@dataclass
class World:
    """Everybody's standings in order of time, read off the wire."""

    people: dict = field(default_factory=dict)

    def hear(self, exchange):
        if exchange.status not in {200, 201, 204} or exchange.method == "GET":
            return
        kind, _, ident = unquote(exchange.path).lstrip("/").partition("/")
        ident = ident.split("?")[0] or exchange.answer_id
        if exchange.method == "DELETE":
            self.turn(exchange.at, ident, active=False, groups=frozenset())
        elif kind.startswith("Users"):
            self.hear_of_person(exchange, ident)
        else:
            self.hear_of_group(exchange, ident)

    def hear_of_person(self, exchange, ident):
        body = exchange.body
        if exchange.method != "PATCH":
            told = body.get(ENTERPRISE, {})
            self.turn(
                exchange.at,
                ident,
                active=body["active"],
                department=told.get("department"),
                cost_centre=told.get("costCenter"),
            )
            return
        for operation in body["Operations"]:
            value = operation.get("value")
            attributes = value if "path" not in operation else {operation["path"].split(":")[-1]: value}
            known = {"active": "active", "department": "department", "costCenter": "cost_centre"}
            for name, heard in attributes.items():
                if name in known:
                    heard = str(heard).lower() == "true" if name == "active" else heard
                    self.turn(exchange.at, ident, **{known[name]: heard})

    def hear_of_group(self, exchange, ident):
        if exchange.method == "POST":
            for member in exchange.body.get("members", []):
                self.join(exchange.at, ident, member["value"])
            return
        for operation in exchange.body["Operations"]:
            verb, path = operation["op"].lower(), operation.get("path", "")
            listed = [member["value"] for member in operation.get("value") or [] if isinstance(member, dict)]
            if path.startswith(MEMBER):
                listed = [path.removeprefix(MEMBER).split('"')[0]]
            elif path != "members":
                continue
            if verb == "replace":
                for person, standings in list(self.people.items()):
                    if ident in standings[-1].groups and person not in listed:
                        self.leave(exchange.at, ident, person)
            for person in listed:
                (self.leave if verb == "remove" else self.join)(exchange.at, ident, person)

    def join(self, at, group, person):
        self.turn(at, person, groups=self.people[person][-1].groups | {group})

    def leave(self, at, group, person):
        self.turn(at, person, groups=self.people[person][-1].groups - {group})

    def turn(self, at, person, **changes):
        standings = self.people.setdefault(person, [Standing(since=at)])
        standings.append(replace(standings[-1], since=at, **changes))


@dataclass(frozen=True)
class Day:
    """Who owned which plan on a day, and the most people at one instant in each plan."""

    owners: dict
    peaks: dict


def world(exchanges):
    """Hear everything in order of time, whatever the order of sending was."""
    heard = World()
    for exchange in sorted(exchanges, key=lambda each: each.at):
        heard.hear(exchange)
    return heard


def plan_of(standing, plan_of_group):
    """The plan of the first rule that matches; a rule is a group."""
    if not standing.active:
        return None
    found = next((plan for group, plan in plan_of_group.items() if group in standing.groups), "none")
    return None if found == "none" else found


def days_of(heard, first: date, last: date, zone: str, plan_of_group, ranks):
    day = first
    while day < last:
        begin = datetime.combine(day, time(), ZoneInfo(zone))
        end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
        yield day, one_day(heard, begin, end, plan_of_group, ranks)
        day += timedelta(days=1)


def one_day(heard, begin, end, plan_of_group, ranks):
    held = {}
    for person, standings in heard.people.items():
        before = [each for each in standings if each.since <= begin][-1:]
        within = [each for each in standings if begin < each.since < end]
        held[person] = [
            (max(each.since, begin), each, plan_of(each, plan_of_group)) for each in before + within
        ]
    owners, slots = {}, defaultdict(list)
    for person, course in held.items():
        # several standings of one instant: the last of them is the one that lasts
        lasting = [
            part
            for part, after in zip(course, [*course[1:], None], strict=True)
            if not after or part[0] < after[0]
        ]
        plans = [plan for _, _, plan in lasting if plan]
        if plans:
            owned = max(plans, key=ranks.__getitem__)
            place = [each for _, each, plan in lasting if plan == owned][-1]
            owners[person] = (owned, place.department, place.cost_centre)
            slots[owned].append([(at, plan == owned) for at, _, plan in lasting])
    return Day(owners, {plan: peak(courses) for plan, courses in slots.items()})


def peak(courses):
    """The most who hold the plan at one instant; whoever changes at an instant has changed at it."""
    instants = {at for course in courses for at, _ in course}
    return max(
        sum(([holds for since, holds in course if since <= instant] or [False])[-1] for course in courses)
        for instant in instants
    )


def prices():
    """Read what a month of each plan costs, off the catalogue's text."""
    catalogue = tomllib.loads((Path(__file__).parents[2] / "config" / "plans.toml").read_text())
    return catalogue


def cost_of(count, terms):
    """What ``count`` seats cost in a month of graduated tiers."""
    if not terms.get("tiers"):
        return Fraction(terms["unit_amount"]) * count
    total, lower = Fraction(0), 0
    for tier in terms["tiers"]:
        upper = tier.get("up_to") or max(count, lower)
        total += Fraction(tier["unit_amount"]) * max(0, min(count, upper) - lower)
        lower = upper
    return total
