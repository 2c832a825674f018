"""Everything that was said on the wire, kept as JSON lines for an independent recount."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.simulator.events import Source

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and how it was answered.

    ``at`` is the instant of the event (UTC); ``path`` is relative to the SCIM base URL, with its query as
    sent; ``request_id`` is the answer's ``X-Request-Id``, ``answer_id`` the ``id`` of the resource in its
    body; None where there was none. The bearer token is in none of them.
    """

    at: datetime
    source: Source
    method: str
    path: str
    body: Json | None
    status: int
    request_id: str | None
    answer_id: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """All exchanges, in the order in which they were sent."""

    exchanges: tuple[Exchange, ...]

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.exchanges)

    def dump(self, path: Path) -> None:
        """Write one JSON object a line, UTF-8, with the fields of ``Exchange``."""
        with path.open("w", encoding="utf-8") as lines:
            for exchange in self.exchanges:
                told = asdict(exchange) | {"at": exchange.at.astimezone(UTC).isoformat()}
                lines.write(json.dumps(told, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Record":
        """Read what ``dump`` wrote; raises ``ValueError`` naming the line that is none of its lines."""
        with path.open(encoding="utf-8") as lines:
            return cls(tuple(_read(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)))


def _read(line: str, where: str) -> Exchange:
    try:
        told = json.loads(line)
        return Exchange(**told | {"at": datetime.fromisoformat(told["at"])})
    except (ValueError, TypeError, KeyError) as problem:
        raise ValueError(
            f"{where}: not a recorded exchange ({problem}); give a file written by Record.dump"
        ) from None
