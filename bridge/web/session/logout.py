"""The routes by which a person signs out of this bridge."""

from flask import Response

from bridge.access.sign_out import SignedOut, page_token, sign_out
from bridge.web.context import bridge
from bridge.web.cookies import forget_who, session_cookie
from bridge.web.recording import observed
from bridge.web.session.entrance import blueprint, check_our_page, idle
from bridge.web.session.pages import ask_to_sign_out, nobody_is_signed_in

PATH = "/logout"
SEE_OTHER = 303


@blueprint.get(PATH, provide_automatic_options=False)
def ask() -> Response:
    """Ask whoever is signed in to confirm: a link or a picture on another site must not sign them out."""
    cookie = session_cookie()
    if cookie is None:
        return nobody_is_signed_in()
    return ask_to_sign_out(page_token(bridge().seal, cookie))


@blueprint.post(PATH, provide_automatic_options=False)
def leave() -> Response:
    """End the session and have the browser forget it; what follows is the provider's, or our own page."""
    seen, parts, cookie = observed(), bridge(), session_cookie()
    response = Response(status=SEE_OTHER, headers={"Location": PATH})
    if cookie is None:
        return response
    check_our_page(cookie)
    ended = sign_out(parts.database, parts.seal, cookie, idle=idle(), request_id=seen.id, now=seen.at)
    forget_who(response)
    if ended is not None and (onwards := _provider_address(ended)) is not None:
        response.headers["Location"] = onwards
    return response


def _provider_address(ended: SignedOut) -> str | None:
    from bridge.signin.key_sets import known_providers  # noqa: PLC0415 (the cryptography of tokens is large)
    from bridge.signin.provider_logout import provider_logout_url  # noqa: PLC0415 (as above)

    seen, parts = observed(), bridge()
    root = (parts.settings.public_url or seen.request.root_url).rstrip("/")
    providers = known_providers(parts.settings)
    return provider_logout_url(
        parts.database, parts.seal, providers, ended, return_to=f"{root}{PATH}", now=seen.at
    )
