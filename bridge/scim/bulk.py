"""The plan of a bulk request: its operations, what each waits for, and in which order they are done.

RFC 7644 section 3.7: an operation may name what another creates by ``bulkId:…``, before or after it, and two
may name each other. Those that need each other are one step: done together, or not at all.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import BridgeError, InvalidSyntax, InvalidValue, TooManyOperations
from bridge.scim.names import names_message
from bridge.scim.text import shown

BULK_REQUEST_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
REFERENCE = "bulkId:"
METHODS = ("POST", "PUT", "PATCH", "DELETE")

_PATH = re.compile(r"/?(?P<place>Users|Groups)(?:/(?P<id>[^/?#\s\0]+))?/?", re.ASCII)
_IN_FILTER = re.compile(rf'"{REFERENCE}([^"\\]+)"')


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation as it was sent; ``fault`` says why it cannot even be tried.

    ``place`` is ``Users`` or ``Groups``, ``target`` the id in the path, which may be a reference.
    """

    index: int
    method: str
    place: str
    target: str | None
    bulk_id: str | None
    version: str | None
    content: Any
    fault: BridgeError | None = None


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """The operations in the order of the request; after ``fail_on_errors`` failures no more are begun."""

    operations: tuple[BulkOperation, ...]
    fail_on_errors: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What is done together: one operation, or several that need each other, in the order of the request."""

    operations: tuple[BulkOperation, ...]
    needs: frozenset[str] = field(default=frozenset())


def read_bulk_request(body: object, *, most: int, tolerances: frozenset[str]) -> BulkRequest:
    """Read the body. Raises ``InvalidSyntax``, ``InvalidValue`` or ``TooManyOperations`` for all of it."""
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a JSON object.")
    given = {key.lower(): value for key, value in body.items()}
    schemas = given.get("schemas")
    missing = not schemas and "missing_schemas" in tolerances
    if not missing and not names_message(schemas, BULK_REQUEST_URN, tolerances):
        raise InvalidSyntax(f"The schemas of a bulk request must name {BULK_REQUEST_URN}.")
    operations = given.get("operations")
    if not isinstance(operations, list):
        raise InvalidSyntax("A bulk request has a list of Operations.")
    if len(operations) > most:
        raise TooManyOperations(
            f"The request has {len(operations)} operations; at most {most} are accepted. Send it in parts."
        )
    return BulkRequest(_read_all(operations), _fail_on_errors(given.get("failonerrors")))


def count_operations(body: object) -> int:
    """Return how many operations a body holds that may be a bulk request; nothing is checked otherwise."""
    if not isinstance(body, dict):
        return 0
    lists = [value for key, value in body.items() if key.lower() == "operations" and isinstance(value, list)]
    return max(map(len, lists), default=0)


def _fail_on_errors(value: object) -> int | None:
    if value is None or (value == 0 and not isinstance(value, bool)):
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidValue(f"failOnErrors must be a whole number from 1; {shown(value)} is none.")
    return value


def _read_all(operations: Sequence[object]) -> tuple[BulkOperation, ...]:
    read: list[BulkOperation] = []
    known: set[str] = set()
    for index, raw in enumerate(operations):
        operation = _read(raw, index, frozenset(known))
        if operation.method == "POST" and operation.bulk_id is not None:
            known.add(operation.bulk_id)
        read.append(operation)
    return tuple(read)


def _read(raw: object, index: int, known: frozenset[str]) -> BulkOperation:
    if not isinstance(raw, dict):
        raise InvalidSyntax(f"Operation {index} must be a JSON object.")
    given = {key.lower(): value for key, value in raw.items()}
    method = str(given.get("method", "")).upper()
    bulk_id, version = (_text_or_none(given.get(name)) for name in ("bulkid", "version"))
    path = given.get("path")
    found = _PATH.fullmatch(path) if isinstance(path, str) else None
    target = found["id"] if found else None
    fault = None
    if method not in METHODS:
        fault = f"the method must be one of {', '.join(METHODS)}; {shown(given.get('method'))} is none"
    elif found is None or (target is None) != (method == "POST"):
        form = "/Users or /Groups" if method == "POST" else "/Users/{id} or /Groups/{id}"
        fault = f"the path of a {method} must be {form}; {shown(path)} is not"
    elif method == "POST" and not bulk_id:
        fault = "a POST needs a bulkId, by which the answer tells what became of it"
    elif method == "POST" and bulk_id in known:
        fault = f"the bulkId {shown(bulk_id)} is that of an earlier operation"
    return BulkOperation(
        index,
        method,
        found["place"] if found else "",
        target,
        bulk_id,
        version,
        given.get("data"),
        None if fault is None else InvalidValue(f"Operation {index}: {fault}."),
    )


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def steps_of(operations: Sequence[BulkOperation]) -> list[Step]:
    """Return the steps: in the order of the request, but each after those that it needs.

    Tarjan's algorithm, without recursion: a component is complete once all that it needs are.
    """
    makers = {
        each.bulk_id: position
        for position, each in reversed(list(enumerate(operations)))
        if each.method == "POST" and each.bulk_id and each.fault is None
    }
    needs = [references_of(each) for each in operations]
    edges = [[makers[name] for name in sorted(each) if name in makers] for each in needs]
    steps = []
    for component in _components(edges):
        members = sorted(component)
        own = {operations[each].bulk_id for each in members}
        outside = frozenset(name for each in members for name in needs[each] if name not in own)
        steps.append(Step(tuple(operations[each] for each in members), outside))
    return steps


def _components(edges: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the strongly connected components, each after those that its edges lead to."""
    search = _Search(edges)
    for root in range(len(edges)):
        if root not in search.number:
            search.visit(root)
    return search.components


