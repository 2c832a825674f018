"""A resolved SCIM filter as a condition in SQL, with the meaning that ``bridge.scim.matches`` gives it.

Every condition built here is true or false, never null, so that ``not`` means what it says. Texts were folded
when they were written; ranges and parts of texts are compared by code point on both databases.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    ColumnElement,
    Integer,
    Numeric,
    String,
    Text,
    and_,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from bridge.directory.folding import comparable
from bridge.scim.attributes import Attribute, Resolved, ResourceSchema, resolve
from bridge.scim.filter_tree import And, AttrPath, Comparison, Filter, Not, Or, Present, ValuePath
from bridge.scim.instants import parse_instant

Condition = ColumnElement[bool]
Column: TypeAlias = Any
"""A column, an attribute of a table's class or an expression: SQLAlchemy has no typed parent of all three."""

SubCondition = Callable[[Callable[[Attribute], Column]], Condition]
"""Given the column of each sub-attribute of one element, the condition on that element."""

LAST_CODE_POINT = 0x10FFFF
BEFORE_SURROGATES, AFTER_SURROGATES = 0xD7FF, 0xE000


class text_position(GenericFunction[int]):  # noqa: N801 (SQLAlchemy names a function by its class)
    """The place of a text in another, 0 when it is not in it; LIKE would ignore case on SQLite."""

    type = Integer()
    inherit_cache = True


