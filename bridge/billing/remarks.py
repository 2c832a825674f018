"""The reasons and references that people give with what they do to an invoice."""

from bridge.errors import InvalidValue

CHARACTERS = 200


def checked_remark(text: str, *, pointer: str) -> str:
    """Return a remark without white space around it.

    Raises ``InvalidValue`` for one that is empty, too long or cannot be printed on one line.
    """
    remark = text.strip()
    if not remark or len(remark) > CHARACTERS or not remark.isprintable():
        raise InvalidValue(
            f"found {len(remark)} characters, allowed 1 to {CHARACTERS} printable ones", pointer=pointer
        )
    return remark
