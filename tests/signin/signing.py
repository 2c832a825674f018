"""Keys of made-up providers, with which tests sign tokens that are right, or wrong in one way."""

import base64
import hmac
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

ISSUER = "https://idp.example"
AUDIENCE = "client-1"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@cache
def rsa(key_id: str = "one", bits: int = 2048) -> RSAKey:
    with warnings.catch_warnings(action="ignore"):  # of keys that are made small on purpose
        return RSAKey.generate_key(bits, {"kid": key_id})


@cache
def ec(key_id: str = "curve", curve: str = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": key_id})


@cache
def ed(key_id: str = "edwards", curve: str = "Ed25519") -> OKPKey:
    return OKPKey.generate_key(curve, {"kid": key_id})


def public(key: Key, **more: object) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def joined(header: Mapping[str, Any], claims: object, signature: bytes) -> str:
    return ".".join((encoded(orjson.dumps(header)), encoded(orjson.dumps(claims)), encoded(signature)))


def signed(claims: object, key: Key | None = None, *, alg: str = "RS256", **header: object) -> str:
    """Sign claims; headers that are given as None are left out."""
    key = key or rsa()
    told = {"alg": alg, "kid": key.kid, "typ": "JWT"} | header
    told = {name: value for name, value in told.items() if value is not None}
    text = f"{encoded(orjson.dumps(told))}.{encoded(orjson.dumps(claims))}"
    signature = JWSRegistry.algorithms[alg].sign(text.encode(), key)
    return f"{text}.{encoded(signature)}"


def symmetric(claims_: object, secret: bytes, alg: str) -> str:
    """Sign with a shared secret by hand: no library lends itself to a public key as such."""
    text = (
        f"{encoded(orjson.dumps({'alg': alg, 'kid': 'one', 'typ': 'JWT'}))}.{encoded(orjson.dumps(claims_))}"
    )
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), alg.replace('HS', 'sha')))}"


def claims(at: datetime = NOW, **changed: object) -> dict[str, Any]:
    """Return good claims with some changed; those that are given as None are left out."""
    issued = int(at.timestamp())
    good: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "00u1",
        "iat": issued,
        "exp": issued + 300,
    } | changed
    return {name: value for name, value in good.items() if value is not None}


def decoded_header(token: str) -> dict[str, Any]:
    part = token.partition(".")[0]
    read: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read
