"""Who issues an invoice, and to whom it is made out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import InvalidValue

#: Member of a party's document → longest text. The address has its lines parted by line breaks.
FIELDS = {
    "name": 200,
    "address": 1000,
    "country": 2,
    "tax_id": 60,
    "register": 200,
    "contact": 200,
    "payment": 200,
    "reference": 200,
}
COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parties:
    """Both parties of an invoice, as documents with the members of ``FIELDS`` that are known."""

    seller: Mapping[str, str]
    buyer: Mapping[str, str]


NOBODY = Parties({}, {})


def parse_party(document: Mapping[str, Any], *, pointer: str = "") -> dict[str, str]:
    """Return a party's document, empty members left out.

    ``country`` is an ISO 3166-1 code. Raises ``InvalidValue`` with a pointer for an unknown member, a value
    that is no text or too long, characters that cannot be printed, and where there is no name.
    """
    found = {}
    for field, value in document.items():
        at = f"{pointer}/{field}"
        if field not in FIELDS:
            raise InvalidValue(f"found {field[:40]!r}, allowed are {', '.join(FIELDS)}", pointer=at)
        if not isinstance(value, str) or len(value) > FIELDS[field]:
            raise InvalidValue(f"allowed is a text of at most {FIELDS[field]} characters", pointer=at)
        text = "\n".join(line.strip() for line in value.strip().splitlines())
        if not text.replace("\n", "").isprintable() or ("\n" in text and field != "address"):
            raise InvalidValue("found characters that cannot be printed on one line", pointer=at)
        if text:
            found[field] = text
    if "name" not in found:
        raise InvalidValue("the legal name is missing", pointer=f"{pointer}/name")
    if not COUNTRY.fullmatch(found.get("country", "XX")):
        raise InvalidValue(
            f"found {found['country']!r}, allowed an ISO 3166-1 code such as DE", pointer=f"{pointer}/country"
        )
    return found
