"""A second count of seats and money, day by day from the requests alone, sharing no code with the product."""

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
CATALOGUE = tomllib.loads((Path(__file__).parents[2] / "config" / "plans.toml").read_text())


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
    """Everybody's standings in order of time, read off the wire; groups by their first names."""

    people: dict = field(default_factory=dict)
    external_ids: dict = field(default_factory=dict)
    groups: dict = field(default_factory=dict)

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
        if exchange.method == "PATCH":
            for operation in body["Operations"]:
                self.hear_of_attributes(exchange.at, ident, operation)
            return
        self.external_ids.setdefault(ident, body["externalId"])
        told = body.get(ENTERPRISE, {})
        self.turn(
            exchange.at,
            ident,
            active=body["active"],
            department=told.get("department"),
            cost_centre=told.get("costCenter"),
        )

    def hear_of_attributes(self, at, ident, operation):
        value = operation.get("value")
        attributes = value if "path" not in operation else {operation["path"].split(":")[-1]: value}
        if "active" in attributes:
            self.turn(at, ident, active=str(attributes["active"]).lower() == "true")
        if "department" in attributes:
            self.turn(at, ident, department=attributes["department"])
        if "costCenter" in attributes:
            self.turn(at, ident, cost_centre=attributes["costCenter"])

    def hear_of_group(self, exchange, ident):
        if exchange.method == "POST":
            self.groups[ident] = exchange.body["displayName"]
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
                        self.turn(exchange.at, person, groups=standings[-1].groups - {ident})
            for person in listed:
                groups = self.people[person][-1].groups
                now = groups - {ident} if verb == "remove" else groups | {ident}
                self.turn(exchange.at, person, groups=now)

    def turn(self, at, person, **changes):
        standings = self.people.setdefault(person, [Standing(since=at)])
        standings.append(replace(standings[-1], since=at, **changes))

    def plan(self, standing, plan_of_name):
        """The plan of the first group, in the order in which groups came, that the person is in."""
        if not standing.active:
            return None
        found = next(
            (plan_of_name[name] for ident, name in self.groups.items() if ident in standing.groups), "none"
        )
        return None if found == "none" else found


@dataclass(frozen=True)
class Recount:
    """Money in cents: by plan, and by (person, plan, department, cost centre) with the days."""

    plans: dict
    people: dict


def hear_all(exchanges):
    """Hear everything in order of time, whatever the order of sending was."""
    world = World()
    for exchange in sorted(exchanges, key=lambda each: each.at):
        world.hear(exchange)
    return world


def recount(exchanges, first: date, last: date, *, zone: str, plan_of_name):
    """Count every day of ``[first, last)`` and price the days at the catalogue's prices of a month."""
    world = hear_all(exchanges)
    days = (last - first).days
    exact, held = defaultdict(Fraction), defaultdict(int)
    for number in range(days):
        midnights = [
            datetime.combine(first + timedelta(days=number + n), time(), ZoneInfo(zone)) for n in (0, 1)
        ]
        owners, peaks = one_day(world, *midnights, plan_of_name)
        for owner in owners.values():
            held[owner] += 1
        for plan, peak in peaks.items():
            exact[plan] += cost_of(peak, CATALOGUE[plan]["terms"]) / days
    plans = {plan: int(money * 100 + Fraction(1, 2)) for plan, money in exact.items()}
    people = {}
    for plan, cents in plans.items():
        mine = {owner: count for owner, count in held.items() if owner[1] == plan}
        people |= share(cents, exact[plan], mine)
    return Recount(plans, {owner: (held[owner], cents) for owner, cents in people.items()})


def one_day(world, begin, end, plan_of_name):
    """Who owned which plan, and the most owners of a plan at one instant."""
    owners, courses = {}, defaultdict(list)
    for person, standings in world.people.items():
        course = [(at, world.plan(each, plan_of_name), each) for at, each in lasting(standings, begin, end)]
        plans = [plan for _, plan, _ in course if plan]
        if plans:
            owned = max(plans, key=lambda plan: CATALOGUE[plan]["rank"])
            place = [each for _, plan, each in course if plan == owned][-1]
            owners[person] = (person, owned, place.department, place.cost_centre)
            courses[owned].append([(at, plan == owned) for at, plan, _ in course])
    return owners, {plan: peak(list_of) for plan, list_of in courses.items()}


def lasting(standings, begin, end):
    """What was true at some instant of ``[begin, end)``, each with the instant from which it was."""
    before = [each for each in standings if each.since <= begin][-1:]
    course = [(max(each.since, begin), each) for each in before]
    course += [(each.since, each) for each in standings if begin < each.since < end]
    nexts = [at for at, _ in course[1:]]
    return [course[n] for n in range(len(course)) if n == len(nexts) or course[n][0] < nexts[n]]


def peak(courses):
    """The most who hold the plan at one instant."""
    instants = {at for course in courses for at, _ in course}
    return max(
        sum(([holds for since, holds in course if since <= instant] or [False])[-1] for course in courses)
        for instant in instants
    )


def cost_of(count, terms):
    """What ``count`` seats cost in a month."""
    if not terms.get("tiers"):
        return Fraction(terms["unit_amount"]) * count
    total, lower = Fraction(0), 0
    for tier in terms["tiers"]:
        upper = tier.get("up_to") or max(count, lower)
        total += Fraction(tier["unit_amount"]) * max(0, min(count, upper) - lower)
        lower = upper
    return total


def share(cents, exact, days):
    """Give whole cents by days: everybody the whole part, then the largest remainders one cent each."""
    total = sum(days.values())
    parts = {owner: exact * 100 * count / total for owner, count in days.items()}
    given = {owner: int(part) for owner, part in parts.items()}
    waiting = sorted(parts, key=lambda owner: (given[owner] - parts[owner], owner[0], owner[2] or ""))
    for owner in waiting[: cents - sum(given.values())]:
        given[owner] += 1
    return given
