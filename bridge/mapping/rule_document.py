"""The JSON of a rule set, read strictly."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import InvalidFilter, InvalidValue
from bridge.mapping.assignments import ASSIGNED, NOT_ASSIGNABLE, Assignable
from bridge.mapping.overrides import OVERRIDE
from bridge.mapping.rules import DEFAULT, NO_PLAN, Rule, RuleSetRules, groups_asked_for
from bridge.scim.attributes import ResourceSchema
from bridge.scim.filters import Filter, FilterLimits, parse_filter, resolve_filter
from bridge.scim.schemas import USER_RESOURCE
from bridge.scim.text import fault_of, shown


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one document of rules may hold; inclusive."""

    rules: int = 1000
    text_characters: int = 4096
    filters: FilterLimits = FilterLimits()  # noqa: RUF009 (immutable)


DEFAULT_LIMITS = Limits()

_DOCUMENT = ("default", "rules", "idp_assignments")
_ASSIGNMENTS = ("plans", "roles")
_DEFAULT = ("plan", "roles")
_RULE = ("name", "when", "plan", "roles", "note")


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """What a document may name; None allows any, for documents that were checked when they were applied.

    ``schema`` is what conditions may ask of a person.
    """

    plans: Collection[str] | None
    roles: Collection[str] | None
    limits: Limits
    schema: ResourceSchema


def parse_rules(
    document: Mapping[str, Any],
    *,
    known_plans: Collection[str],
    known_roles: Collection[str],
    limits: Limits = DEFAULT_LIMITS,
    schema: ResourceSchema = USER_RESOURCE,
) -> RuleSetRules:
    """Read ``{"default": {"plan", "roles"}, "rules": [{"name", "when", "plan", "roles", "note"}]}``.

    ``default``, a rule's ``roles`` and ``note``, and either its plan or its roles may be left out. The plan
    ``none`` is always known. ``"idp_assignments": {"plans", "roles"}`` says what an identity provider may
    assign directly: ``true`` for all, ``false`` (as when left out) for none, or an array of keys.
    Raises InvalidValue, or InvalidFilter for a condition, with the JSON pointer of what is wrong.
    """
    return _rule_set(document, _Catalogue({*known_plans, NO_PLAN}, known_roles, limits, schema))


def settled_document(document: Mapping[str, Any], rules: RuleSetRules) -> dict[str, Any]:
    """Return the document of these rules as it is stored: ``true`` spelled out as the keys of today.

    So that a plan or role that enters the catalogue later is not assignable in the past.
    """
    given = document.get("idp_assignments")
    if given is None:
        return dict(document)
    spelled = {"plans": list(rules.assignable.plans), "roles": list(rules.assignable.roles)}
    return {**document, "idp_assignments": {name: spelled[name] for name in given}}


def stored_rules(document: Mapping[str, Any], schema: ResourceSchema = USER_RESOURCE) -> RuleSetRules:
    """Read a document that was checked when it was applied; limits and catalogues may have changed since."""
    most = 2**31
    limits = Limits(most, most, FilterLimits(length_bytes=most, depth=DEFAULT_LIMITS.filters.depth * 10,
                                             conditions=most))  # fmt: skip
    return _rule_set(document, _Catalogue(None, None, limits, schema))


def _rule_set(document: object, known: _Catalogue) -> RuleSetRules:
    raw = _members(document, _DOCUMENT, "")
    default = _members(raw.get("default", {}), _DEFAULT, "/default")
    listed = raw.get("rules")
    if not isinstance(listed, list):
        raise InvalidValue(f"/rules: found {_found(listed)}, expected an array of rules", pointer="/rules")
    if len(listed) > known.limits.rules:
        raise InvalidValue(
            f"/rules: found {len(listed)} rules, at most {known.limits.rules} are allowed; "
            "join conditions with `or`",
            pointer="/rules",
        )
    rules = tuple(_rule(each, f"/rules/{position}", known) for position, each in enumerate(listed))
    _refuse_duplicates(rules)
    plan = _plan(default, "/default", known) or NO_PLAN
    return RuleSetRules(rules, plan, _roles(default, "/default", known), _assignable(raw, known))


def _assignable(raw: Mapping[str, Any], known: _Catalogue) -> Assignable:
    if raw.get("idp_assignments") is None:
        return NOT_ASSIGNABLE
    at = "/idp_assignments"
    given = _members(raw["idp_assignments"], _ASSIGNMENTS, at)
    plans = None if known.plans is None else {*known.plans} - {NO_PLAN}
    found = Assignable(
        _assignable_keys(given, "plans", at, plans), _assignable_keys(given, "roles", at, known.roles)
    )
    return found if found.plans or found.roles else NOT_ASSIGNABLE


