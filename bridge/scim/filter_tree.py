"""A filter as a value: the immutable tree that parsing yields (RFC 7644 section 3.4.2.2)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

Literal: TypeAlias = str | int | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class AttrPath:
    """``[schema:]name[.sub]``; ``schema`` is None for the core schema once the path is resolved."""

    schema: str | None
    name: str
    sub: str | None = None

    def __str__(self) -> str:
        head = self.name if self.schema is None else f"{self.schema}:{self.name}"
        return head if self.sub is None else f"{head}.{self.sub}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``path op value``; ``op`` is one of eq ne co sw ew gt ge lt le, in lower case."""

    path: AttrPath
    op: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Present:
    """``path pr``: there is a value that is not empty."""

    path: AttrPath


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; two or more, none of them an And."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds; two or more, none of them an Or."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Filter"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """``path[condition]``: one and the same element of ``path`` fulfils the whole condition."""

    path: AttrPath
    condition: "Filter"


Filter: TypeAlias = Comparison | Present | And | Or | Not | ValuePath
