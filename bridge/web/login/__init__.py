"""The entrance for people: sent to their provider, back from it, signed in or told why not."""

from bridge.web.login import refusals, routes
from bridge.web.login.routes import blueprint

__all__ = ["blueprint", "refusals", "routes"]
