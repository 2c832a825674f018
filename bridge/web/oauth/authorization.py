"""Authlib's authorization server with the bridge's clients and tokens behind it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from authlib.oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientCredentialsGrant, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidClientError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from flask import Response

from bridge.access.oauth_clients import KnownClient, find_client, issue_token
from bridge.errors import Unauthenticated
from bridge.tenants.tokens import new_token
from bridge.web.context import Bridge

#: What every client may do, whichever scopes it asks for (RFC 6749 section 3.3).
SCOPE = "scim"

GRANT = "client_credentials"
AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """Whoever says that it is a client, until its secret has been looked up."""

    def __init__(self, client_id: str, parts: Bridge, now: datetime) -> None:
        self.known: KnownClient | None = None
        self._client_id = client_id
        self._parts = parts
        self._now = now

    def check_client_secret(self, client_secret: str) -> bool:
        """Look the pair up; an unknown id and a wrong secret are told alike."""
        parts = self._parts
        self.known = find_client(parts.database, parts.seal, self._client_id, client_secret, now=self._now)
        return self.known is not None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 (Authlib's signature)
        """Allow both ways of sending the secret."""
        return method in AUTH_METHODS

    def check_grant_type(self, grant_type: str) -> bool:
        """Allow the one grant that there is."""
        return grant_type == GRANT

    def get_allowed_scope(self, scope: str | None) -> str:  # noqa: ARG002 (Authlib's signature)
        """Return the scope that is granted, and told in the answer."""
        return SCOPE


class BothMethods(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib has no types
    """Client credentials, sent in the header or in the form (RFC 6749 section 2.3.1)."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS


class Form(OAuth2Request):  # type: ignore[misc]  # Authlib has no types
    """A token request as Authlib reads it: the form alone, never the query of the address."""

    def __init__(self, form: Mapping[str, str], headers: Mapping[str, str]) -> None:
        # Where TLS ends is the operator's matter: behind a proxy the bridge itself is asked over plain HTTP.
        super().__init__("POST", "https://bridge/oauth/token", headers=headers)
        self.payload = BasicOAuth2Payload(form)
        self._form = form

    @property
    def form(self) -> Mapping[str, str]:
        """The members of the form, each given once."""
        return self._form


class TokenIssuer(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    """Issues the access token of one request."""

    def __init__(self, parts: Bridge, now: datetime) -> None:
        super().__init__()
        self._parts = parts
        self._now = now
        self._lifetime = timedelta(minutes=parts.settings.oauth_token_minutes)
        self.register_grant(BothMethods)
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                lambda **_asked: new_token("oauth_token"),
                expires_generator=int(self._lifetime.total_seconds()),
            ),
        )

    def create_oauth2_request(self, request: Form) -> Form:
        """Take the request as it is."""
        return request

    def query_client(self, client_id: str) -> Client:
        """Return whoever asks; the secret decides."""
        return Client(client_id, self._parts, self._now)

    def save_token(self, token: Mapping[str, Any], request: Form) -> None:
        """Store the digest of the token. Raises ``LimitReached`` for a tenant that asks for too many."""
        known: KnownClient = request.client.known
        self._parts.rate_limits.admit(known.tenant_id, "oauth_tokens")
        try:
            issue_token(
                self._parts.database,
                self._parts.seal,
                known,
                token["access_token"],
                lifetime=self._lifetime,
                now=self._now,
            )
        except Unauthenticated as error:
            raise InvalidClientError(description=error.detail, status_code=401) from error

    def send_signal(self, name: str, *arguments: object, **named: object) -> None:
        """Tell nobody: the log and the metrics of the bridge do."""

    def handle_response(self, status: int, payload: Mapping[str, Any], headers: Any) -> Response:  # noqa: ANN401 (Authlib's)
        """Return the answer; Authlib adds that no cache may keep it (RFC 6749 section 5.1)."""
        return Response(orjson.dumps(payload), status, headers=dict(headers))
