"""The questions of the AuthZEN Authorization API 1.0, read strictly."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.entitlements.decisions import Decision, LimitUse
from bridge.errors import InvalidValue
from bridge.scim.text import shown

SUBJECT_TYPES = ("user", "person")
ATTRIBUTES = ("userName", "externalId")

EXECUTE_ALL, DENY_ON_FIRST_DENY, PERMIT_ON_FIRST_PERMIT = SEMANTICS = (
    "execute_all", "deny_on_first_deny", "permit_on_first_permit",
)  # fmt: skip

#: Longer than any id, name or key that is stored; what is longer is nobody's.
TEXT_CHARACTERS = 1024
#: More than anybody counts; it keeps sums of what is used and wanted whole on every side.
WHOLE_MOST = 2**53 - 1

DEFAULTS = ("subject", "action", "resource", "context")


@dataclass(frozen=True, slots=True)
class Named:
    """Who is asked about: a person's id, or their name at a connection.

    ``attribute`` is None for an id, else ``userName`` or ``externalId``.
    """

    text: str
    connection_id: str | None = None
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One question: may this person do this, with so much of a limit; ``subject`` is None for no person."""

    subject: Named | None
    action: str
    use: LimitUse | None


Item = Evaluation | InvalidValue


@dataclass(frozen=True, slots=True)
class Batch:
    """Several questions, each of them or why it is none, and when to stop."""

    items: tuple[Item, ...]
    semantic: str


def parse_evaluation(document: Mapping[str, Any], *, limits: Collection[str]) -> Evaluation:
    """Read one question; ``limits`` are the names that some plan knows. Raises ``InvalidValue``."""
    subject = _object(document, "subject", required=True)
    action = _object(document, "action", required=True)
    resource = _object(document, "resource", required=True)
    for part, name in ((resource, "type"), (resource, "id")):
        _text(part, name, "resource")
    named = _named(subject)
    wanted = _use(resource, _object(document, "context"), limits)
    return Evaluation(named, _text(action, "name", "action"), wanted)


def parse_evaluations(document: Mapping[str, Any], *, limits: Collection[str], most: int) -> Batch | None:
    """Read several questions, each completed by the document's own parts; None where it is a single one.

    Raises ``InvalidValue`` for a document that is none at all. A question that is not valid stands alone.
    """
    asked = document.get("evaluations")
    if asked is None or asked == []:
        return None
    if not isinstance(asked, list):
        raise InvalidValue("evaluations: found no array, allowed an array of objects")
    if len(asked) > most:
        raise InvalidValue(f"evaluations: found {len(asked)}, allowed at most {most}: ask in parts")
    semantic = _object(document, "options").get("evaluations_semantic", EXECUTE_ALL)
    if semantic not in SEMANTICS:
        raise InvalidValue(f"options.evaluations_semantic: allowed one of {', '.join(SEMANTICS)}")
    defaults = {name: document[name] for name in DEFAULTS if name in document}
    return Batch(tuple(_item(defaults, each, limits) for each in asked), semantic)


def told_until(decisions: Sequence[Decision], semantic: str) -> Sequence[Decision]:
    """Return the decisions up to where the semantic stops, the one that stops it included."""
    stops = {DENY_ON_FIRST_DENY: False, PERMIT_ON_FIRST_PERMIT: True}.get(semantic)
    first = next((at for at, each in enumerate(decisions) if each.allowed is stops), len(decisions))
    return decisions[: first + 1]


def _item(defaults: Mapping[str, Any], own: object, limits: Collection[str]) -> Item:
    if not isinstance(own, Mapping):
        return InvalidValue("an evaluation: found no object")
    try:
        return parse_evaluation({**defaults, **own}, limits=limits)
    except InvalidValue as error:
        return error


def _named(subject: Mapping[str, Any]) -> Named | None:
    """Return whom the question is about. Of a machine it may be asked as well: it is no person."""
    kind, text = _text(subject, "type", "subject"), _text(subject, "id", "subject")
    properties = _object(subject, "properties")
    if kind not in SUBJECT_TYPES:
        return None
    if "connection" not in properties:
        return Named(text)
    attribute = properties.get("attribute", ATTRIBUTES[0])
    if attribute not in ATTRIBUTES:
        raise InvalidValue(f"subject.properties.attribute: allowed {' or '.join(ATTRIBUTES)}")
    return Named(text, _text(properties, "connection", "subject.properties"), attribute)


def _use(resource: Mapping[str, Any], context: Mapping[str, Any], limits: Collection[str]) -> LimitUse | None:
    """Return what is told of a limit, with the resource or else with the context."""
    properties = _object(resource, "properties")
    where, said = ("resource.properties", properties) if "limit" in properties else ("context", context)
    if "limit" not in said:
        return None
    limit = _text(said, "limit", where)
    if limit not in limits:
        # A plan that does not name a limit is without it: a misspelt one would allow everything.
        raise InvalidValue(f"{where}.limit: found {shown(limit)}, allowed {', '.join(sorted(limits))}")
    return LimitUse(limit, _whole(said, "used", where), _whole(said, "wanted", where))


def _object(document: Mapping[str, Any], name: str, *, required: bool = False) -> Mapping[str, Any]:
    found = document.get(name)
    if found is None and not required:
        return {}
    if not isinstance(found, Mapping):
        raise InvalidValue(f"{name}: found no object: send one")
    return found


def _text(part: Mapping[str, Any], name: str, where: str) -> str:
    found = part.get(name)
    if not isinstance(found, str) or not found or len(found) > TEXT_CHARACTERS or "\0" in found:
        raise InvalidValue(f"{where}.{name}: allowed a text of 1 to {TEXT_CHARACTERS} characters")
    return found


def _whole(part: Mapping[str, Any], name: str, where: str) -> int:
    found = part.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= WHOLE_MOST:
        raise InvalidValue(f"{where}.{name}: allowed a whole number from 0 on")
    return found
