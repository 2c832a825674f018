"""The counting of a request against its tenant's rates."""

from flask import request

from bridge.access.authenticate import Caller
from bridge.errors import InvalidSyntax
from bridge.scim.deactivations import deactivates
from bridge.web.bodies import json_body, raw_body
from bridge.web.context import bridge

READS = frozenset({"GET", "HEAD", "OPTIONS"})


def only_reads() -> bool:
    """Tell whether the request changes nothing; a search by POST reads as well (RFC 7644 section 3.4.3)."""
    return request.method in READS or request.path.endswith("/.search")


def limit_rate(caller: Caller, prefix: str) -> None:
    """Let the request pass, or raise ``LimitReached``; its body is only read when writes are used up."""
    limits = bridge().rate_limits
    if only_reads():
        limits.admit(caller.tenant_id, "scim_reads")
        return
    limits.admit(caller.tenant_id, "scim_writes", deactivates=lambda: _takes_access_away(prefix))


def _takes_access_away(prefix: str) -> bool:
    """Read the body, which also keeps it for the provisioning log, whose reader may want to send it again."""
    path = request.path.removeprefix(prefix)
    if request.method == "DELETE":
        return deactivates("DELETE", path, None)
    if not any(word in raw_body().lower() for word in (b"active", b"delete")):
        return False
    try:
        return deactivates(request.method, path, json_body())
    except InvalidSyntax:
        return False
