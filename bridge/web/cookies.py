"""The cookie by which a browser shows who is signed in."""

from flask import Response

from bridge.access.sessions import NewSession
from bridge.web.recording import observed

#: Browsers take a name with this prefix from this host alone, over TLS, for all paths (RFC 6265bis 4.1.3.2).
SESSION = "__Host-bridge_session"


def session_cookie() -> str | None:
    """Return the cookie's value as the present request has it."""
    return observed().request.cookies.get(SESSION)


def keep_signed_in(response: Response, opened: NewSession) -> None:
    """Have the browser show the session from now on; it forgets it when it is closed.

    Lax, not Strict: whoever follows a link to the product is signed in there. What changes anything takes a
    token of the page besides.
    """
    response.set_cookie(SESSION, opened.cookie, secure=True, httponly=True, samesite="Lax", path="/")


def forget_who(response: Response) -> None:
    """Have the browser forget the session."""
    response.delete_cookie(SESSION, secure=True, httponly=True, samesite="Lax", path="/")
