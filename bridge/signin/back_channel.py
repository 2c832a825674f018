"""What a provider tells of ended sessions, by OpenID Connect Back-Channel Logout 1.0."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from bridge.access.sessions import end_sessions_of_provider
from bridge.database.sessions import Database
from bridge.errors import Untrusted
from bridge.journal.record import Cause
from bridge.signin.key_sets import KeySets
from bridge.signin.oidc_settings import find_oidc
from bridge.signin.signed_tokens import Expected, TokenLimits, text_claim, verified
from bridge.signin.tables import SpentToken
from bridge.tenants.secrets import Seal
from config.settings import Settings

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPES = ("logout+jwt",)
ENDED = "provider_signed_out"


def end_by_logout_token(
    database: Database,
    seal: Seal,
    key_sets: KeySets,
    chosen: Settings,
    *,
    tenant_id: str,
    connection_id: str,
    token: str,
    cause: Cause,
    now: datetime,
) -> int:
    """End the sessions that a logout token names; return how many were open.

    Raises ``NotFound`` for a connection without settings, ``Untrusted`` for a token that section 2.6 refuses
    or that was taken before, ``ProviderFailed``.
    """
    with database.read(tenant_id) as session:
        client = find_oidc(session, connection_id, seal=seal)
    limits, age = TokenLimits.of(chosen), timedelta(minutes=chosen.login_minutes)
    # An old one is refused, so that the ids of those taken need not be kept for ever.
    expected = Expected(
        client.issuer, client.client_id, types=TYPES, sole_audience=True, issued_since=now - age
    )
    claims = verified(token, key_sets.finder(client.issuer, now=now), expected, limits, now=now).claims
    subject, sid = _named(claims)
    spent = {
        "tenant_id": tenant_id,
        "connection_id": connection_id,
        "digest": seal.digest(f"logout token:{client.issuer}\n{text_claim(claims, 'jti')}"),
        "expires_at": now + age + 2 * limits.leeway,
    }
    with database.write(tenant_id) as session:
        gone = delete(SpentToken).where(SpentToken.expires_at <= now)
        session.execute(gone, execution_options={"synchronize_session": False})
        if session.scalar(select(SpentToken.digest).where(SpentToken.digest == spent["digest"])):
            raise Untrusted("spent_token", "the logout token was taken before")
        session.add_missing_rows(SpentToken, [spent])
        return end_sessions_of_provider(
            session, connection_id, issuer=client.issuer, subject=subject, sid=sid,
            because=ENDED, cause=cause, now=now,
        )  # fmt: skip


def _named(claims: Mapping[str, Any]) -> tuple[str | None, str | None]:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise Untrusted("no_logout_event", "the token tells of no logout")
    # Section 2.4: an ID token, which has a nonce, can then never pass for a logout token.
    if "nonce" in claims:
        raise Untrusted("has_nonce", "the token has a nonce, as no logout token has")
    subject = text_claim(claims, "sub") if "sub" in claims else None
    sid = text_claim(claims, "sid") if "sid" in claims else None
    if subject is None and sid is None:
        raise Untrusted("names_nobody", "the token names neither a person nor a session")
    return subject, sid
