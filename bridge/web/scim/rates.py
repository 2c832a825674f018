"""The counting of a request against its tenant's rates."""

from bridge.access.authenticate import Caller
from bridge.errors import InvalidSyntax, TooLarge
from bridge.scim.bulk import count_operations
from bridge.scim.deactivations import BULK_PATH, deactivates
from bridge.web.bodies import json_body, raw_body
from bridge.web.context import bridge
from bridge.web.recording import observed

READS = frozenset({"GET", "HEAD", "OPTIONS"})
SEARCHES = ("/.search", "/.search/")


def only_reads() -> bool:
    """Tell whether the request changes nothing; a search by POST reads as well (RFC 7644 section 3.4.3)."""
    request = observed().request
    # To any other method .search is the id of nobody, whom it would change.
    return request.method in READS or (request.method == "POST" and request.path.endswith(SEARCHES))


def limit_rate(caller: Caller, prefix: str) -> None:
    """Let the request pass, or raise ``LimitReached``.

    Only the body of a bulk request is read for it, whose operations count as the requests that they spare;
    any other one when writes are used up.
    """
    limits = bridge().rate_limits
    if only_reads():
        limits.admit(caller.tenant_id, "scim_reads")
        return
    path = observed().request.path.removeprefix(prefix)
    limits.admit(
        caller.tenant_id,
        "scim_writes",
        count=_operations() if BULK_PATH.fullmatch(path) else 1,
        deactivates=lambda: _takes_access_away(path),
    )


def _operations() -> int:
    """Count the operations of a bulk request; one that its route will refuse as a whole counts once."""
    settings = bridge().settings
    try:
        count = count_operations(json_body(most_bytes=settings.bulk_bytes))
    except (InvalidSyntax, TooLarge):
        return 1
    return count if 1 <= count <= settings.bulk_operations else 1


def _takes_access_away(path: str) -> bool:
    """Read the body, which also keeps it for the provisioning log, whose reader may want to send it again."""
    method = observed().request.method
    if method == "DELETE":
        return deactivates("DELETE", path, None)
    if not any(word in raw_body().lower() for word in (b"active", b"delete")):
        return False
    try:
        return deactivates(method, path, json_body())
    except InvalidSyntax:
        return False
