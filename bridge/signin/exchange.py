"""Authlib as the client of a provider: where people are sent, what their code is exchanged for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey

from bridge.errors import ProviderFailed, Untrusted
from bridge.signin.attempts import Attempt
from bridge.signin.fetch import FetchLimits, fetch, read_object
from bridge.signin.group_claims import OKTA_ADVICE, may_be_too_many_groups, with_okta_advice
from bridge.signin.key_sets import Provider
from bridge.signin.oidc_settings import OidcClient, import_private_key

#: What a provider says of a refresh token that is over, or that only the person can replace: by RFC 6749
#: section 5.2, and as Entra does where its rules have come to ask for more than a password.
ENDS_REFRESH = {"invalid_grant", "interaction_required", "login_required", "consent_required"}

SECONDS_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider issued for a code; ``expires_in`` are the seconds of the access token, if told."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int | None = None


@dataclass(frozen=True, slots=True)
class RefreshedTokens:
    """What the provider issued for a refresh token; of all but the access token it may leave the former."""

    id_token: str | None = field(repr=False)
    access_token: str | None = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int | None


def authorization_url(client: OidcClient, provider: Provider, attempt: Attempt, *, redirect_uri: str) -> str:
    """Return where the browser is sent: the code flow with PKCE S256, a state and a nonce, always.

    OpenID Connect Core 1.0 section 11 has providers ignore ``offline_access`` unless consent is asked for.
    Okta and Entra go by rules of their own, and would bother everybody at each sign-in.
    """
    consent = client.preset == "generic" and "offline_access" in client.scopes
    asking = OAuth2Client(
        None, client_id=client.client_id, scope=" ".join(client.scopes), code_challenge_method="S256"
    )
    url, _state = asking.create_authorization_url(
        provider.authorization_endpoint,
        state=attempt.state,
        code_verifier=attempt.verifier,
        nonce=attempt.nonce,
        redirect_uri=redirect_uri,
        **({"prompt": "consent"} if consent else {}),
    )
    return str(url)


def exchange_code(
    client: OidcClient,
    provider: Provider,
    *,
    code: str,
    verifier: str,
    redirect_uri: str,
    limits: FetchLimits,
) -> Tokens:
    """Return the tokens of a code. Raises ``Untrusted`` for a code that is refused, ``ProviderFailed``."""
    asking = _asking(client, provider, limits)
    try:
        told = asking.fetch_token(
            provider.token_endpoint,
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
        )
    except AuthlibBaseError as error:
        raise _refusal(client, str(error.error), str(error.description)) from error
    except (ValueError, TypeError) as error:
        raise ProviderFailed(
            "provider_answer", "the provider's token endpoint answers with no token"
        ) from error
    return _tokens(told)


def exchange_refresh_token(
    client: OidcClient, provider: Provider, refresh_token: str, limits: FetchLimits
) -> RefreshedTokens:
    """Return what a refresh token is good for (RFC 6749 section 6).

    Raises ``Untrusted`` where the provider wants the person themselves, or does not take the token,
    ``ProviderFailed``.
    """
    asking = _asking(client, provider, limits)
    try:
        told = asking.fetch_token(
            provider.token_endpoint, grant_type="refresh_token", refresh_token=refresh_token
        )
    except AuthlibBaseError as error:
        if str(error.error) in ENDS_REFRESH:
            raise Untrusted(
                "refused_refresh", "the provider vouches for this session no more: sign in again"
            ) from error
        raise _refusal(client, str(error.error), str(error.description or "")) from error
    except (ValueError, TypeError) as error:
        raise ProviderFailed(
            "provider_answer", "the provider's token endpoint answers with no token"
        ) from error
    return RefreshedTokens(
        id_token=_text(told, "id_token"),
        access_token=_text(told, "access_token"),
        refresh_token=_text(told, "refresh_token"),
        expires_in=_seconds(told.get("expires_in")),
    )


def application_token(client: OidcClient, provider: Provider, *, scope: str, limits: FetchLimits) -> str:
    """Return an access token of the client itself, for nobody's sake (RFC 6749 section 4.4).

    Raises ``ProviderFailed``, also for a public client, which has nothing to prove itself by.
    """
    if client.proof == "none":
        raise ProviderFailed("no_secret", "the client has no secret, and no key, to ask with")
    try:
        told = _asking(client, provider, limits).fetch_token(
            provider.token_endpoint, grant_type="client_credentials", scope=scope
        )
    except AuthlibBaseError as error:
        raise ProviderFailed("refused_client", "the provider gives the client no token of its own") from error
    except (ValueError, TypeError) as error:
        raise ProviderFailed(
            "provider_answer", "the provider's token endpoint answers with no token"
        ) from error
    token = told.get("access_token")
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise ProviderFailed("provider_answer", "the provider's token endpoint answers with no token")
    return token


def read_userinfo(provider: Provider, access_token: str, limits: FetchLimits) -> Mapping[str, Any]:
    """Return what the provider tells of the person (OpenID Connect Core 1.0 section 5.3), if it tells any.

    Raises ``ProviderFailed``.
    """
    if provider.userinfo_endpoint is None:
        return {}
    headers = {"Authorization": f"Bearer {access_token}"}
    return read_object(fetch(provider.userinfo_endpoint, limits, headers=headers))


def _text(told: Mapping[str, Any], name: str) -> str | None:
    # What is no ASCII is no token, and cannot be sent as a header's value (RFC 6749 appendix A).
    value = told.get(name)
    usable = isinstance(value, str) and value.isascii() and value.isprintable()
    return value if usable and value else None


def _seconds(told: object) -> int | None:
    """Return a number of seconds, which some providers send as a text."""
    if isinstance(told, str) and told.isascii() and told.isdecimal() and len(told) <= SECONDS_DIGITS:
        return int(told)
    return told if isinstance(told, int) and not isinstance(told, bool) and told >= 0 else None


def _tokens(told: Mapping[str, Any]) -> Tokens:
    id_token, access_token = _text(told, "id_token"), _text(told, "access_token")
    if id_token is None:
        raise Untrusted("no_id_token", "the provider's answer has no ID token")
    kind = told.get("token_type")
    if access_token is None or not isinstance(kind, str) or kind.lower() != "bearer":
        raise Untrusted("no_access_token", "the provider's answer has no access token of type Bearer")
    expires_in = _seconds(told.get("expires_in"))
    return Tokens(id_token, access_token, _text(told, "refresh_token"), expires_in)


def _refusal(client: OidcClient, error: str, description: str) -> Untrusted | ProviderFailed:
    """Tell a code that is not good, which the person can mend, from a client that is not known."""
    if may_be_too_many_groups(client.preset, client.group_claim, description):
        return ProviderFailed("too_many_groups", OKTA_ADVICE)
    if error == "invalid_grant":
        return Untrusted("refused_code", "the provider does not take this code: begin anew")
    if error in ("invalid_client", "unauthorized_client"):
        return ProviderFailed(
            "refused_client",
            "the provider refuses the client: check its id and its secret",
            nothing_done=True,
        )
    told = with_okta_advice(
        "the provider's token endpoint refuses the request", client.preset, client.group_claim
    )
    return ProviderFailed("provider_answer", told, nothing_done=True)


def _asking(client: OidcClient, provider: Provider, limits: FetchLimits) -> OAuth2Client:
    line = _Line(limits)
    if client.proof == "private_key":
        key = import_private_key(client.secret)
        way = PrivateKeyJWT(provider.token_endpoint, alg="RS256" if isinstance(key, RSAKey) else "ES256")
        asking = OAuth2Client(line, client.client_id, key, token_endpoint_auth_method=way.name)
        asking.register_client_auth_method(way)
        return asking
    if client.proof == "none":
        return _client(line, client.client_id, "", "none")
    if "client_secret_basic" in provider.auth_methods or "client_secret_post" not in provider.auth_methods:
        # RFC 6749 section 2.3.1 has both encoded as in a form, which the library leaves out.
        return _client(line, quote_plus(client.client_id), quote_plus(client.secret), "client_secret_basic")
    return _client(line, client.client_id, client.secret, "client_secret_post")


def _client(line: "_Line", client_id: str, secret: str, way: str) -> OAuth2Client:
    return OAuth2Client(line, client_id, secret, token_endpoint_auth_method=way)


class _Line:
    """How the library reaches the token endpoint: by ``fetch``, within its limits."""

    def __init__(self, limits: FetchLimits) -> None:
        self._limits = limits

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, str],
        headers: Mapping[str, str],  # noqa: ARG002 (the library's signature; fetch has its own)
        auth: ClientAuth,
    ) -> "_Heard":
        """Post a form with what proves who the client is."""
        # Only this header is the library's to choose.
        kept: dict[str, str] = {}
        _url, kept, body = auth.prepare("POST", url, kept, urlencode(data))
        proof = {name: value for name, value in kept.items() if name == "Authorization"}
        answer = fetch(url, self._limits, headers=proof, form=dict(parse_qsl(body, keep_blank_values=True)))
        return _Heard(answer.status, answer.document)


@dataclass(frozen=True, slots=True)
class _Heard:
    status_code: int
    document: Mapping[str, Any] | None

    def json(self) -> Mapping[str, Any] | None:
        """Return the document; a life that is told in words is left out: the library stumbles over it."""
        life = None if self.document is None else self.document.get("expires_in")
        if self.document is None or not isinstance(life, str) or _seconds(life) is not None:
            return self.document
        return {name: value for name, value in self.document.items() if name != "expires_in"}

    def raise_for_status(self) -> None:
        raise ProviderFailed("provider_status", f"the provider's token endpoint answers {self.status_code}")
