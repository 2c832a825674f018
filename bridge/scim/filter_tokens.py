r"""The lexer of filters and PATCH paths: text to the tokens that the library's grammar knows.

Ours, because the library's own takes ``10`` for two numbers, ``\"`` for the end of a string,
``True`` for an attribute and ``"true"`` for ``true``. It knows what may stand where, so that
an attribute may be called ``order`` or ``Eq`` and a message can say what was expected.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal

from bridge.errors import InvalidFilter
from bridge.scim.filter_tree import Literal
from bridge.scim.text import fault_of, shown

_PIECE = re.compile(
    r"""[ \t]*(?:(?P<punctuation>[()\[\]])
    |(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
    |(?P<quoted>'[^'\\\x00-\x1f]*'(?![^\s()\[\]]))
    |(?P<word>[^\s()\[\]"]+))""",
    re.VERBOSE,
)
_NAME = r"[a-z$][a-z0-9_$-]*"
_ATTRIBUTE = re.compile(
    rf"(?:(?P<schema>[a-z]+:[a-z0-9:._~%+-]+):)?(?P<name>{_NAME})(?P<sub>\.{_NAME})?",
    re.IGNORECASE | re.ASCII,
)
_SUB = re.compile(rf"\.{_NAME}", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?P<fraction>\.\d+)?(?P<exponent>[eE][+-]?\d+)?", re.ASCII)
_COMPARISONS = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})
_WORDS: dict[str, tuple[str, Literal]] = {
    "true": ("TRUE", True),
    "false": ("FALSE", False),
    "null": ("NULL", None),
}
_NUMBER_LENGTH = 40
_NUMBER_MAGNITUDE = 30


@dataclass(frozen=True, slots=True)
class FilterLimits:
    """How much of a filter is read; beyond it the filter is refused before it is parsed."""

    length_bytes: int = 8 * 1024
    depth: int = 50
    conditions: int = 200


DEFAULT_LIMITS = FilterLimits()


@dataclass(slots=True)
class Token:
    """A token as the grammar's driver wants it: type and value, with a position."""

    type: str
    value: object
    index: int = 0
    end: int = 0
    lineno: int = 1


def tokenize(text: str, *, limits: FilterLimits, tolerate_bare_words: bool = False) -> list[Token]:
    """Return the tokens; raise InvalidFilter where the text cannot be one or is over a limit."""
    if len(text.encode("utf-8", "surrogatepass")) > limits.length_bytes:
        raise InvalidFilter(f"The filter is longer than {limits.length_bytes} bytes. Ask in smaller parts.")
    return _Lexer(text, limits, tolerate_bare_words=tolerate_bare_words).run()


class _Lexer:
    """One pass over the text; ``expects`` says what may come next."""

    def __init__(self, text: str, limits: FilterLimits, *, tolerate_bare_words: bool) -> None:
        self.text = text
        self.limits = limits
        self.bare = tolerate_bare_words
        self.position = 0
        self.tokens: list[Token] = []
        self.expects = "an attribute"
        self.depth = 0
        self.conditions = 0

    def run(self) -> list[Token]:
        end = len(self.text.rstrip(" \t"))
        steps = {
            "an attribute": self._operand,
            "an operator": self._operator,
            "a value": self._value,
            "and/or": self._connective,
            "and/or, or an operator": self._after_bracket,
        }
        while self.position < end:
            piece = _PIECE.match(self.text, self.position)
            if piece is None:
                raise self._refuse(self.text[self.position :].strip())
            kind = str(piece.lastgroup)
            self.position = piece.end()
            steps[self.expects](kind, piece[kind])
        if not self.tokens or self.expects in ("an attribute", "an operator", "a value"):
            raise self._refuse("")
        return self.tokens

    def _refuse(self, found: str) -> InvalidFilter:
        what = shown(found) if found else "the end"
        return InvalidFilter(
            f"The filter {shown(self.text)} has {what} at character {self.position + 1 - len(found)} "
            f"where {self.expects} is expected."
        )

    def _add(self, kind: str, value: object, expects: str) -> None:
        self.tokens.append(Token(kind, value, self.position, self.position))
        self.expects = expects

    def _open(self, kind: str, value: str) -> None:
        self.depth += 1
        if self.depth > self.limits.depth:
            raise InvalidFilter(
                f"The filter nests deeper than {self.limits.depth} levels. Ask in smaller parts."
            )
        self._add(kind, value, "an attribute")

    def _count(self) -> None:
        self.conditions += 1
        if self.conditions > self.limits.conditions:
            raise InvalidFilter(
                f"The filter has over {self.limits.conditions} conditions. Ask in smaller parts."
            )

    def _operand(self, kind: str, piece: str) -> None:
        if piece == "(":
            self._open("LPAREN", piece)
        elif (
            kind == "word" and piece.lower() == "not" and self.text[self.position :].lstrip(" \t")[:1] == "("
        ):
            self._add("NOT", piece, "an attribute")
        elif kind == "word" and (path := _ATTRIBUTE.fullmatch(piece)):
            if path["schema"]:
                self._add("SCHEMA_URI", path["schema"], self.expects)
            self._add("ATTRNAME", path["name"], "an operator")
            if path["sub"]:
                self._add("SUBATTR", path["sub"][1:], "an operator")
        else:
            raise self._refuse(piece)

    def _operator(self, kind: str, piece: str) -> None:
        word = piece.lower()
        # Nothing is below a sub-attribute; the grammar would read `a.b[…] eq 1` as `a[…].b eq 1`.
        if piece == "[" and self.tokens[-1].type != "SUBATTR":
            self._open("LBRACKET", piece)
        elif kind == "word" and word == "pr":
            self._count()
            self._add("PR", word, "and/or")
        elif kind == "word" and word in _COMPARISONS:
            self._count()
            self._add(word.upper(), word, "a value")
        else:
            raise self._refuse(piece)

    def _value(self, kind: str, piece: str) -> None:
        if kind == "string":
            self._text_value(json.loads(piece))
        elif kind == "word" and piece.lower() in _WORDS:
            name, value = _WORDS[piece.lower()]
            self._add(name, value, "and/or")
        elif kind == "word" and (number := self._number(piece)) is not None:
            self._add("NUMBER", number, "and/or")
        elif kind == "quoted" and self.bare:
            self._text_value(piece[1:-1])
        elif kind == "word" and self.bare and not (piece[0] == piece[-1] == "'"):
            self._text_value(piece)
        else:
            raise self._refuse(piece)

    def _text_value(self, value: str) -> None:
        fault = fault_of(value)
        if fault is not None:
            raise InvalidFilter(f"A value in the filter {shown(self.text)} {fault}; send it without.")
        self._add("COMP_VALUE", value, "and/or")

    def _number(self, word: str) -> int | Decimal | None:
        """Read a JSON number; where bare words stand for text, ``12e5`` is the text it looks like."""
        shape = _NUMBER.fullmatch(word)
        if shape is None or (self.bare and (shape["exponent"] or len(word) > _NUMBER_LENGTH)):
            return None
        if len(word) > _NUMBER_LENGTH:
            raise self._refuse(word)
        if not shape["fraction"] and not shape["exponent"]:
            return int(word)
        number = Decimal(word)
        if abs(number.adjusted()) > _NUMBER_MAGNITUDE:
            raise self._refuse(word)
        return number

    def _connective(self, kind: str, piece: str) -> None:
        word = piece.lower()
        if kind == "word" and word in ("and", "or"):
            self._add(word.upper(), word, "an attribute")
        elif piece == ")":
            self.depth -= 1
            self._add("RPAREN", piece, "and/or")
        elif piece == "]":
            self.depth -= 1
            self._add("RBRACKET", piece, "and/or, or an operator")
        else:
            raise self._refuse(piece)

    def _after_bracket(self, kind: str, piece: str) -> None:
        """``emails[…]`` is a condition, ``emails[…].value eq "x"`` and a path's ``emails[…] pr`` are too."""
        if kind == "word" and _SUB.fullmatch(piece):
            self._add("SUBATTR", piece[1:], "an operator")
        elif kind == "word" and piece.lower() not in ("and", "or"):
            self._operator(kind, piece)
        else:
            self._connective(kind, piece)


def group_conjunctions(tokens: list[Token]) -> list[Token]:
    """Put parentheses round each chain of ``and``.

    The grammar gives ``and`` and ``or`` the same precedence, so that ``a or b and c`` would be read as
    ``(a or b) and c``; RFC 7644 lets ``and`` bind tighter.
    """
    grouped: list[Token] = []
    chains: list[tuple[int, bool]] = []  # where the chain of each open level starts; whether it has an and
    start, conjunction = 0, False
    for token in [*tokens, Token("$end", "")]:
        closes = token.type in ("OR", "RPAREN", "RBRACKET", "$end")
        if closes and conjunction:
            grouped.insert(start, Token("LPAREN", "("))
            grouped.append(Token("RPAREN", ")"))
        grouped.append(token)
        if token.type in ("LPAREN", "LBRACKET"):
            chains.append((start, conjunction))
            start, conjunction = len(grouped), False
        elif token.type == "OR":
            start, conjunction = len(grouped), False
        elif token.type in ("RPAREN", "RBRACKET"):
            start, conjunction = chains.pop() if chains else (0, False)
        elif token.type == "AND":
            conjunction = True
    return grouped[:-1]