@compiles(text_position)
def _instr(element: text_position, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (SQLAlchemy's own signature)
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(text_position, "postgresql")
def _strpos(element: text_position, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (SQLAlchemy's own signature)
    return f"strpos({compiler.process(element.clauses, **options)})"


class by_code_point(GenericFunction[str]):  # noqa: N801 (SQLAlchemy names a function by its class)
    """A text that compares by code point, whatever the server's locale; SQLite's texts always do."""

    type = Text()
    inherit_cache = True


@compiles(by_code_point)
def _as_it_is(element: by_code_point, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (SQLAlchemy's own signature)
    return compiler.process(element.clauses, **options)


@compiles(by_code_point, "postgresql")
def _collated(element: by_code_point, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (SQLAlchemy's own signature)
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'


@dataclass(frozen=True, slots=True)
class RowElements:
    """A multi-valued attribute whose elements are rows: which, their sub-attributes, their order."""

    rows: Condition
    subs: Mapping[str, Column]
    order: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Searchable:
    """Where the attributes of a resource are to be found.

    ``columns`` holds those with a column of their own, by path; what stands in neither ``columns`` nor
    ``elements`` is read out of the folded ``document``.
    """

    schema: ResourceSchema
    document: Column
    postgresql: bool
    columns: Mapping[str, Column]
    elements: Mapping[str, RowElements] = field(default_factory=dict)


def condition(parsed: Filter, place: Searchable) -> Condition:
    """Return the condition that selects what the filter, as ``resolve_filter`` returned it, selects."""
    return _condition(parsed, lambda leaf: _top_level(leaf, place))


def element_condition(parsed: Filter, attribute: Attribute, rows: RowElements) -> Condition:
    """Return the condition on one row that is an element of ``attribute``, as in ``members[…]``."""
    return _within(parsed, attribute)(lambda sub: rows.subs[sub.name])


def _condition(parsed: Filter, leaf: Callable[[Comparison | Present | ValuePath], Condition]) -> Condition:
    if isinstance(parsed, And):
        return and_(*(_condition(part, leaf) for part in parsed.parts))
    if isinstance(parsed, Or):
        return or_(*(_condition(part, leaf) for part in parsed.parts))
    if isinstance(parsed, Not):
        return not_(_condition(parsed.part, leaf))
    return leaf(parsed)


def _top_level(leaf: Comparison | Present | ValuePath, place: Searchable) -> Condition:
    found = resolve(place.schema, str(leaf.path))
    assert found is not None  # noqa: S101 (resolve_filter has found it before)
    if found.attribute.multi_valued:
        return _of_elements(leaf, found, place)
    if isinstance(leaf, ValuePath) or found.target.type == "complex":
        return _of_complex(leaf, found, place)
    value = scalar(found, place)
    return (
        _present(value, found.target) if isinstance(leaf, Present) else _compares(value, leaf, found.target)
    )


def _of_complex(leaf: Comparison | Present | ValuePath, found: Resolved, place: Searchable) -> Condition:
    """``name pr`` and ``name[…]``: there is a name, if but one of its parts is there."""
    parts = {
        sub: scalar(Resolved(found.schema, found.attribute, sub), place)
        for sub in found.attribute.sub_attributes
    }
    if isinstance(leaf, ValuePath):
        given = or_(*(value.is_not(None) for value in parts.values()))
        return and_(given, _within(leaf.condition, found.attribute)(parts.__getitem__))
    return or_(*(_present(value, sub) for sub, value in parts.items()))


def scalar(found: Resolved, place: Searchable) -> Column:
    """Return the value of an attribute that has at most one, as filters compare it."""
    sub = found.sub.name if found.sub else None
    own = place.columns.get(str(AttrPath(found.schema, found.attribute.name, sub)))
    if own is not None:
        return own
    keys = [key for key in (found.schema, found.attribute.name, sub) if key is not None]
    return typed(place.document[tuple(keys)], found.target)


def typed(value: Column, attribute: Attribute) -> Column:
    """Read a JSON value as what its schema says it is."""
    if attribute.type == "boolean":
        return value.as_boolean()
    text = value.as_string()
    return cast(text, Numeric) if attribute.type in ("integer", "decimal") else text


def _of_elements(leaf: Comparison | Present | ValuePath, found: Resolved, place: Searchable) -> Condition:
    some = _element_source(found, place)
    if isinstance(leaf, ValuePath):
        return some(_within(leaf.condition, found.attribute))
    if isinstance(leaf, Present):
        parts = [found.sub] if found.sub else list(found.attribute.sub_attributes) or [found.attribute]
        return some(lambda of: or_(*(_present(of(part), part) for part in parts)))
    if leaf.op == "ne":
        return not_(_of_elements(Comparison(leaf.path, "eq", leaf.value), found, place))
    held = some(lambda of: _compares(of(found.target), leaf, found.target))
    return held if leaf.value is not None else or_(held, not_(some(lambda _of: true())))


def _element_source(found: Resolved, place: Searchable) -> Callable[[SubCondition], Condition]:
    """Return ``exists an element with …`` for a multi-valued attribute."""
    rows = place.elements.get(found.attribute.name) if found.schema is None else None
    if rows is not None:
        return lambda test: exists().where(rows.rows, test(lambda sub: rows.subs[sub.name]))
    keys = [key for key in (found.schema, found.attribute.name) if key is not None]
    if place.postgresql:
        array = func.jsonb_array_elements(place.document[tuple(keys)])
        each = array.table_valued(column("value", JSONB()))
    else:
        path = "$" + "".join(f'."{key}"' for key in keys)
        each = func.json_each(place.document, path).table_valued(column("value", JSON()))
    value = each.c.value
    if not found.attribute.sub_attributes:
        plain = _plain(value, found.attribute, postgresql=place.postgresql)
        return lambda test: exists(select(literal(1)).select_from(each).where(test(lambda _sub: plain)))
    return lambda test: exists(
        select(literal(1)).select_from(each).where(test(lambda sub: typed(value[sub.name], sub)))
    )


def _plain(value: Column, attribute: Attribute, *, postgresql: bool) -> Column:
    """Read an element of a multi-valued simple attribute as what its schema says it is."""
    text = value[()].as_string() if postgresql else cast(value, Text)
    if attribute.type == "boolean":
        return text == ("true" if postgresql else "1")  # SQLite unpacks true as 1
    return cast(text, Numeric) if attribute.type in ("integer", "decimal") else text


def _within(parsed: Filter, attribute: Attribute) -> SubCondition:
    """Return the condition inside the brackets of a value path, once the element's columns are known."""

    def on(of: Callable[[Attribute], Column]) -> Condition:
        def leaf(part: Comparison | Present | ValuePath) -> Condition:
            sub = attribute.sub(part.path.name)
            assert sub is not None  # noqa: S101 (resolve_filter has found it before)
            assert not isinstance(part, ValuePath)  # noqa: S101 (RFC 7644's grammar knows no nested ones)
            return _present(of(sub), sub) if isinstance(part, Present) else _compares(of(sub), part, sub)

        return _condition(parsed, leaf)

    return on


def _present(value: Column, attribute: Attribute) -> Condition:
    given = value.is_not(None)
    return (
        given if attribute.type in ("boolean", "integer", "decimal", "dateTime") else and_(given, value != "")
    )


def _compares(value: Column, comparison: Comparison, attribute: Attribute) -> Condition:
    if comparison.op == "ne":
        return not_(_compares(value, Comparison(comparison.path, "eq", comparison.value), attribute))
    if comparison.value is None:
        absent: Condition = value.is_(None)
        return absent
    return and_(value.is_not(None), _holds(value, comparison, attribute))


def _holds(value: Column, comparison: Comparison, attribute: Attribute) -> Column:
    op = comparison.op
    wanted: Any = comparable(comparison.value, attribute)
    if attribute.type == "boolean":
        return value.is_(true()) if wanted else value.is_(false())
    if attribute.type == "dateTime" and not isinstance(value.type, String):
        wanted = parse_instant(str(comparison.value))
    if op == "eq":
        return value == wanted
    if op == "co":
        return func.text_position(value, wanted) > 0
    if op == "sw":
        return _starts_with(func.by_code_point(value), wanted)
    if op == "ew":
        size = len(wanted)
        tail = func.substr(value, func.length(value) - size + 1)
        return and_(func.length(value) >= size, tail == wanted)
    ordered = func.by_code_point(value) if isinstance(wanted, str) else value
    return {
        "gt": ordered > wanted, "ge": ordered >= wanted, "lt": ordered < wanted, "le": ordered <= wanted,
    }[op]  # fmt: skip


def _starts_with(value: ColumnElement[str], prefix: str) -> Condition:
    """``sw`` as a half-open range, which an index can answer."""
    end = _after_prefix(prefix)
    return value >= prefix if end is None else and_(value >= prefix, value < end)


def _after_prefix(prefix: str) -> str | None:
    """Return the first text after all those that start with ``prefix``; None when there is none."""
    stem = prefix.rstrip(chr(LAST_CODE_POINT))
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(AFTER_SURROGATES if following == BEFORE_SURROGATES + 1 else following)
