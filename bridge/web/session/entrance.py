"""The door: who is signed in, by the browser's cookie or by a key of their own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint

from bridge.access.authenticate import Caller, authenticate
from bridge.access.sessions import find_session
from bridge.access.sign_out import check_page_token
from bridge.errors import Forbidden, Unauthenticated
from bridge.web.context import bridge
from bridge.web.cookies import session_cookie
from bridge.web.recording import observed

#: A form is a token's length; what is much longer was not sent from our page.
FORM_BYTES = 4096

#: What browsers say of a request that one of our pages made (Fetch Metadata); old ones say nothing.
OUR_OWN = (None, "same-origin")

blueprint = Blueprint("session", __name__)


@dataclass(frozen=True, slots=True)
class Present:
    """A person who is here; ``expires_at`` is told of a session, ``by`` reads ``session`` or ``api_key``."""

    tenant_id: str
    person_id: str
    by: str
    id: str
    expires_at: datetime | None


def idle() -> timedelta:
    """Return how long a session may rest."""
    return timedelta(minutes=bridge().settings.session_idle_minutes)


def present() -> Present:
    """Return who is signed in. Raises ``Unauthenticated``, ``LimitReached`` for a tenant that asks too often.

    A key that is sent is meant, whatever cookie the browser adds.
    """
    seen, parts = observed(), bridge()
    authorization = seen.request.headers.get("Authorization")
    if authorization is not None:
        seen.caller = authenticate(parts.database, parts.seal, authorization, kind="api_key", now=seen.at)
        found = _by_key(seen.caller)
    else:
        signed_in = find_session(parts.database, parts.seal, session_cookie(), idle=idle(), now=seen.at)
        person_id, session_id = signed_in.person_id, signed_in.session_id
        found = Present(signed_in.tenant_id, person_id, "session", session_id, signed_in.expires_at)
        seen.caller = Caller(signed_in.tenant_id, session_id, None, frozenset(), person_id)
    parts.rate_limits.admit(found.tenant_id, "api_requests")
    return found


def check_our_page(cookie: str) -> None:
    """Raise ``Forbidden`` unless a page of ours sent this form, for this session: with its ``token``."""
    request = observed().request
    if request.headers.get("Sec-Fetch-Site") not in OUR_OWN:
        raise Forbidden("another site sent this: open this page yourself and try again there")
    request.max_content_length = FORM_BYTES
    check_page_token(bridge().seal, cookie, request.form.get("token", ""))


def _by_key(caller: Caller) -> Present:
    if caller.person_id is None:
        raise Unauthenticated("this API key is nobody's own: use one that was made for a person")
    return Present(caller.tenant_id, caller.person_id, "api_key", caller.credential_id, None)
