"""Coming and going: the link that opens once, the way to an identity provider, the end of a visit."""

import re
from datetime import timedelta
from urllib.parse import quote

from flask import Response

from bridge.access.visits import end_visit, enter, tenant_of
from bridge.errors import InvalidValue, NotFound
from bridge.tenants.doors import tenant_of_connection
from bridge.web.admin.entrance import VISIT, Visitor, action, asked, blueprint, check_our_site, given
from bridge.web.admin.rendering import go_to, write
from bridge.web.context import bridge
from bridge.web.recording import observed

#: A page of ours, to which somebody returns who has signed in.
OURS = re.compile(r"/admin(?:/(?!\.)[A-Za-z0-9._~-]+)*/?(?:\?[A-Za-z0-9._~%&=+-]*)?", re.ASCII)


@blueprint.get("/enter", provide_automatic_options=False)
def show_link() -> Response:
    """Ask whoever has a link to open it: what only looks at addresses must not use it up."""
    return write("enter.html", link=asked("link"))


@blueprint.post("/enter", provide_automatic_options=False)
def open_link() -> Response:
    """Begin the visit, under a cookie that nobody has known before."""
    check_our_site()
    seen, parts = observed(), bridge()
    secret = given("link")
    tenant_id = tenant_of(secret)
    parts.rate_limits.admit(tenant_id, "logins")
    with parts.database.write(tenant_id) as session:
        cookie = enter(
            session,
            secret,
            lasts=timedelta(hours=parts.settings.visit_hours),
            seal=parts.seal,
            request_id=seen.id,
            now=seen.at,
        )
    response = go_to("/admin")
    response.set_cookie(VISIT, cookie, secure=True, httponly=True, samesite="Lax", path="/")
    return response


@blueprint.get("/sign-in", provide_automatic_options=False)
def show_sign_in() -> Response:
    """Offer the ways in."""
    return write("sign_in.html", return_to=_return_to(asked("return_to")))


@blueprint.post("/sign-in", provide_automatic_options=False)
def go_to_provider() -> Response:
    """Send whoever knows their connection to its identity provider."""
    check_our_site()
    connection_id = given("connection")
    try:
        tenant_of_connection(bridge().database, connection_id)
    except NotFound as error:
        raise InvalidValue("there is no such connection: ask your administrator for its id") from error
    return_to = quote(_return_to(given("return_to")), safe="")
    return go_to(f"/login/{connection_id}?return_to={return_to}")


@action("/leave", needs="")
def leave(visitor: Visitor) -> Response:
    """End a visit; a person's session ends where it began, at the sign-out of the bridge."""
    if visitor.kind != "visit":
        return go_to("/logout")
    with visitor.writing() as session:
        end_visit(session, visitor.stay_id, cause=visitor.cause, now=observed().at)
    response = go_to("/admin/sign-in")
    response.delete_cookie(VISIT, secure=True, httponly=True, samesite="Lax", path="/")
    return response


def _return_to(path: str) -> str:
    return path if OURS.fullmatch(path) else "/admin"
