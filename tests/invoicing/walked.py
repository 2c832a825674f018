"""A slow, obvious recount of seats and money that walks from one happening to the next.

It shares no code with the product and knows nothing of spans, chains or lines: it asks at each instant who
wants what, who has it already, and whose turn it is.
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise, product

CENTS = {"standard": 3900, "premium": 7900}
RANK = {None: 0, "standard": 1, "premium": 2}


@dataclass(frozen=True)
class Story:
    """What happened at a company in one period, by quarters of an hour.

    Day ``n`` lasts from ``days[n]`` to ``days[n + 1]``. People are listed in the order of their ids, and
    begin as ``beginning`` says. A step is (quarter, who, what), a change of rules (quarter, ((group, plan),
    …)), of a limit (quarter, plan, seats or None). Nothing counts before the quarter ``live``.
    """

    days: tuple
    people: tuple
    steps: tuple
    rules: tuple
    limits: tuple = ()
    live: int = 0
    beginning: tuple = ()


@dataclass
class Person:
    on: bool = False
    department: str = "Sales"
    groups: set = field(default_factory=set)
    wants: str | None = None
    since: tuple = ()
    holds: bool = False

    def does(self, what):
        verb, _, rest = what.partition(" ")
        if verb in ("on", "off"):
            self.on = verb == "on"
        elif verb == "enters":
            self.groups.add(rest)
        elif verb == "leaves":
            self.groups.discard(rest)
        else:
            assert verb == "moves", what
            self.department = rest


def walk(story):
    """Return, at each quarter at which anything happened, what everybody holds, waits for, and where."""
    people = {name: Person() for name in story.people}
    limits = dict.fromkeys(CENTS)
    rules = ()
    for name, what in product(story.people, story.beginning):
        people[name].does(what)
    quarters = {story.live, *(each[0] for each in (*story.steps, *story.rules, *story.limits))}
    found = []
    for quarter in sorted(quarters):
        for _, who, what in now(story.steps, quarter):
            people[who].does(what)
        limits |= {plan: seats for _, plan, seats in now(story.limits, quarter)}
        rules = next((changed for _, changed in now(story.rules, quarter)), rules)
        for name, person in people.items():
            ask(person, name, rules if quarter >= story.live else (), quarter)
        for plan, seats in limits.items():
            let_in([each for each in people.values() if each.wants == plan], seats)
        found.append((quarter, {name: told(person) for name, person in people.items()}))
    return found


def now(happenings, quarter):
    return [each for each in happenings if each[0] == quarter]


def ask(person, name, rules, quarter):
    """Who wants another plan than before comes anew, and has given up what they had."""
    matching = [place for place, (group, _) in enumerate(rules) if person.on and group in person.groups]
    plan = rules[matching[0]][1] if matching else None
    if plan != person.wants:
        person.wants, person.holds = plan, False
        person.since = (quarter, min(matching, default=0), name)


def let_in(wanting, seats):
    """While a seat is free, who came first gets it."""
    waiting = sorted((each for each in wanting if not each.holds), key=lambda each: each.since)
    for person in waiting:
        if seats is None or sum(each.holds for each in wanting) < seats:
            person.holds = True


def told(person):
    if person.holds:
        return person.wants, None, person.department
    return None, person.wants, person.department


def owned(story):
    """Return for how many days whom each plan is counted, with the last department they held it in."""
    moments = walk(story)
    days = Counter()
    for begin, end in pairwise(story.days):
        before = [each for each in moments if each[0] <= begin][-1:]
        seen = before + [each for each in moments if begin < each[0] < end]
        for name in story.people:
            held = [standings[name] for _, standings in seen]
            best = max((plan for plan, _, _ in held), key=RANK.__getitem__, default=None)
            if best is not None:
                days[name, best, [where for plan, _, where in held if plan == best][-1]] += 1
    return days


def recount(story):
    """Return the days and cents of each (person, plan, department).

    A plan is rounded once, half a cent up; what is left goes to the largest remainders, of equal ones to who
    has the lower id.
    """
    days, length = owned(story), len(story.days) - 1
    bill = {}
    for plan, cents in CENTS.items():
        mine = {key: count for key, count in days.items() if key[1] == plan}
        total = (2 * cents * sum(mine.values()) + length) // (2 * length)
        amounts = {key: cents * count // length for key, count in mine.items()}
        order = sorted(
            mine, key=lambda key: (-(cents * mine[key] % length), story.people.index(key[0]), key[2])
        )
        for key in order[: total - sum(amounts.values())]:
            amounts[key] += 1
        bill |= {key: (mine[key], amount) for key, amount in amounts.items()}
    return bill
