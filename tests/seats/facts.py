"""Random dated facts on a small calendar, and a slow, obvious recount of them."""

from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st

from bridge.directory.facts import (
    GroupFacts,
    GroupNameFact,
    MembershipFact,
    PersonFacts,
    PersonVersionFact,
)
from bridge.mapping.rule_document import parse_rules
from bridge.mapping.rules import DatedRules
from bridge.scim.schemas import ENTERPRISE_USER_URN

HOURS = 24
GROUPS = ["a", "b", "c", "d"]
PLANS = ["standard", "premium", "none"]
# Made once: each example draws hundreds of values, and making a strategy costs as much as drawing from it.
ANY_HOUR = st.integers(0, HOURS)
CUTS = {most: st.sets(ANY_HOUR, max_size=2 * most) for most in (1, 2, 3)}
RULES_CHANGE = st.sets(ANY_HOUR, max_size=3)
TURNS = st.sets(ANY_HOUR, min_size=1, max_size=4)
LAST_END = st.sampled_from([None, HOURS + 1])
DEPARTMENT = st.sampled_from(["Sales", "Law"])
NAME = st.sampled_from(["Red", "Blue"])
LIVE_FROM = st.one_of(st.none(), ANY_HOUR, st.just(0), st.just(0))
PARENTS = st.lists(st.sampled_from(GROUPS), unique=True, max_size=2)
TRUTH = st.booleans()


def at(hour):
    return None if hour is None else datetime(2024, 2, 29, tzinfo=UTC) + timedelta(hours=hour)


@st.composite
def spans(draw, *, most=3):
    """Disjoint half-open intervals of hours; the last may be open."""
    cuts = sorted(draw(CUTS[most]))
    found = list(zip(cuts[::2], cuts[1::2], strict=False))
    if len(cuts) % 2:
        found.append((cuts[-1], None))
    return found


@st.composite
def person_facts(draw, *, groups=None):
    """One person's facts, in groups of their own unless they are given."""
    cuts = sorted(draw(TURNS))
    ends = [*cuts[1:], draw(LAST_END)]
    versions = tuple(
        PersonVersionFact(
            at(start), at(end), draw(TRUTH), {ENTERPRISE_USER_URN: {"department": draw(DEPARTMENT)}},
            f"version {start}", None if end is None else f"version {end}",
        )
        for start, end in zip(cuts, ends, strict=True)
    )  # fmt: skip
    memberships = tuple(
        membership(group, start, end) for group in GROUPS for start, end in draw(spans(most=2))
    )
    if groups is None:
        groups = draw(some_groups())
    live_from = at(draw(LIVE_FROM))
    return PersonFacts("ada", "okta", live_from, versions, memberships, groups)


def membership(group, start, end):
    ended_by = None if end is None else f"left {end}"
    return MembershipFact(group, at(start), at(end), f"joined {start}", ended_by)


@st.composite
def some_groups(draw):
    return {group: draw(GROUP) for group in GROUPS if draw(TRUTH)}


@st.composite
def group_facts(draw):
    existed = draw(EXISTED)
    names = tuple(
        GroupNameFact(
            at(start), at(end), draw(NAME), f"named {start}",
            None if end is None else f"unnamed {end}",
        )
        for start, end in existed
    )  # fmt: skip
    nested = draw(PARENTS)
    inside = tuple(membership(parent, start, end) for parent in nested for start, end in draw(spans(most=1)))
    return GroupFacts(names, inside)


EXISTED = st.one_of(st.just([(0, None)]), spans(most=2))
GROUP = group_facts()


# Each condition in SCIM's words and in Python's: what it asks of (id → name, kind) and of the department.
CONDITIONS = [
    *((f'groups.value eq "{group}"', lambda held, _, group=group: group in held) for group in GROUPS),
    ('department eq "Sales"', lambda _, department: department == "Sales"),
    ('groups.display eq "Red"', lambda held, _: any(name == "Red" for name, _ in held.values())),
    ('groups.type eq "indirect"', lambda held, _: any(kind == "indirect" for _, kind in held.values())),
    ('groups.value eq "a" and groups.value eq "b"', lambda held, _: "a" in held and "b" in held),
    ('not (groups.value eq "a")', lambda held, _: "a" not in held),
]


@st.composite
def rule_documents(draw):
    chosen = draw(st.lists(st.sampled_from(range(len(CONDITIONS))), max_size=4))
    rules = []
    for number, which in enumerate(chosen):
        plan = draw(st.sampled_from([*PLANS, None]))
        roles = draw(st.sampled_from([[], ["viewer"], ["analyst"]])) if plan else ["viewer"]
        rules.append({"name": f"r{number}", "when": CONDITIONS[which][0], "plan": plan, "roles": roles})
    return {"default": {"plan": draw(st.sampled_from(["none", "standard"]))}, "rules": rules}


@st.composite
def rule_sets(draw):
    cuts = sorted(draw(RULES_CHANGE))
    documents = [draw(rule_documents()) for _ in cuts]
    dated = []
    for number, (start, end) in enumerate(zip(cuts, [*cuts[1:], None], strict=False)):
        dated.append(dated_rules(documents[number], number, start, end))
    return documents, tuple(dated)


def dated_rules(document, number, start, end):
    parsed = parse_rules(document, known_plans=PLANS, known_roles=["viewer", "analyst"])
    return DatedRules(f"rules {number}", number, at(start), at(end), parsed, f"applied {start}")


def covers(fact, instant):
    return fact.start <= instant and (fact.end is None or instant < fact.end)


def recount(facts, documents, dated, instant):
    """What the person holds at the instant, found by asking every fact."""
    if facts.live_from is None or instant < facts.live_from:
        return None
    version = next((each for each in facts.versions if covers(each, instant)), None)
    rules = next((n for n, each in enumerate(dated) if covers(each, instant)), None)
    if version is None or not version.active or rules is None:
        return None
    held = held_groups(facts, instant)
    department = version.resource[ENTERPRISE_USER_URN]["department"]
    plan, roles = None, set()
    for rule in documents[rules]["rules"]:
        asks = next(asks for words, asks in CONDITIONS if words == rule["when"])
        if asks(held, department):
            plan = plan or rule["plan"]
            roles |= set(rule["roles"])
    plan = plan or documents[rules]["default"]["plan"]
    return None if plan == "none" and not roles else (plan, tuple(sorted(roles)), department, None)


def held_groups(facts, instant):
    def name(group):
        if group not in facts.groups:
            return ""
        return next((n.display_name for n in facts.groups[group].names if covers(n, instant)), None)

    direct = {m.group_id for m in facts.memberships if covers(m, instant) and name(m.group_id) is not None}
    everything = set(direct)
    for _ in GROUPS:
        for group in sorted(everything):
            for inside in facts.groups[group].memberships if group in facts.groups else ():
                if covers(inside, instant) and name(inside.group_id) is not None:
                    everything.add(inside.group_id)
    return {group: (name(group), "direct" if group in direct else "indirect") for group in everything}
