"""What an ID token vouches for, by OpenID Connect Core 1.0 section 3.1.3.7."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bridge.access.refreshes import Held
from bridge.errors import Untrusted
from bridge.signin.attempts import Taken
from bridge.signin.exchange import Tokens
from bridge.signin.group_claims import without_groups
from bridge.signin.key_sets import FindKey
from bridge.signin.oidc_settings import OidcClient
from bridge.signin.signed_tokens import (
    Expected,
    TokenLimits,
    Verified,
    instant_claim,
    text_claim,
    verified,
)

TYPES = ("jwt", "")

#: The claim that the provider's SCIM client sends as ``externalId``.
EXTERNAL_ID = {"okta": "sub", "entra": "oid", "google": "sub", "generic": "sub"}

#: The claim that says which organisation somebody is of.
ORGANISATION = {"entra": "tid", "google": "hd"}


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody whom the provider vouches for. ``fact`` names this sign-in among the provider's.

    ``signed`` are the claims of the ID token, ``claims`` those and what userinfo tells.
    """

    issuer: str
    subject: str
    external_id: str
    sid: str | None
    fact: str
    signed: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)


def read_id_token(
    tokens: Tokens,
    client: OidcClient,
    attempt: Taken,
    find_key: FindKey,
    limits: TokenLimits,
    *,
    now: datetime,
) -> Vouched:
    """Return whom the ID token vouches for. Raises ``Untrusted``; what ``find_key`` raises."""
    expected = Expected(
        client.issuer, client.client_id, types=TYPES, sole_audience=True, issued_since=attempt.created_at
    )
    found = verified(tokens.id_token, find_key, expected, limits, now=now)
    claims = found.claims
    subject = text_claim(claims, "sub")
    _check_nonce(claims, attempt.nonce)
    if "azp" in claims and claims["azp"] != client.client_id:
        raise Untrusted("wrong_party", "the ID token was issued to another client")
    _check_access_token(tokens.access_token, found)
    _check_organisation(claims, client)
    sid = text_claim(claims, "sid") if "sid" in claims else None
    return Vouched(
        issuer=client.issuer,
        subject=subject,
        external_id=text_claim(claims, EXTERNAL_ID[client.preset]),
        sid=sid,
        fact=_fact(claims, sid, attempt),
        signed=claims,
        claims=claims,
    )


def with_userinfo(vouched: Vouched, told: Mapping[str, Any], client: OidcClient) -> Vouched:
    """Add what the userinfo endpoint tells. Raises ``Untrusted`` when it tells of somebody else."""
    return replace(vouched, claims=together(vouched.claims, told, client, subject=vouched.subject))


def together(
    claims: Mapping[str, Any], told: Mapping[str, Any], client: OidcClient, *, subject: str
) -> Mapping[str, Any]:
    """Return the claims of an ID token with what userinfo tells; the former, being signed, have precedence.

    Of groups it tells nothing unless the connection's settings let it.
    Raises ``Untrusted`` when userinfo tells of somebody else (section 5.3.2).
    """
    if told and told.get("sub") != subject:
        raise Untrusted("other_userinfo", "the provider's userinfo is about somebody else")
    allowed = without_groups(told, client.group_claim, kept=client.groups_from_userinfo)
    return {**allowed, **claims}


def read_refreshed(
    id_token: str,
    access_token: str | None,
    client: OidcClient,
    held: Held,
    find_key: FindKey,
    *,
    limits: TokenLimits,
    now: datetime,
) -> Mapping[str, Any]:
    """Return the claims of an ID token that was refreshed at ``now`` (section 12.2).

    It must tell of the sign-in that opened the session. Raises ``Untrusted``; what ``find_key`` raises.
    """
    expected = Expected(client.issuer, client.client_id, types=TYPES, sole_audience=True, issued_since=now)
    found = verified(id_token, find_key, expected, limits, now=now)
    claims = found.claims
    if text_claim(claims, "sub") != held.subject:
        raise Untrusted("other_subject", "the refreshed ID token is about somebody else")
    # It should have none; that of another sign-in would be a token that was stolen there.
    if "nonce" in claims and claims["nonce"] != held.nonce:
        raise Untrusted("wrong_nonce", "the refreshed ID token was issued for another sign-in")
    if claims.get("azp") != held.party:
        raise Untrusted("wrong_party", "the refreshed ID token was issued to another client")
    _check_auth_time(claims, held, limits)
    if access_token is not None:
        _check_access_token(access_token, found)
    _check_organisation(claims, client)
    return claims


def _check_auth_time(claims: Mapping[str, Any], held: Held, limits: TokenLimits) -> None:
    given = instant_claim(claims, "auth_time")
    if given is None:
        return
    same = given == held.auth_time if held.auth_time else given <= held.opened_at + limits.leeway
    if not same:
        raise Untrusted("wrong_auth_time", "the refreshed ID token tells of another sign-in")


def _check_nonce(claims: Mapping[str, Any], nonce: str) -> None:
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise Untrusted("wrong_nonce", "the ID token was issued for another sign-in")


def _check_organisation(claims: Mapping[str, Any], client: OidcClient) -> None:
    if not client.organisations:
        return
    given = claims.get(ORGANISATION.get(client.preset, ""))
    if not isinstance(given, str) or given.lower() not in client.organisations:
        raise Untrusted("other_organisation", "the person is of an organisation that is not let in here")


def _check_access_token(access_token: str, found: Verified) -> None:
    if "at_hash" in found.claims and not _is_half_hash(found.claims["at_hash"], access_token, found):
        raise Untrusted("wrong_at_hash", "the ID token belongs to another access token")


def _is_half_hash(given: object, access_token: str, found: Verified) -> bool:
    """Tell whether it is the left half of the access token's hash, by the signature's algorithm."""
    size = found.algorithm[-3:]
    digest = hashlib.new(f"sha{size if size.isdecimal() else 512}", access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    return isinstance(given, str) and hmac.compare_digest(given.encode(), half)


def _fact(claims: Mapping[str, Any], sid: str | None, attempt: Taken) -> str:
    """Name the sign-in by the provider's session, else by the token, else by the one request for it."""
    jti = claims.get("jti")
    named = (
        ("sid", sid) if sid else ("jti", jti) if isinstance(jti, str) and jti else ("nonce", attempt.nonce)
    )
    words = "\n".join((str(claims["iss"]), *map(str, named)))
    return f"oidc:{hashlib.sha256(words.encode('utf-8', 'surrogatepass')).hexdigest()}"
