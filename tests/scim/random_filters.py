"""Random people and random filters in which only values occur that each evaluator can compare."""

import json

from hypothesis import strategies as st

from bridge.scim.filters import And, AttrPath, Comparison, Not, Or, Present, ValuePath
from bridge.scim.schemas import ENTERPRISE_USER_URN

WORDS = st.sampled_from(["", "a", "A", "b", "ab", "aB", "Ba", "%", "_", 'q"'])
INSTANTS = st.sampled_from(
    [
        "2026-02-28T09:30:00Z",
        "2026-02-28T10:30:00+01:00",
        "2026-03-01T00:00:00Z",
        "2026-09-01T09:00:02+02:00",
        "2026-09-01T07:00:03.500Z",
    ]
)
TYPES = st.sampled_from(["work", "home"])


def optional(**parts):
    return st.fixed_dictionaries({}, optional=parts)


ELEMENTS = st.lists(
    optional(value=WORDS, display=WORDS, primary=st.booleans()).filter(bool), min_size=1, max_size=3
)
PEOPLE = optional(
    userName=WORDS,
    title=WORDS,
    active=st.booleans(),
    externalId=WORDS,
    name=optional(givenName=WORDS, familyName=WORDS).filter(bool),
    roles=ELEMENTS,
    entitlements=ELEMENTS,
    meta=st.fixed_dictionaries({"created": INSTANTS}),
    phoneNumbers=st.lists(st.fixed_dictionaries({"value": WORDS, "type": TYPES}), min_size=1, max_size=2),
).flatmap(
    lambda person: (
        st.just(person)
        | optional(department=WORDS, costCenter=WORDS)
        .filter(bool)
        .map(lambda x: {**person, ENTERPRISE_USER_URN: x})
    )
)

ORDER = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])
ANY = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])


def path(name):
    schema, _, rest = name.rpartition(":")
    head, _, sub = rest.partition(".")
    return AttrPath(schema or None, head, sub or None)


def leaves(texts, booleans=(), instants=()):
    text_paths = st.sampled_from(texts).map(path)
    kinds = [
        st.builds(Comparison, text_paths, ANY, WORDS),
        st.builds(Comparison, text_paths, st.sampled_from(["eq", "ne"]), st.none()),
        st.builds(Present, text_paths),
    ]
    if booleans:
        kinds.append(
            st.builds(
                Comparison, st.sampled_from(booleans).map(path), st.sampled_from(["eq", "ne"]), st.booleans()
            )
        )
    if instants:
        kinds.append(st.builds(Comparison, st.sampled_from(instants).map(path), ORDER, INSTANTS))
    return st.one_of(kinds)


def grown(start):
    return st.recursive(
        start,
        lambda inner: (
            st.lists(inner, min_size=2, max_size=3).map(tuple).map(And)
            | st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or)
            | inner.map(Not)
        ),
        max_leaves=6,
    )


INNER = grown(leaves(["value", "display"], ["primary"]))
FILTERS = grown(
    leaves(
        [
            "userName",
            "title",
            "externalId",
            "name.givenName",
            "roles",
            "roles.value",
            "entitlements.display",
            "phoneNumbers.type",
            f"{ENTERPRISE_USER_URN}:department",
        ],
        ["active", "roles.primary"],
        ["meta.created"],
    )
    | st.builds(ValuePath, st.sampled_from(["roles", "entitlements"]).map(path), INNER)
)


def written(tree):
    match tree:
        case Present():
            return f"{tree.path} pr"
        case Comparison():
            return f"{tree.path} {tree.op} {json.dumps(tree.value)}"
        case ValuePath():
            return f"{tree.path}[{written(tree.condition)}]"
        case Not():
            return f"not ({written(tree.part)})"
        case And():
            return " and ".join(f"({written(x)})" for x in tree.parts)
        case Or():
            return " or ".join(f"({written(x)})" for x in tree.parts)
