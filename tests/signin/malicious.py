"""A provider that signs in whomever it is told to, or lies about it in one way at a time."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc.jwk import Key

from tests.signin.provider_double import Asked, Site, Told, site
from tests.signin.signing import public, rsa, signed

__all__ = ["Malicious", "half_hash", "site"]

DIRECTORY = "11111111-2222-3333-4444"
CLIENT, SECRET = "bridge-client", "s3cret+/="


def half_hash(text: str, name: str = "sha256") -> str:
    digest = hashlib.new(name, text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


@dataclass
class Malicious:
    """What it says of itself and of who signs in; members that are changed to None are left out."""

    now: datetime
    site: Site | None = None
    issuers: int = 0
    entra: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public(rsa())])
    key: Key = field(default_factory=rsa)
    alg: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    id_token: str | None = None
    app_token: Told = Told({"access_token": "app-1", "token_type": "Bearer"})  # noqa: RUF009 - frozen
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refreshed: dict[str, Any] = field(default_factory=dict)
    good_refresh: set[str] = field(default_factory=set)
    rotates: bool = True

    @property
    def path(self) -> str:
        return f"{DIRECTORY}-{self.issuers:012}/v2.0" if self.entra else str(self.issuers)

    @property
    def issuer(self) -> str:
        return f"{self.site.url}/{self.path}"

    def begin(self, now: datetime) -> None:
        """Be honest again, under an issuer that nobody knows yet."""
        there, count = self.site, self.issuers + 1
        self.__init__(now)
        self.site, self.issuers = there, count

    def __call__(self, asked: Asked) -> Told:
        what = asked.path.removeprefix(f"/{self.path}/")
        if what in self.told:
            return self.told[what]
        return {
            ".well-known/openid-configuration": self.configuration,
            "keys": lambda _asked: Told({"keys": self.keys}),
            "token": self.token,
            "me": lambda _asked: Told({"sub": self.claims.get("sub", "00u1")} | self.userinfo),
        }[what](asked)

    def configuration(self, _asked: Asked) -> Told:
        told = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/me",
        }
        told |= {f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("authorization", "token")}
        return Told(without_none(told | self.metadata))

    def token(self, asked: Asked) -> Told:
        """Exchange a code once, as RFC 6749 and RFC 7636 ask: also a liar can be strict."""
        if asked.form.get("grant_type") == "refresh_token":
            return self.refresh(asked)
        if asked.form.get("grant_type") == "client_credentials":
            return self.app_token
        begun = self.codes.pop(asked.form.get("code", ""), None)
        if begun is None:
            return Told({"error": "invalid_grant"}, status=400)
        verifier = asked.form["code_verifier"].encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if (begun["code_challenge"], begun["redirect_uri"]) != (challenge, asked.form["redirect_uri"]):
            return Told({"error": "invalid_grant"}, status=400)
        answer = {
            "access_token": "at-1",
            "token_type": "Bearer",
            "id_token": self.id_token or self.signed(begun),
        }
        if self.good_refresh:
            answer |= {"refresh_token": max(self.good_refresh), "expires_in": 600}
        return Told(without_none(answer | self.answer))

    def refresh(self, asked: Asked) -> Told:
        """Give a refresh token for a refresh token, and take the former back where it rotates them."""
        shown = asked.form["refresh_token"]
        if shown not in self.good_refresh:
            return Told({"error": "invalid_grant"}, status=400)
        answer = {"access_token": "at-2", "token_type": "Bearer", "expires_in": 600}
        if self.rotates:
            self.good_refresh -= {shown}
            self.good_refresh |= {f"{shown}+"}
            answer["refresh_token"] = f"{shown}+"
        answer["id_token"] = self.signed({"nonce": None}, self.refreshed)
        return Told(without_none(answer | self.answer))

    def signed(self, begun: dict[str, str | None], changed: dict[str, Any] | None = None) -> str:
        issued = int(self.now.timestamp())
        good = {
            "iss": self.issuer, "aud": CLIENT, "sub": "00u1", "iat": issued, "exp": issued + 300,
            "nonce": begun["nonce"], "sid": f"sid-{self.issuers}",
        }  # fmt: skip
        return signed(
            without_none(good | self.claims | (changed or {})), self.key, **({"alg": self.alg} | self.header)
        )

    def code(self, begun: dict[str, str]) -> str:
        """Let somebody in whom the bridge has sent, and return the code."""
        code = f"code-{self.issuers}-{len(self.codes)}"
        self.codes[code] = begun
        return code


def without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
