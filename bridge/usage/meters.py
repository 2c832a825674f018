"""What a tenant counts, as a document says it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from bridge.errors import InvalidValue
from bridge.usage import members

Aggregation = Literal["sum", "max", "unique"]
KEY = re.compile(r"[a-z][a-z0-9_.]{0,63}", re.ASCII)
MEMBERS = ("key", "unit", "aggregation", "on")


@dataclass(frozen=True, slots=True)
class MeterTerms:
    """A meter: what it is called, in which unit it counts, whether events of it are taken.

    Over a billing period ``sum`` adds up what each person used, ``max`` takes each person's highest quantity,
    ``unique`` counts the different values of each person.
    """

    key: str
    unit: str
    aggregation: Aggregation
    is_on: bool

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"key": self.key, "unit": self.unit, "aggregation": self.aggregation, "on": self.is_on}


def parse_meters(document: Mapping[str, Any], *, most: int) -> tuple[MeterTerms, ...]:
    """Read ``{"meters": [{"key": "api_calls", "unit": "call", "aggregation": "sum", "on": true}, …]}``.

    Raises ``InvalidValue`` with the pointer of what is wrong.
    """
    rows = members.object_of(document, "", allowed=("meters",)).get("meters")
    if not isinstance(rows, list) or not 0 < len(rows) <= most:
        found = len(rows) if isinstance(rows, list) else rows
        raise members.refusal("/meters", found, f"a list of 1 to {most} meters")
    found_meters: dict[str, MeterTerms] = {}
    for index, value in enumerate(rows):
        meter = _meter(value, f"/meters/{index}")
        if meter.key in found_meters:
            raise members.refusal(f"/meters/{index}/key", meter.key, "each key once")
        found_meters[meter.key] = meter
    return tuple(found_meters.values())


def _meter(value: object, pointer: str) -> MeterTerms:
    row = members.object_of(value, pointer, allowed=MEMBERS)
    key = members.text(row, "key", pointer)
    if not KEY.fullmatch(key):
        raise members.refusal(f"{pointer}/key", key, "lower-case letters, digits, _ and ., as in api_calls")
    is_on = row.get("on", True)
    if not isinstance(is_on, bool):
        raise InvalidValue("found no truth value, allowed true or false", pointer=f"{pointer}/on")
    aggregation = members.choice(row, "aggregation", pointer, get_args(Aggregation))
    return MeterTerms(key, members.text(row, "unit", pointer), cast("Aggregation", aggregation), is_on)
