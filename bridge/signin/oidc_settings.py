"""The settings of a connection for signing in by OpenID Connect: checked, sealed, read."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.errors import InvalidValue, NotFound, ProviderFailed
from bridge.journal.record import Cause, Subject, record
from bridge.signin.fetch import checked_url
from bridge.signin.group_claims import GROUP_CLAIM
from bridge.signin.tables import OidcSetting
from bridge.tenants.connections import find_connection
from bridge.tenants.secrets import Seal

PRESETS = ("okta", "entra", "google", "generic")
POLICIES = ("off", "link-only", "create")
SCOPES = ("openid", "profile", "email")

#: An issuer, a client id or a scope that is longer is none.
TEXT_CHARACTERS = 500
MOST_WORDS = 50
CLAIM_CHARACTERS = 255
#: What a token says of itself and of the person is no list of groups (OpenID Connect Core 1.0 section 2).
RESERVED = {"iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "sid", "jti", "amr", "acr", "azp", "auth_time"}
SECRET_CHARACTERS = 16_384

#: Entra's issuer names one directory (learn.microsoft.com/entra/identity-platform/access-tokens); ``common``
#: and ``organizations`` are nobody's issuer.
ENTRA_ISSUER = re.compile(r"https?://[^/]+/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/v2\.0")
WORD = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # a scope, RFC 6749 section 3.3


@dataclass(frozen=True, slots=True)
class OidcTerms:
    """What an administrator sets. At most one of ``secret`` and ``private_key`` (PEM) is given.

    Neither leaves what is set already; ``public_client`` takes it away. ``preset`` None means that of the
    connection's kind.

    ``group_claim`` names the claim that has people's groups: None means that of the preset, an empty text
    none. ``groups_from_userinfo`` lets userinfo, which nobody signs, tell them where the token does not.
    """

    issuer: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    public_client: bool = False
    preset: str | None = None
    jit: str = "off"
    scopes: Sequence[str] = SCOPES
    organisations: Sequence[str] = ()
    group_claim: str | None = None
    groups_from_userinfo: bool = False


@dataclass(frozen=True, slots=True)
class OidcClient:
    """A connection's settings as they are; ``proof`` says what ``secret`` is."""

    connection_id: str
    preset: str
    issuer: str
    client_id: str
    proof: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...]
    jit: str
    organisations: tuple[str, ...]
    group_claim: str | None
    groups_from_userinfo: bool


def set_oidc(
    session: TenantSession,
    connection_id: str,
    terms: OidcTerms,
    *,
    seal: Seal,
    private: bool,
    cause: Cause,
    now: datetime,
) -> None:
    """Have people of the connection sign in at this provider from now on.

    ``private`` is whether providers at private addresses are allowed. Raises ``NotFound``, ``InvalidValue``
    with a pointer.
    """
    connection = find_connection(session, connection_id)
    preset = terms.preset or (connection.kind if connection.kind in PRESETS else "generic")
    _check(terms, preset, private=private)
    known = session.get(OidcSetting, (session.tenant_id, connection_id), with_for_update=True)
    proof, sealed = _proof(terms, known, seal)
    subject = Subject("connection", connection_id)
    group_claim = GROUP_CLAIM[preset] if terms.group_claim is None else terms.group_claim or None
    details = {
        "issuer": terms.issuer, "client_id": terms.client_id, "jit": terms.jit, "proof": proof,
        "group_claim": group_claim,
    }  # fmt: skip
    row = {
        "tenant_id": session.tenant_id,
        "connection_id": connection_id,
        "preset": preset,
        "issuer": terms.issuer,
        "client_id": terms.client_id,
        "proof": proof,
        "sealed": sealed,
        "scopes": list(terms.scopes),
        "jit": terms.jit,
        "organisations": list(_organisations(terms, preset)),
        "group_claim": group_claim,
        "groups_from_userinfo": terms.groups_from_userinfo,
        "changed_at": now,
        "cause_id": record(session, "signin:oidc:set", subject, cause=cause, at=now, details=details),
    }
    session.put_rows(OidcSetting, [row])


def find_oidc(session: TenantSession, connection_id: str, *, seal: Seal) -> OidcClient:
    """Return the settings of a connection. Raises ``NotFound`` where none are."""
    return _client(_row(session, connection_id), seal)


def find_oidc_of(
    session: TenantSession, connection_ids: Collection[str], *, seal: Seal
) -> dict[str, OidcClient]:
    """Return the settings of these connections, of those that have any."""
    rows = session.scalars(select(OidcSetting).where(one_of(OidcSetting.connection_id, connection_ids)))
    return {row.connection_id: _client(row, seal) for row in rows}


def _client(row: OidcSetting, seal: Seal) -> OidcClient:
    return OidcClient(
        connection_id=row.connection_id,
        preset=row.preset,
        issuer=row.issuer,
        client_id=row.client_id,
        proof=row.proof,
        secret="" if row.sealed is None else seal.open(row.sealed).decode(),
        scopes=tuple(row.scopes),
        jit=row.jit,
        organisations=tuple(row.organisations),
        group_claim=row.group_claim,
        groups_from_userinfo=row.groups_from_userinfo,
    )


def find_issuer(session: TenantSession, connection_id: str) -> str:
    """Return the issuer of a connection's provider. Raises ``NotFound``."""
    return _row(session, connection_id).issuer


