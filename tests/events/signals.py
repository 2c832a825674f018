"""A firm whose provider sends signed tokens."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from bridge.signin.events.security_events import CAEP, RISC
from bridge.signin.oidc_settings import OidcTerms, set_oidc
from tests.api.customers import CAUSE, Running, user
from tests.events.firm import Firm
from tests.events.test_applying import minute
from tests.signin.provider_double import Site
from tests.signin.signing import signed

ROOT = "http://localhost"
DISABLED, ENABLED, PURGED = (f"{RISC}account-{verb}" for verb in ("disabled", "enabled", "purged"))
REVOKED = f"{CAEP}session-revoked"

_tokens = count(1)


@dataclass
class Signals:
    """A firm that its provider sends signed tokens."""

    firm: Firm
    issuer: str
    host: str = ROOT

    @classmethod
    def of(cls, running: Running, provider: Site, *names: str) -> "Signals":
        firm = Firm.of(running, *names)
        terms = OidcTerms(provider.url, "client-1", public_client=True, preset="okta")
        with running.database.write(firm.customer.tenant_id) as session:
            set_oidc(
                session, firm.connection_id, terms, seal=running.parts.seal, private=True, cause=CAUSE,
                now=minute(0),
            )  # fmt: skip
        return cls(firm, provider.url)

    def address(self, place: str) -> str:
        return f"/events/{self.firm.connection_id}/{place}"

    def claims(self, place: str, at: datetime, **changed: object) -> dict[str, Any]:
        good = {
            "iss": self.issuer,
            "aud": f"{ROOT}{self.address(place)}",
            "iat": int(at.timestamp()),
            "jti": f"token-{next(_tokens)}",
        } | changed
        return {name: value for name, value in good.items() if value is not None}

    def event(self, type_: str, name: str, at: datetime, **changed: object) -> dict[str, Any]:
        subject = {"format": "iss_sub", "iss": self.issuer, "sub": f"ext-{name}"}
        told = {"events": {type_: {"event_timestamp": int(at.timestamp())}}, "sub_id": subject}
        return self.claims("set", at, **(told | changed))

    def send(self, claims: dict[str, Any], *, at: datetime, **header: object):
        return self.push(signed(claims, **({"typ": "secevent+jwt"} | header)), at=at)

    def push(self, token: str, *, at: datetime, content_type: str | None = "application/secevent+jwt"):
        self.firm.running.set_clock(at)
        headers = {"Accept": "application/json"} | ({"Content-Type": content_type} if content_type else {})
        return self.firm.running.client.post(self.address("set"), data=token, headers=headers)

    def tell(self, claims: dict[str, Any], *, at: datetime) -> None:
        answer = self.send(claims, at=at)
        assert (answer.status_code, answer.data) == (202, b""), answer.text
        self.firm.apply(at=at)

    def logout_claims(self, at: datetime, **changed: object) -> dict[str, Any]:
        end = int(at.timestamp()) + 300
        return self.claims("global-token-revocation", at, **({"sub": "client-1", "exp": end} | changed))

    def log_out(self, sub_id: object, *, at: datetime, token: str | None = None, body: object = None):
        self.firm.running.set_clock(at)
        given = token or signed(self.logout_claims(at), typ="global-token-revocation+jwt")
        return self.firm.running.client.post(
            self.address("global-token-revocation"),
            json={"sub_id": sub_id} if body is None else body,
            headers={"Authorization": f"Bearer {given}"},
        )

    def by_sub(self, name: str) -> dict[str, str]:
        return {"format": "iss_sub", "iss": self.issuer, "sub": f"ext-{name}"}


def shared_address(signals: Signals) -> dict[str, str]:
    """Give Ada and Bob one address."""
    for name in ("ada", "bob"):
        told = {**user(name), "emails": [{"value": "team@lindqvist.example", "primary": True}]}
        signals.firm.scim("PUT", f"/Users/{signals.firm.people[name]}", told)
    return {"format": "email", "email": "team@lindqvist.example"}