@dataclass(slots=True)
class _Search:
    """The state of a walk in depth; ``low`` is the least number that a node of the path reaches."""

    edges: Sequence[Sequence[int]]
    number: dict[int, int] = field(default_factory=dict)
    low: dict[int, int] = field(default_factory=dict)
    path: list[int] = field(default_factory=list)
    on_path: set[int] = field(default_factory=set)
    components: list[list[int]] = field(default_factory=list)

    def visit(self, root: int) -> None:
        waiting = [(root, self._enter(root))]
        while waiting:
            node, following = waiting[-1]
            new = self._next_new(node, following)
            if new is not None:
                waiting.append((new, self._enter(new)))
                continue
            waiting.pop()
            self._leave(node)
            if waiting:
                above = waiting[-1][0]
                self.low[above] = min(self.low[above], self.low[node])

    def _enter(self, node: int) -> Iterator[int]:
        self.number[node] = self.low[node] = len(self.number)
        self.path.append(node)
        self.on_path.add(node)
        return iter(self.edges[node])

    def _next_new(self, node: int, following: Iterator[int]) -> int | None:
        for other in following:
            if other not in self.number:
                return other
            if other in self.on_path:
                self.low[node] = min(self.low[node], self.number[other])
        return None

    def _leave(self, node: int) -> None:
        if self.low[node] != self.number[node]:
            return
        component: list[int] = []
        while node not in component[-1:]:
            component.append(self.path.pop())
        self.on_path.difference_update(component)
        self.components.append(component)


def references_of(operation: BulkOperation) -> frozenset[str]:
    """Return the bulkIds that an operation names, in its path or its content."""
    named: set[str] = set()
    if operation.target is not None and operation.target.startswith(REFERENCE):
        named.add(operation.target.removeprefix(REFERENCE))

    def note(name: str) -> str:
        named.add(name)
        return name

    _mapped(operation.content, note)
    return frozenset(named)


def resolved(content: object, ids: Mapping[str, str]) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the content with each reference replaced by the id; what has none yet is left out.

    An element of a list, such as a member, is left out as a whole, so is an attribute that is left empty.
    """
    return _mapped(content, ids.get)


_LEFT_OUT = object()


def _mapped(value: object, id_of: Callable[[str], str | None]) -> Any:  # noqa: ANN401 (any JSON value)
    out = _replaced(value, id_of)
    return {} if out is _LEFT_OUT else out


def _replaced(value: object, id_of: Callable[[str], str | None]) -> object:
    if isinstance(value, str):
        return _replaced_text(value, id_of)
    if isinstance(value, list):
        parts = [_replaced(each, id_of) for each in value]
        kept = [each for each in parts if each is not _LEFT_OUT]
        return kept if kept or not parts else _LEFT_OUT
    if isinstance(value, dict):
        items = {key: _replaced(each, id_of) for key, each in value.items()}
        if items.get("value") is _LEFT_OUT:
            return _LEFT_OUT
        left = {key: each for key, each in items.items() if each is not _LEFT_OUT}
        return left if left or not items else _LEFT_OUT
    return value


def _replaced_text(text: str, id_of: Callable[[str], str | None]) -> object:
    if REFERENCE not in text:
        return text
    if text.startswith(REFERENCE):
        found = id_of(text.removeprefix(REFERENCE))
        return _LEFT_OUT if found is None else found
    return _IN_FILTER.sub(lambda match: f'"{id_of(match[1]) or REFERENCE + match[1]}"', text)
