"""PATCH paths (RFC 7644 section 3.5.2, figure 7): which part of a resource an operation is about."""

from dataclasses import dataclass, field
from functools import lru_cache

from bridge.errors import InvalidFilter, InvalidPath
from bridge.scim.attributes import Attribute, Resolved, ResourceSchema
from bridge.scim.filter_tokens import DEFAULT_LIMITS, FilterLimits, tokenize
from bridge.scim.filter_tree import AttrPath, Filter, Present, ValuePath
from bridge.scim.filters import parse_shape, resolve_filter
from bridge.scim.names import find
from bridge.scim.text import shown


@dataclass(frozen=True, slots=True)
class PatchPath:
    """``attribute``, ``attribute.sub``, ``attribute[filter]`` or ``attribute[filter].sub``.

    ``schema`` is the URN of the extension that has the attribute, None for the core schema;
    ``tolerances`` says what it took to understand the path.
    """

    schema: str | None
    attribute: Attribute
    filter: Filter | None = None
    sub: Attribute | None = None
    tolerances: tuple[str, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """The path without its filter, as messages name it."""
        head = self.attribute.name if self.schema is None else f"{self.schema}:{self.attribute.name}"
        return head if self.sub is None else f"{head}.{self.sub.name}"

    @property
    def target(self) -> Attribute:
        """The attribute that is changed: the sub-attribute where one is named."""
        return self.attribute if self.sub is None else self.sub


@lru_cache(maxsize=1024)
def parse_path(
    text: str,
    resource_schema: ResourceSchema,
    *,
    tolerances: frozenset[str] = frozenset(),
    limits: FilterLimits = DEFAULT_LIMITS,
) -> PatchPath:
    """Parse a path and find what it names; raise InvalidPath where it cannot be parsed or found.

    A path is what stands in a filter before ``pr``, so it is read by the filter's lexer and grammar.
    """
    tree, sub_name, used = _parsed(text, limits, tolerances)
    resolved, respelled = _found(resource_schema, tree.path, tolerances)
    used += respelled
    if isinstance(tree, Present):
        return PatchPath(resolved.schema, resolved.attribute, None, resolved.sub, used)
    attribute = resolved.attribute
    if not attribute.multi_valued or not attribute.sub_attributes:
        raise InvalidPath(f"{shown(text)}: only a multi-valued attribute with parts has elements to select.")
    sub = attribute.sub(sub_name) if sub_name else None
    if sub_name and sub is None:
        raise InvalidPath(f"{shown(text)}: {attribute.name} has no sub-attribute {shown(sub_name)}.")
    condition, more = _condition(tree.condition, resolved, resource_schema, tolerances)
    return PatchPath(resolved.schema, attribute, condition, sub, used + more)


def _parsed(
    text: str, limits: FilterLimits, tolerances: frozenset[str]
) -> tuple[Present | ValuePath, str | None, tuple[str, ...]]:
    """Return the path as a filter, apart from it the sub-attribute behind a closing bracket, and tolerances.

    First it is read to the letter, then, in a dialect that has them, with bare words for values.
    """
    try:
        return *_read(text, limits, bare_words=False), ()
    except InvalidPath:
        if "bare_words" not in tolerances or "[" not in text:
            raise
    return *_read(text, limits, bare_words=True), ("bare_words",)


def _read(text: str, limits: FilterLimits, *, bare_words: bool) -> tuple[Present | ValuePath, str | None]:
    sub_name = None
    try:
        tokens = tokenize(f"{text} pr", limits=limits, tolerate_bare_words=bare_words)
        if [each.type for each in tokens[-3:]] == ["RBRACKET", "SUBATTR", "PR"]:
            sub_name = str(tokens.pop(-2).value)
        tree = parse_shape(tokens)
    except InvalidFilter as error:
        raise InvalidPath(f"The path {shown(text)} cannot be read. {error.detail}") from error
    if not isinstance(tree, Present | ValuePath):
        raise InvalidPath(
            f"The path {shown(text)} must name one attribute, with at most one pair of brackets."
        )
    return tree, sub_name


def _found(
    resource_schema: ResourceSchema, path: AttrPath, tolerances: frozenset[str]
) -> tuple[Resolved, tuple[str, ...]]:
    found = find(resource_schema, str(path), tolerances)
    if found is None:
        raise InvalidPath(
            f"{shown(str(path))} is no attribute of {resource_schema.core.name}. Correct the mapping."
        )
    return found[0], (found[1],) if found[1] else ()


def _condition(
    condition: Filter, resolved: Resolved, resource_schema: ResourceSchema, tolerances: frozenset[str]
) -> tuple[Filter, tuple[str, ...]]:
    """Check the condition within the brackets, first to the letter, then with the dialect's tolerance."""
    asked = ValuePath(AttrPath(resolved.schema, resolved.attribute.name), condition)
    try:
        return _checked(asked, resource_schema, tolerant=False), ()
    except InvalidFilter as error:
        if "text_in_comparisons" not in tolerances:
            raise InvalidPath(error.detail) from error
    try:
        return _checked(asked, resource_schema, tolerant=True), ("text_in_comparisons",)
    except InvalidFilter as error:
        raise InvalidPath(error.detail) from error


def _checked(asked: ValuePath, resource_schema: ResourceSchema, *, tolerant: bool) -> Filter:
    checked = resolve_filter(asked, resource_schema, tolerant=tolerant)
    return checked.condition if isinstance(checked, ValuePath) else checked
