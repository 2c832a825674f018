"""One operation of a PATCH in canonical form (RFC 7644 section 3.5.2)."""

from dataclasses import dataclass
from typing import Any

from bridge.scim.paths import PatchPath


@dataclass(frozen=True, slots=True)
class Operation:
    """One canonical operation: ``value`` is in canonical form, None where there is none.

    ``index`` is the position in the request. With ``missing_ok`` a value path that selects nothing
    creates the element it describes, and removing what is not there is done already.
    """

    op: str
    path: PatchPath
    value: Any = None
    index: int = 0
    missing_ok: bool = False
