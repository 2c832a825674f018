"""What identity providers publish of themselves: their addresses, and the keys that they sign with.

Kept for a while in each process. A key that is withdrawn is believed until then at most; an unknown key has
the keys read anew, but not by everybody who sends one, else whoever can send a token could have the provider
asked without end.
"""

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from bridge.errors import ProviderFailed, Untrusted
from bridge.signin.fetch import FetchLimits, checked_url, fetch_json
from config.settings import Settings

#: Kinds of keys that can verify one of the algorithms of ``signed_tokens``; never a symmetric one.
KINDS: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
CURVES = {"EC": {"P-256"}, "OKP": {"Ed25519"}}
LEAST_RSA_BITS = 2048
#: A larger one costs seconds of a processor for each signature.
MOST_RSA_BITS = 8192

#: Members of a key that nobody publishes who keeps it to himself (RFC 7518 section 6).
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

FindKey = Callable[[str], Key]


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider's word about itself (OpenID Connect Discovery 1.0); addresses are checked.

    ``names_itself`` tells that each of its answers must name it (RFC 9207).
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    auth_methods: frozenset[str]
    scopes: frozenset[str]
    names_itself: bool
    has_refresh: bool


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one provider by their ids; ``doubled`` are ids that more than one key has."""

    keys: Mapping[str, Key]
    doubled: frozenset[str]


@dataclass(slots=True)
class _Kept:
    """What is kept of one issuer; ``asked_at`` is when it was last asked, whatever came of it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    provider: Provider | None = None
    keys: KeySet | None = None
    read_at: datetime | None = None
    asked_at: datetime | None = None
    failed: ProviderFailed | None = None


class KeySets:
    """The providers that this process knows, and their keys."""

    def __init__(self, chosen: Settings) -> None:
        self._limits = FetchLimits.of(chosen)
        self._keep = timedelta(seconds=chosen.provider_keys_seconds)
        self._pause = timedelta(seconds=chosen.provider_refetch_seconds)
        self._most_keys = chosen.provider_keys
        self._most_issuers = chosen.providers_kept
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def provider(self, issuer: str, *, now: datetime) -> Provider:
        """Return the provider of exactly this issuer. Raises ``ProviderFailed``."""
        kept = self._of(issuer)
        with kept.lock:
            return self._fresh(kept, issuer, now)[0]

    def finder(self, issuer: str, *, now: datetime) -> FindKey:
        """Return what finds a key of the issuer by its id, for ``signed_tokens.verified``."""
        return partial(self.key, issuer, now=now)

    def key(self, issuer: str, key_id: str, *, now: datetime) -> Key:
        """Return the key of that id. Raises ``Untrusted`` without one, or with two; ``ProviderFailed``."""
        kept = self._of(issuer)
        with kept.lock:
            keys = self._fresh(kept, issuer, now)[1]
            if key_id not in keys.keys and key_id not in keys.doubled and self._may_ask(kept, now):
                keys = self._read(kept, issuer, now)[1]
        if key_id in keys.doubled:
            raise Untrusted("doubled_key", "the identity provider publishes two keys of one id")
        if key_id not in keys.keys:
            raise Untrusted(
                "unknown_key", "the token is signed with a key that the provider does not publish"
            )
        return keys.keys[key_id]

    def _of(self, issuer: str) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(issuer, _Kept())
            self._kept.move_to_end(issuer)
            while len(self._kept) > self._most_issuers:
                self._kept.popitem(last=False)
        return kept

    def _fresh(self, kept: _Kept, issuer: str, now: datetime) -> tuple[Provider, KeySet]:
        if kept.provider and kept.keys and kept.read_at and kept.read_at <= now < kept.read_at + self._keep:
            return kept.provider, kept.keys
        if kept.failed is not None and not self._may_ask(kept, now):
            raise ProviderFailed(kept.failed.reason, kept.failed.detail)
        return self._read(kept, issuer, now)

    def _may_ask(self, kept: _Kept, now: datetime) -> bool:
        """Tell whether the provider may be asked anew; a clock that was set back allows it as well."""
        return kept.asked_at is None or not kept.asked_at <= now < kept.asked_at + self._pause

    def _read(self, kept: _Kept, issuer: str, now: datetime) -> tuple[Provider, KeySet]:
        kept.asked_at = now
        try:
            provider = read_provider(issuer, self._limits)
            keys = read_keys(fetch_json(provider.jwks_uri, self._limits), most=self._most_keys)
        except ProviderFailed as error:
            kept.failed = error
            raise
        kept.provider, kept.keys, kept.read_at, kept.failed = provider, keys, now, None
        return provider, keys


