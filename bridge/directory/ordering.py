"""The order of a list, alike on SQLite and PostgreSQL.

Texts compare by the code points of their keys, as ``folding`` wrote them; an empty text is no value. What has
no value comes last in ascending order, first in descending order (RFC 7644 section 3.4.2.3). Resources that
are alike follow each other as they were made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from sqlalchemy import (
    JSON,
    Integer,
    Text,
    and_,
    case,
    cast,
    column,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from bridge.directory.conditions import Column, Condition, Searchable, scalar, typed
from bridge.scim.attributes import Attribute, Resolved
from bridge.scim.sorting import Sorting

SortValue: TypeAlias = str | int | Decimal | datetime | None


@dataclass(frozen=True, slots=True)
class Position:
    """A place right behind a resource of a list, or with ``backward`` right before it."""

    created_at: datetime
    id: str
    value: SortValue = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """By ``value``, where there is one, then by the instant of making and the id."""

    created_at: Column
    id: Column
    value: Column | None = None
    descending: bool = False

    def clauses(self, *, backward: bool = False) -> Sequence[Column]:
        """Return what to order by."""
        ties = [each.desc() if backward else each for each in (self.created_at, self.id)]
        if self.value is None:
            return ties
        falling = self.descending != backward
        return [self.value.desc().nulls_first() if falling else self.value.asc().nulls_last(), *ties]

    def beyond(self, position: Position) -> Condition:
        """Return the condition on what lies behind a position, or before it when that looks backward.

        It holds for rows, not for numbers of rows: what is inserted or deleted meanwhile moves nothing.
        """
        here = tuple_(self.created_at, self.id)
        there = (position.created_at, position.id)
        tied = here < there if position.backward else here > there
        if self.value is None:
            return tied
        if position.value is None:
            further = false() if self.descending == position.backward else self.value.is_not(None)
            return or_(further, and_(self.value.is_(None), tied))
        known = literal(position.value, self.value.type)
        if self.descending == position.backward:  # no value counts as greater than any
            further = or_(self.value > known, self.value.is_(None))
        else:
            further = self.value < known
        return or_(further, and_(self.value == known, tied))


def sort_value(sorting: Sorting, place: Searchable) -> Column:
    """Return what a resource is sorted by: of several elements that of the primary one, else of the first."""
    found = sorting.by
    value = _of_first_element(found, place) if found.attribute.multi_valued else scalar(found, place)
    if found.target.type == "boolean":
        return case((value.is_(true()), 1), (value.is_(false()), 0), else_=None)
    if isinstance(value.type, Text) or found.target.type not in ("integer", "decimal", "dateTime"):
        return func.by_code_point(func.nullif(value, "", type_=Text()))
    return value


def _of_first_element(found: Resolved, place: Searchable) -> Column:
    rows = place.elements.get(found.attribute.name) if found.schema is None else None
    if rows is not None:
        sub = rows.subs[found.target.name]
        return select(sub).where(rows.rows).order_by(*rows.order).limit(1).scalar_subquery()
    keys = tuple(key for key in (found.schema, found.attribute.name) if key is not None)
    if place.postgresql:
        array = func.jsonb_array_elements(place.document[keys])
        each = array.table_valued(column("value", JSONB()), with_ordinality="ordinality")
        number = each.c.ordinality
    else:
        path = "$" + "".join(f'."{key}"' for key in keys)
        each = func.json_each(place.document, path).table_valued(
            column("value", JSON()), column("key", Integer())
        )
        number = each.c.key
    wanted = _part(each.c.value, found, postgresql=place.postgresql)
    order = (*_primary_first(each.c.value, found.attribute), number)
    return select(wanted).select_from(each).order_by(*order).limit(1).scalar_subquery()


def _part(element: Column, found: Resolved, *, postgresql: bool) -> Column:
    if found.sub is not None:
        return typed(element[found.sub.name], found.sub)
    return element[()].as_string() if postgresql else cast(element, Text)


def _primary_first(element: Column, attribute: Attribute) -> tuple[Column, ...]:
    if attribute.sub("primary") is None:
        return ()
    return (case((element["primary"].as_boolean().is_(true()), 0), else_=1),)