def _assignable_keys(
    given: Mapping[str, Any], name: str, at: str, known: Collection[str] | None
) -> tuple[str, ...]:
    value = given.get(name)
    if value is None or isinstance(value, bool):
        return tuple(sorted(known or ())) if value else ()
    return _keys(value, f"{at}/{name}", known, wanted=f"true, false or an array of {name}")


def _rule(value: object, at: str, known: _Catalogue) -> Rule:
    raw = _members(value, _RULE, at)
    name = _text(raw, "name", at, known)
    if name == ASSIGNED:
        told = "names what the identity provider assigns"
        raise InvalidValue(f"{at}/name: {shown(name)} {told}", pointer=f"{at}/name")
    if name == OVERRIDE:
        raise InvalidValue(f'{at}/name: "override" names what stands above the rules', pointer=f"{at}/name")
    if name == DEFAULT:
        raise InvalidValue(f'{at}/name: "default" names what holds where no rule does', pointer=f"{at}/name")
    when = _text(raw, "when", at, known)
    plan = _plan(raw, at, known)
    roles = _roles(raw, at, known)
    if plan is None and not roles:
        raise InvalidValue(f"{at}: the rule {shown(name)} names neither a plan nor roles", pointer=at)
    condition = _condition(when, name, at, known)
    note = "" if raw.get("note") is None else _text(raw, "note", at, known)
    return Rule(name, when, condition, plan, roles, note, groups_asked_for(condition), known.schema)


def _condition(when: str, name: str, at: str, known: _Catalogue) -> Filter:
    try:
        return resolve_filter(parse_filter(when, limits=known.limits.filters), known.schema, tolerant=True)
    except InvalidFilter as error:
        raise InvalidFilter(
            f"{at}/when: the condition of {shown(name)}: {error.detail}", pointer=f"{at}/when"
        ) from error


def _refuse_duplicates(rules: tuple[Rule, ...]) -> None:
    first: dict[str, int] = {}
    for position, rule in enumerate(rules):
        if rule.name in first:
            raise InvalidValue(
                f"/rules/{position}/name: {shown(rule.name)} is also the name of "
                f"/rules/{first[rule.name]}; names tell rules apart",
                pointer=f"/rules/{position}/name",
            )
        first[rule.name] = position


def _plan(raw: Mapping[str, Any], at: str, known: _Catalogue) -> str | None:
    value = raw.get("plan")
    if value is None:
        return None
    if not isinstance(value, str) or (known.plans is not None and value not in known.plans):
        raise InvalidValue(
            f"{at}/plan: found {_found(value)}, allowed are {_listed(known.plans)}", pointer=f"{at}/plan"
        )
    return value


def _roles(raw: Mapping[str, Any], at: str, known: _Catalogue) -> tuple[str, ...]:
    value = raw.get("roles")
    return () if value is None else _keys(value, f"{at}/roles", known.roles, wanted="an array of roles")


def _keys(value: object, at: str, known: Collection[str] | None, *, wanted: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidValue(f"{at}: found {_found(value)}, expected {wanted}", pointer=at)
    for position, key in enumerate(value):
        if not isinstance(key, str) or (known is not None and key not in known):
            raise InvalidValue(
                f"{at}/{position}: found {_found(key)}, allowed are {_listed(known)}",
                pointer=f"{at}/{position}",
            )
    return tuple(sorted(set(value)))


def _text(raw: Mapping[str, Any], name: str, at: str, known: _Catalogue) -> str:
    pointer = f"{at}/{name}"
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue(f"{pointer}: found {_found(value)}, expected a text", pointer=pointer)
    most = known.limits.filters.length_bytes if name == "when" else known.limits.text_characters
    if len(value) > most:
        raise InvalidValue(
            f"{pointer}: found {len(value)} characters, at most {most} are allowed", pointer=pointer
        )
    fault = fault_of(value)
    if fault is not None:
        raise InvalidValue(f"{pointer} {fault}; send it without", pointer=pointer)
    return value


def _members(value: object, allowed: tuple[str, ...], at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        where = at or "the document"
        raise InvalidValue(f"{where}: found {_found(value)}, expected an object", pointer=at)
    for key in value:
        if key not in allowed:
            pointer = f"{at}/{_escaped(str(key))}"
            raise InvalidValue(
                f"{pointer}: found the unknown key {shown(str(key))}, allowed are {', '.join(allowed)}",
                pointer=pointer,
            )
    return value


def _escaped(key: str) -> str:
    """Escape a key for a JSON pointer (RFC 6901 section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def _listed(known: Collection[str] | None) -> str:
    return "texts" if known is None else ", ".join(sorted(known))


_KINDS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: str(value).lower()),
    (str, shown),
    (Mapping, lambda _value: "an object"),
    (list, lambda _value: "an array"),
)


def _found(value: object) -> str:
    """Name a JSON value in a message."""
    if value is None:
        return "nothing"
    return next((tell(value) for kind, tell in _KINDS if isinstance(value, kind)), shown(value))