def find_client_id(session: TenantSession, connection_id: str) -> str:
    """Return the name under which a connection's provider knows the software. Raises ``NotFound``."""
    return _row(session, connection_id).client_id


def show_oidc(session: TenantSession, connection_id: str) -> dict[str, Any]:
    """Return the settings as an administrator may see them: without the secret. Raises ``NotFound``."""
    row = _row(session, connection_id)
    shown = (
        "preset", "issuer", "client_id", "proof", "scopes", "jit", "organisations", "group_claim",
        "groups_from_userinfo", "changed_at",
    )  # fmt: skip
    return {name: getattr(row, name) for name in shown}


def _row(session: TenantSession, connection_id: str) -> OidcSetting:
    row = session.scalar(select(OidcSetting).where(OidcSetting.connection_id == connection_id))
    if row is None:
        raise NotFound(
            f"connection {connection_id[:60]} has no sign-in by OpenID Connect: set it with `bridge oidc set`"
        )
    return row


def _check(terms: OidcTerms, preset: str, *, private: bool) -> None:
    for pointer, value, allowed in (("/preset", preset, PRESETS), ("/jit", terms.jit, POLICIES)):
        if value not in allowed:
            raise InvalidValue(f"found {value[:60]!r}, allowed one of {', '.join(allowed)}", pointer=pointer)
    _check_issuer(terms.issuer, preset, private=private)
    if not 0 < len(terms.client_id) <= TEXT_CHARACTERS or not terms.client_id.isprintable():
        raise InvalidValue("allowed the client id that the provider shows", pointer="/client_id")
    _check_words("/scopes", terms.scopes)
    _check_words("/organisations", terms.organisations)
    if terms.group_claim and not _is_claim(terms.group_claim):
        raise InvalidValue(
            f"allowed the name of a claim, of up to {CLAIM_CHARACTERS} characters", pointer="/group_claim"
        )
    if "openid" not in terms.scopes:
        raise InvalidValue("the scope openid is missing: without it nobody signs in", pointer="/scopes")
    if preset == "google" and not terms.organisations:
        raise InvalidValue(
            "name your domains: at Google's one issuer everybody in the world signs in",
            pointer="/organisations",
        )


def _is_claim(name: str) -> bool:
    return len(name) <= CLAIM_CHARACTERS and name.isprintable() and name not in RESERVED


def _check_issuer(issuer: str, preset: str, *, private: bool) -> None:
    try:
        parts = checked_url(issuer, private=private)
    except ProviderFailed as error:
        raise InvalidValue(
            "allowed an address beginning with https://, as the provider shows its issuer", pointer="/issuer"
        ) from error
    if len(issuer) > TEXT_CHARACTERS or parts.query:
        raise InvalidValue("an issuer has no query, and is not this long", pointer="/issuer")
    if preset == "entra" and not ENTRA_ISSUER.fullmatch(issuer):
        raise InvalidValue(
            "an issuer of Entra ends in /<id of your directory>/v2.0: common is everybody's",
            pointer="/issuer",
        )


def _check_words(pointer: str, words: Sequence[str]) -> None:
    good = (len(each) <= TEXT_CHARACTERS and WORD.fullmatch(each) for each in words)
    if len(words) > MOST_WORDS or not all(good):
        raise InvalidValue(f"allowed up to {MOST_WORDS} words without spaces", pointer=pointer)


def _organisations(terms: OidcTerms, preset: str) -> Sequence[str]:
    """Return whom to let in; a token of Entra must be of the directory that its issuer names."""
    found = ENTRA_ISSUER.fullmatch(terms.issuer) if preset == "entra" else None
    return [found[1]] if found else [each.lower() for each in terms.organisations]


def _proof(terms: OidcTerms, known: OidcSetting | None, seal: Seal) -> tuple[str, bytes | None]:
    given = [each is not None for each in (terms.secret, terms.private_key)]
    if sum(given) + terms.public_client > 1:
        raise InvalidValue("give a secret, a private key or neither, not both", pointer="/client_secret")
    if terms.private_key is not None:
        _check_key(terms.private_key)
        return "private_key", seal.seal(terms.private_key.encode())
    if terms.secret is not None:
        if not 0 < len(terms.secret) <= SECRET_CHARACTERS or not terms.secret.isprintable():
            raise InvalidValue("allowed the secret that the provider shows", pointer="/client_secret")
        return "secret", seal.seal(terms.secret.encode())
    if known is None or known.sealed is None or terms.public_client:
        return "none", None
    # A secret is for the one it was given for: at another issuer it would be told to a stranger.
    if (known.issuer, known.client_id) != (terms.issuer, terms.client_id):
        raise InvalidValue(
            "the issuer or the client id changes: give the secret anew", pointer="/client_secret"
        )
    return known.proof, known.sealed


def _check_key(pem: str) -> None:
    if len(pem) <= SECRET_CHARACTERS and import_private_key(pem) is not None:
        return
    raise InvalidValue("allowed a private RSA key, or one of P-256, as PEM", pointer="/private_key")


def import_private_key(pem: str) -> RSAKey | ECKey | None:
    """Return the key of a PEM text, None where it is none that a client can sign with."""
    for kind in (RSAKey, ECKey):
        try:
            key = kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
        if key.is_private and (isinstance(key, RSAKey) or key.curve_name == "P-256"):
            return key
    return None
