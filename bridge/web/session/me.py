"""The route that tells who is signed in."""

from typing import Any

import orjson
from flask import Response

from bridge.access.sign_out import page_token
from bridge.directory.browse import find_person
from bridge.directory.tables import Person
from bridge.entitlements.read_entitlements import Entitlements, read_entitlements
from bridge.web.context import bridge
from bridge.web.cookies import session_cookie
from bridge.web.recording import observed
from bridge.web.session.entrance import Present, blueprint, present


@blueprint.get("/session/me", provide_automatic_options=False)
def show_me() -> Response:
    """Tell who is signed in, with which roles, on which plan."""
    found = present()
    with bridge().database.read(found.tenant_id) as session:
        person = find_person(session, found.person_id)
        entitlements = read_entitlements(session, found.person_id, at=observed().at)
    document = _document(found, person, entitlements)
    return Response(orjson.dumps(document, option=orjson.OPT_UTC_Z), content_type="application/json")


def _document(found: Present, person: Person, entitlements: Entitlements) -> dict[str, Any]:
    grants = entitlements.grants
    return {
        "person": {"id": person.id, "user_name": person.user_name, "display_name": person.display_name},
        "tenant_id": found.tenant_id,
        "connection_id": person.connection_id,
        "signed_in_by": {
            "kind": found.by,
            "id": found.id,
            "expires_at": found.expires_at,
            "page_token": _page_token(found),
        },
        "roles": list(grants.roles),
        "plan": grants.plan,
        "privileges": list(grants.privileges),
        "features": list(grants.features),
        "limits": dict(grants.limits or {}),
    }


def _page_token(found: Present) -> str | None:
    """Return what the forms of ``/logout`` and ``/session/refresh`` take; no other site can read it here."""
    cookie = session_cookie()
    return page_token(bridge().seal, cookie) if found.by == "session" and cookie is not None else None
