"""Signed tokens of identity providers (JWS, RFC 7515), believed only when everything about them is right.

The cryptography is joserfc's; what it is applied to is decided here. No header of a token chooses a key by
itself: the id picks one of those that the issuer publishes, and anything that brings a key along is refused.
"""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry

from bridge.errors import Untrusted
from bridge.signin.key_sets import FindKey
from config.settings import Settings

#: Whatever a provider says that it supports: never ``none``, nothing symmetric, nothing with SHA-1.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "EdDSA", "Ed25519"})

#: Headers that bring a key, or change how the rest is read.
FORBIDDEN_HEADERS = ("jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc")

#: OpenID Connect Core 1.0 section 2 gives a subject 255 characters of ASCII; an issuer here as many.
SUBJECT_CHARACTERS = 255

PART = re.compile(rb"[A-Za-z0-9_-]+")
#: What no text column of PostgreSQL holds, and what no id has.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """How long a token may be, and how far the clock that dated it may be off."""

    most_bytes: int
    leeway: timedelta

    @classmethod
    def of(cls, chosen: Settings) -> "TokenLimits":
        """Return the limits that the operator has set."""
        return cls(chosen.token_bytes, timedelta(seconds=chosen.token_leeway_seconds))

    @classmethod
    def of_id_tokens(cls, chosen: Settings) -> "TokenLimits":
        """Return those of ID tokens, which may name thousands of groups."""
        return cls(chosen.id_token_bytes, timedelta(seconds=chosen.token_leeway_seconds))


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say to be believed.

    ``types`` are those of its header's ``typ``, in lower case without ``application/``; the empty word
    stands for none. ``audience`` is our name in it, ``other_audiences`` are names that are ours as well.
    ``sole_audience`` refuses whoever is addressed beside us. ``must_expire`` asks for
    ``exp``; where there is one it counts in any case. ``issued_since`` refuses what was issued before, give
    or take the leeway.
    """

    issuer: str
    audience: str
    types: Collection[str]
    algorithms: Collection[str] = ALGORITHMS
    sole_audience: bool = False
    must_expire: bool = True
    other_audiences: Collection[str] = ()
    issued_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that is believed: the algorithm it was signed with, and its claims."""

    algorithm: str
    claims: Mapping[str, Any]


def verified(
    token: str, find_key: FindKey, expected: Expected, limits: TokenLimits, *, now: datetime
) -> Verified:
    """Return the claims of a signed token. Raises ``Untrusted``; what ``find_key`` raises.

    Of the claims ``iss``, ``aud``, ``iat``, ``exp`` and ``nbf`` are checked; the others are the caller's.
    """
    header, payload, signed, signature = _parts(token, limits)
    algorithm = _checked_header(header, expected)
    _check_signature(algorithm, find_key(_key_id(header)), signed, signature)
    claims = _object(payload)
    _check_issuer(claims, expected)
    _check_audience(claims, expected)
    _check_times(claims, expected, limits.leeway, now)
    return Verified(algorithm, claims)


def text_claim(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that must be an identifier: a text of 1 to 255 characters. Raises ``Untrusted``."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= SUBJECT_CHARACTERS or CONTROL.search(value):
        raise Untrusted(f"bad_{name}", f"the token has no {name}, or one that is no identifier")
    return value


def instant_claim(claims: Mapping[str, Any], name: str) -> datetime | None:
    """Return a claim that is an instant (NumericDate, RFC 7519), None without one. Raises ``Untrusted``."""
    if name not in claims:
        return None
    value = claims[name]
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise Untrusted(f"bad_{name}", f"the token's {name} is no instant")


def _parts(token: str, limits: TokenLimits) -> tuple[Mapping[str, Any], bytes, bytes, bytes]:
    if not token.isascii() or len(token) > limits.most_bytes:
        raise Untrusted("malformed_token", "the token is too long, or no token")
    parts = token.encode().split(b".")
    if len(parts) != len(("header", "payload", "signature")):
        raise Untrusted("malformed_token", "the token is not a signed one")
    header, payload, signature = (_decoded(part) for part in parts)
    return _object(header), payload, b".".join(parts[:2]), signature


def _decoded(part: bytes) -> bytes:
    """Decode base64url in its one form, so that no two texts are the same token."""
    try:
        plain = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)) if PART.fullmatch(part) else b""
    except binascii.Error:
        plain = b""
    if not plain or base64.urlsafe_b64encode(plain).rstrip(b"=") != part:
        raise Untrusted("malformed_token", "the token is not well encoded")
    return plain


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        read = orjson.loads(content)
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(read, dict):
        raise Untrusted("malformed_token", "a part of the token is no JSON object")
    return read


def _checked_header(header: Mapping[str, Any], expected: Expected) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or algorithm not in expected.algorithms:
        raise Untrusted(
            "forbidden_algorithm", "the token is signed in a way that is not allowed, or not at all"
        )
    if found := [name for name in FORBIDDEN_HEADERS if name in header]:
        raise Untrusted("forbidden_header", f"the token's header has {found[0]}, which is not allowed")
    kind = header.get("typ", "")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in expected.types:
        raise Untrusted("wrong_type", "the token is of another type than is asked for here")
    return algorithm


def _key_id(header: Mapping[str, Any]) -> str:
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise Untrusted("unknown_key", "the token does not say which key it is signed with")
    return key_id


def _check_signature(algorithm: str, key: Key, signed: bytes, signature: bytes) -> None:
    # Asked for by its name rather than through the library's checks, which warn at EdDSA by its old name.
    way = JWSRegistry.algorithms[algorithm]
    try:
        way.check_key(key)
        good = way.verify(signed, signature, key)
    except (JoseError, ValueError, TypeError):
        good = False
    if not good:
        raise Untrusted("bad_signature", "the token's signature is not the provider's")


def _check_issuer(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise Untrusted("wrong_issuer", "the token was issued by somebody else")


def _check_audience(claims: Mapping[str, Any], expected: Expected) -> None:
    audience = claims.get("aud")
    listed = [audience] if isinstance(audience, str) else audience
    ours = (expected.audience, *expected.other_audiences)
    if not isinstance(listed, list) or not any(each in listed for each in ours):
        raise Untrusted("wrong_audience", "the token is meant for somebody else")
    if expected.sole_audience and listed != [expected.audience]:
        raise Untrusted("wrong_audience", "the token is meant for others as well")


def _check_times(claims: Mapping[str, Any], expected: Expected, leeway: timedelta, now: datetime) -> None:
    issued, expires, begins = (instant_claim(claims, name) for name in ("iat", "exp", "nbf"))
    if issued is None:
        raise Untrusted("bad_iat", "the token does not say when it was issued")
    if issued > now + leeway or (begins is not None and begins > now + leeway):
        raise Untrusted("not_yet_valid", "the token is dated in the future: compare the clocks")
    if expires is None and expected.must_expire:
        raise Untrusted("bad_exp", "the token does not say when it expires")
    if expires is not None and expires + leeway <= now:
        raise Untrusted("expired_token", "the token has expired")
    if expected.issued_since is not None and issued + leeway < expected.issued_since:
        raise Untrusted("old_token", "the token was issued before it was asked for")
