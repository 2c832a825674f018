"""The pages that a person who signs out is shown."""

from html import escape

from flask import Response

#: No script, nothing from elsewhere, in no frame. What a form may lead to is not restricted: the provider's
#: own sign-out may follow ours, and some browsers hold a redirect to the form's restriction.
POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body><main><h1>{title}</h1>{content}</main></body>
</html>
"""
_FORM = """<form method="post" action="/logout"><input type="hidden" name="token" value="{token}">
<button type="submit">Sign out</button></form>"""


def ask_to_sign_out(token: str) -> Response:
    """Return the page that asks a person to confirm."""
    return _page("Sign out?", _FORM.format(token=escape(token)))


def nobody_is_signed_in() -> Response:
    """Return the page for whoever has signed out, or never signed in."""
    return _page("You are signed out", "<p>You can close this window.</p>")


def refusal(title: str, detail: str, status: int) -> Response:
    """Return the page that says why not, and what to do."""
    return _page(title, f"<p>{escape(detail)}</p>", status)


def _page(title: str, content: str, status: int = 200) -> Response:
    response = Response(
        _PAGE.format(title=escape(title), content=content), status, content_type="text/html; charset=utf-8"
    )
    response.headers["Content-Security-Policy"] = POLICY
    return response
