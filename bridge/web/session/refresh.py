"""The route by which the software that somebody uses has their provider asked again, now."""

import orjson
from flask import Response

from bridge.access.refreshes import refreshed_at
from bridge.access.sessions import find_session
from bridge.errors import Unauthenticated
from bridge.journal.record import Cause
from bridge.web.context import bridge
from bridge.web.cookies import session_cookie
from bridge.web.recording import observed
from bridge.web.session.entrance import blueprint, check_our_page, idle


@blueprint.post("/session/refresh", provide_automatic_options=False)
def refresh() -> Response:
    """Ask the provider of this session whether it still vouches for the person; if not, the session ends."""
    from bridge.signin.key_sets import known_providers  # noqa: PLC0415 (the cryptography of tokens is large)
    from bridge.signin.refresh_sessions import Desk, refresh_one  # noqa: PLC0415 (as above)

    seen, parts, cookie = observed(), bridge(), session_cookie()
    if cookie is None:
        raise Unauthenticated("nobody is signed in here: sign in first")
    check_our_page(cookie)
    found = find_session(parts.database, parts.seal, cookie, idle=idle(), now=seen.at)
    parts.rate_limits.admit(found.tenant_id, "logins")
    desk = Desk(parts.database, parts.seal, known_providers(parts.settings), parts.settings)
    cause = Cause("person", found.person_id, seen.id)
    refresh_one(desk, found.tenant_id, found.session_id, cause=cause, now=seen.at)
    with parts.database.read(found.tenant_id) as session:
        told = {"refreshed_at": refreshed_at(session, found.session_id), "expires_at": found.expires_at}
    return Response(orjson.dumps(told, option=orjson.OPT_UTC_Z), content_type="application/json")
