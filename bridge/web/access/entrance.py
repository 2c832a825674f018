"""The door: who asks for decisions, and what of the request is taken."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Blueprint
from sqlalchemy import bindparam, or_, select

from bridge.access.authenticate import digests_of, identify
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.errors import InvalidSyntax, Unauthenticated
from bridge.tenants.tables import Credential
from bridge.web.bodies import json_body
from bridge.web.context import bridge
from bridge.web.recording import observed

SCOPE = "access:evaluate"
JSON = "application/json"

#: What is sent back of a client's own id: any text of one line (section 10.1.4), and not of any length.
REQUEST_ID = re.compile(r"[ -~]{1,512}", re.ASCII)

_KEYS = table_of(Credential).c
IS_LIVE = prepared(
    select(_KEYS.id).where(
        _KEYS.id == bindparam("ident"),
        _KEYS.revoked_at.is_(None),
        or_(_KEYS.expires_at.is_(None), _KEYS.expires_at > bindparam("now")),
    )
)

blueprint = Blueprint("access", __name__)


@blueprint.before_request
def give_the_id_back() -> None:
    """Remember the client's id of its request, which belongs into the answer (section 10.1.4)."""
    seen = observed()
    given = seen.request.headers.get("X-Request-ID")
    if given is not None and REQUEST_ID.fullmatch(given):
        seen.client_id = given


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, in a transaction of the tenant whose key was shown."""

    session: TenantSession
    tenant_id: str
    document: Mapping[str, Any]


@contextmanager
def asking() -> Iterator[Asked]:
    """Find out who asks, and open a transaction that only reads. Raises ``Unauthenticated``, ``Forbidden``.

    As at the entrance of SCIM, who asked a moment ago is remembered for their tenant alone, and the key is
    read again in the transaction that the answer comes from. The body is read before it begins.
    """
    seen, parts = observed(), bridge()
    digests = digests_of(parts.seal, seen.request.headers.get("Authorization"), kind="api_key")
    recent = parts.recent_callers.find(digests[0], now=seen.at)
    caller = recent or identify(parts.database, digests, kind="api_key", now=seen.at)
    seen.caller = caller
    caller.require(SCOPE)
    asked = _document()
    with parts.database.read(caller.tenant_id) as session:
        live = session.begin_by(IS_LIVE, ident=caller.credential_id, now=seen.at).one_or_none()
        if live is not None:
            yield Asked(session, caller.tenant_id, asked)
    if live is None:
        parts.recent_callers.forget(digests[0])
        seen.caller = None
        identify(parts.database, digests, kind="api_key", now=seen.at)  # raises what the key lacks
        raise Unauthenticated("this key has just ended: make a new one")
    # Whoever a personal key belongs to may be deactivated at any time: it is looked up each time.
    if recent is None and caller.person_id is None:
        parts.recent_callers.keep(digests[0], caller, now=seen.at)


def _document() -> dict[str, Any]:
    """Return the question as it was sent. Raises ``InvalidSyntax``, ``TooLarge``."""
    if not observed().request.is_json:
        raise InvalidSyntax(f"the body must be of the type {JSON}")
    value = json_body(most_bytes=bridge().settings.evaluation_bytes)
    if not isinstance(value, dict):
        raise InvalidSyntax("the body must be a JSON object")
    return value
