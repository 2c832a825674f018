"""The rules by which texts are accepted, shown in messages or compared."""

import reprlib
import unicodedata

from bridge.errors import InvalidValue

SHOWN_LENGTH = 80


def fold(text: str) -> str:
    """Return the key under which texts are equal without regard to case: NFKC and case folding.

    The double folding is the definition of Unicode 15 (D145, D146): some characters fold to a sequence
    which composes to something that folds again, and a key must not change when folded twice.
    """
    if text.isascii():
        return text.lower()
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def fault_of(text: str) -> str | None:
    """Return why a text cannot be stored, or None when it can.

    PostgreSQL has no NUL in text and UTF-8 has no lone surrogates, although JSON can spell both.
    """
    if "\0" in text:
        return "contains a NUL character"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "contains half of a surrogate pair"
    return None


def checked_text(text: str, *, name: str, limit_characters: int) -> str:
    """Return the text as it is, or raise InvalidValue when it cannot be stored or is too long."""
    if len(text) > limit_characters:
        raise InvalidValue(
            f"{name} has {len(text)} characters; at most {limit_characters} are accepted. Shorten it."
        )
    fault = fault_of(text)
    if fault is not None:
        raise InvalidValue(f"{name} {fault}; send it without.")
    return text


def shown(value: object) -> str:
    """Return a value as a message may quote it: escaped, and cut when it is long."""
    # reprlib stops at a depth and a length: a value from outside may have neither.
    try:
        text = value if isinstance(value, str) else reprlib.repr(value)
    except ValueError:  # Python refuses to write out thousands of digits
        return "a very large number"
    cut = text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"
    return ascii(cut) if fault_of(cut) else repr(cut) if isinstance(value, str) else cut
