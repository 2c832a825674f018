"""The entrance for OAuth clients: an access token for a client's secret (RFC 6749 section 4.4)."""

from bridge.web.oauth import refusals, tokens
from bridge.web.oauth.tokens import blueprint

__all__ = ["blueprint", "refusals", "tokens"]
