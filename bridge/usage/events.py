"""What one event of consumption, or one sign-in, says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.errors import InvalidValue
from bridge.usage import members

CLOUD_EVENTS = "1.0"
SIGN_IN_MEMBERS = ("connection", "id", "person", "at", "amr", "acr", "auth_time")
#: Ways of one sign-in; RFC 8176 names some twenty, each a short word.
MOST_WAYS = 20


@dataclass(frozen=True, slots=True)
class MeteredEvent:
    """An event of CloudEvents 1.0: ``type`` is the meter, ``subject`` the account, ``data`` how much.

    ``source`` and ``id`` together name the event (CloudEvents 1.0 section 3.1.1).
    """

    source: str
    id: str
    meter: str
    person_id: str
    at: datetime
    content: Mapping[str, Any]

    def quantity_millionths(self) -> int:
        """Return what ``data.quantity`` says, for a meter that adds up or takes the highest."""
        return members.millionths(self.content, "quantity", "/data")

    def value(self) -> str:
        """Return what ``data.value`` says, for a meter that counts different values."""
        return members.text(self.content, "value", "/data")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in as its source tells it; connection and ``id`` together name it.

    ``amr`` are the ways in which the provider knew who it was (RFC 8176), None where it does not say.
    """

    connection_id: str
    id: str
    person_id: str
    at: datetime
    amr: tuple[str, ...] | None
    acr: str | None
    auth_time: datetime | None


def parse_event(value: object) -> MeteredEvent:
    """Read one event. Other attributes are extensions, which receivers ignore (CloudEvents 1.0 section 3).

    Raises ``InvalidValue`` with the pointer within the event.
    """
    row = members.object_of(value, "")
    if row.get("specversion") != CLOUD_EVENTS:
        raise members.refusal("/specversion", row.get("specversion"), CLOUD_EVENTS)
    return MeteredEvent(
        source=members.text(row, "source", ""),
        id=members.text(row, "id", ""),
        meter=members.text(row, "type", ""),
        person_id=members.text(row, "subject", ""),
        at=members.instant(row, "time", ""),
        content=members.object_of(row.get("data"), "/data"),
    )


def parse_sign_in(value: object) -> SignedIn:
    """Read one sign-in ``{"connection", "id", "person", "at"}``, also with ``amr``, ``acr``, ``auth_time``.

    Raises ``InvalidValue`` as above.
    """
    row = members.object_of(value, "", allowed=SIGN_IN_MEMBERS)
    return SignedIn(
        connection_id=members.text(row, "connection", ""),
        id=members.text(row, "id", ""),
        person_id=members.text(row, "person", ""),
        at=members.instant(row, "at", ""),
        amr=_ways(row),
        acr=None if row.get("acr") is None else members.text(row, "acr", ""),
        auth_time=None if row.get("auth_time") is None else members.instant(row, "auth_time", ""),
    )


def _ways(row: Mapping[str, Any]) -> tuple[str, ...] | None:
    given = row.get("amr")
    if given is None:
        return None
    if not isinstance(given, list) or len(given) > MOST_WAYS:
        raise members.refusal("/amr", given, f"a list of at most {MOST_WAYS} texts")
    return tuple(members.text({str(index): each}, str(index), "/amr") for index, each in enumerate(given))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A member of a batch that was not taken: its place in the batch, where it is wrong, why."""

    index: int
    pointer: str
    reason: str

    @classmethod
    def because(cls, index: int, error: InvalidValue) -> "Rejected":
        """Tell why the member at that place was refused."""
        return cls(index, error.pointer or "", error.detail)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch. ``late`` of the accepted ones lie in periods that are invoiced."""

    accepted: int
    duplicates: int
    late: int
    rejected: tuple[Rejected, ...]

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "late": self.late,
            "rejected": [
                {"index": each.index, "pointer": each.pointer, "reason": each.reason}
                for each in self.rejected
            ],
        }
