"""Parsing of filters: the grammar of scim2-filter-parser over our tokens, into our own tree.

Of the library we use the grammar and its tree alone; what is unsafe in the rest is replaced here and
in ``filter_tokens``. A parser object keeps state, so each parse has its own.
"""

from collections.abc import Sequence
from functools import lru_cache

from scim2_filter_parser import ast
from scim2_filter_parser.parser import SCIMParser, SCIMParserError

from bridge.errors import InvalidFilter
from bridge.scim.filter_resolution import resolve_filter
from bridge.scim.filter_tokens import (
    DEFAULT_LIMITS,
    FilterLimits,
    Token,
    group_conjunctions,
    tokenize,
)
from bridge.scim.filter_tree import And, AttrPath, Comparison, Filter, Literal, Not, Or, Present, ValuePath
from bridge.scim.text import shown

__all__ = [
    "And",
    "AttrPath",
    "Comparison",
    "Filter",
    "FilterLimits",
    "Literal",
    "Not",
    "Or",
    "Present",
    "ValuePath",
    "parse_filter",
    "parse_shape",
    "resolve_filter",
]

_LITERALS = frozenset({"TRUE", "FALSE", "NULL", "NUMBER", "COMP_VALUE"})
_Shape = tuple[tuple[str, str], ...]


def parse_filter(
    text: str, *, limits: FilterLimits = DEFAULT_LIMITS, tolerate_bare_words: bool = False
) -> Filter:
    """Parse a filter (RFC 7644 section 3.4.2.2).

    ``tolerate_bare_words`` takes an unquoted word for a string, as in ``externalId eq jyoung``.
    Raises InvalidFilter, also beyond the limits.
    """
    tokens = tokenize(text, limits=limits, tolerate_bare_words=tolerate_bare_words)
    tree = parse_shape(tokens)
    if tree is None:
        raise InvalidFilter(f"The filter {shown(text)} has unbalanced brackets or an empty part.")
    return tree


def parse_shape(tokens: Sequence[Token]) -> Filter | None:
    """Parse tokens, or return None when the grammar refuses them.

    Filters come in few shapes with many values: the shape is parsed once, then the values are filled in.
    """
    shape: list[tuple[str, str]] = []
    literals: list[Literal] = []
    for token in tokens:
        if token.type in _LITERALS:
            literals.append(token.value)  # type: ignore[arg-type]  # tokenize gives these types literals
            shape.append(("COMP_VALUE", ""))
        else:
            shape.append((token.type, token.value))  # type: ignore[arg-type]  # and all others their text
    tree = _tree_of(tuple(shape))
    return None if tree is None else _filled(tree, literals)


@lru_cache(maxsize=256)
def _tree_of(shape: _Shape) -> Filter | None:
    """Parse a shape; the value of each comparison is its position among the literals."""
    tokens: list[Token] = []
    position = 0
    for kind, value in shape:
        if kind == "COMP_VALUE":
            tokens.append(Token(kind, position))
            position += 1
        else:
            tokens.append(Token(kind, value))
    try:
        return _converted(SCIMParser().parse(iter(group_conjunctions(tokens))))
    except SCIMParserError:
        return None


def _filled(tree: Filter, literals: Sequence[Literal]) -> Filter:
    if isinstance(tree, Comparison):
        return Comparison(tree.path, tree.op, literals[tree.value])  # type: ignore[index]  # see _tree_of
    if isinstance(tree, And):
        return And(tuple(_filled(part, literals) for part in tree.parts))
    if isinstance(tree, Or):
        return Or(tuple(_filled(part, literals) for part in tree.parts))
    if isinstance(tree, Not):
        return Not(_filled(tree.part, literals))
    if isinstance(tree, ValuePath):
        return ValuePath(tree.path, _filled(tree.condition, literals))
    return tree


def _converted(node: ast.Filter) -> Filter:
    """Turn the library's tree into ours; recursion is bounded by the depth limit of the lexer."""
    if node.namespace is not None:
        return ValuePath(_path(node.namespace), _converted(node.expr))
    inner = node.expr
    if isinstance(inner, ast.Filter):
        result = _converted(inner)
    elif isinstance(inner, ast.LogExpr):
        result = _chain(inner)
    else:
        result = _condition(inner)
    return Not(result) if node.negated else result


def _chain(node: ast.LogExpr) -> Filter:
    """Flatten a chain, which leans to the left, without recursion along it."""
    kind = And if node.op == "and" else Or
    parts: list[Filter] = []
    left = node
    while True:
        parts.append(_converted(left.expr2))
        first = left.expr1
        plain = not first.negated and first.namespace is None
        if not (plain and isinstance(first.expr, ast.LogExpr) and first.expr.op == node.op):
            break
        left = first.expr
    parts.append(_converted(first))
    parts.reverse()
    return kind(
        tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))
    )


def _condition(node: ast.AttrExpr) -> Filter:
    """``emails[type eq "work"].value eq "x"`` (Entra) is one element that fulfils both."""
    head = node.attr_path.attr_name
    if not isinstance(head, ast.Filter):
        return _leaf(node, _path(node.attr_path))
    # The library has moved the part after the bracket into the path before it.
    path = _path(head.namespace)
    condition = _converted(head.expr)
    if path.sub is None:
        if node.comp_value is not None:
            raise SCIMParserError("a value is compared with a group of values")
        return ValuePath(path, condition)
    leaf = _leaf(node, AttrPath(None, path.sub))
    parts = condition.parts if isinstance(condition, And) else (condition,)
    return ValuePath(AttrPath(path.schema, path.name), And((*parts, leaf)))


def _leaf(node: ast.AttrExpr, path: AttrPath) -> Filter:
    return Present(path) if node.comp_value is None else Comparison(path, node.value, node.comp_value.value)


def _path(node: ast.AttrPath) -> AttrPath:
    return AttrPath(node.uri, node.attr_name, node.sub_attr.value if node.sub_attr else None)