def read_provider(issuer: str, limits: FetchLimits) -> Provider:
    """Read what the provider of this issuer says of itself. Raises ``ProviderFailed``."""
    told = fetch_json(f"{issuer.removesuffix('/')}/.well-known/openid-configuration", limits)
    # Discovery 1.0 section 4.3: exactly what was configured, else whoever answers speaks for somebody else.
    if told.get("issuer") != issuer:
        raise ProviderFailed("other_issuer", "the provider's configuration names another issuer, or none")
    return Provider(
        issuer=issuer,
        authorization_endpoint=_address(told, "authorization_endpoint", limits),
        token_endpoint=_address(told, "token_endpoint", limits),
        jwks_uri=_address(told, "jwks_uri", limits),
        userinfo_endpoint=_optional_address(told, "userinfo_endpoint", limits),
        end_session_endpoint=_optional_address(told, "end_session_endpoint", limits),
        auth_methods=_words(told, "token_endpoint_auth_methods_supported", ("client_secret_basic",)),
        scopes=_words(told, "scopes_supported", ()),
        names_itself=told.get("authorization_response_iss_parameter_supported") is True,
        has_refresh="refresh_token" in _words(told, "grant_types_supported", ()),
    )


def _address(told: Mapping[str, Any], member: str, limits: FetchLimits) -> str:
    value = told.get(member)
    if not isinstance(value, str):
        raise ProviderFailed("provider_configuration", f"the provider's configuration has no {member}")
    checked_url(value, private=limits.private)
    return value


def _optional_address(told: Mapping[str, Any], member: str, limits: FetchLimits) -> str | None:
    return None if told.get(member) is None else _address(told, member, limits)


def _words(told: Mapping[str, Any], member: str, default: tuple[str, ...]) -> frozenset[str]:
    value = told.get(member, default)
    return (
        frozenset(each for each in value if isinstance(each, str))
        if isinstance(value, list | tuple)
        else frozenset()
    )


def read_keys(document: Mapping[str, Any], *, most: int) -> KeySet:
    """Return the keys of a JWK set (RFC 7517) that can verify a signature. Raises ``ProviderFailed``.

    Those that cannot be used are passed over, as section 5 of the RFC asks: a provider may publish kinds that
    nobody knows yet.
    """
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > most:
        raise ProviderFailed("provider_keys", "the provider's keys are no list, or too many")
    found: dict[str, Key] = {}
    doubled: set[str] = set()
    for each in listed:
        key = _key(each) if isinstance(each, dict) else None
        if key is None or not key.kid:
            continue
        if key.kid in found:
            doubled.add(key.kid)
        found[key.kid] = key
    return KeySet(found, frozenset(doubled))


def _key(told: dict[str, Any]) -> Key | None:
    kind = told.get("kty")
    usable = (
        isinstance(kind, str)
        and kind in KINDS
        and isinstance(told.get("kid"), str)
        and not PRIVATE & told.keys()
        and told.get("use", "sig") == "sig"
        and "verify" in _operations(told)
        and (told.get("crv") in CURVES[kind] if kind in CURVES else _is_large_enough(told))
    )
    if not usable or not isinstance(kind, str):
        return None
    # Certificates and the like are left out: nothing but the key itself is looked at.
    plain: dict[str, Any] = {
        name: told[name] for name in ("kty", "kid", "alg", "n", "e", "crv", "x", "y") if name in told
    }
    try:
        return KINDS[kind].import_key(plain)
    except (JoseError, ValueError, TypeError):
        return None


def _is_large_enough(told: Mapping[str, Any]) -> bool:
    modulus = told.get("n")
    try:
        plain = (
            base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4)) if isinstance(modulus, str) else b""
        )
    except ValueError:
        return False
    return LEAST_RSA_BITS <= int.from_bytes(plain).bit_length() <= MOST_RSA_BITS


def _operations(told: Mapping[str, Any]) -> list[Any]:
    operations = told.get("key_ops", ["verify"])
    return operations if isinstance(operations, list) else []


@cache
def known_providers(chosen: Settings) -> KeySets:
    """Return what this process keeps of providers under these settings."""
    return KeySets(chosen)
