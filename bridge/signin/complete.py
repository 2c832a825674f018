"""The return from the provider: each step refuses what it must, and only the last one writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from bridge.access.sessions import NewSession, Renewal, open_session
from bridge.billing.runs import closed_until
from bridge.database.sessions import Database, TenantSession
from bridge.errors import Conflict, Inconsistent, Untrusted
from bridge.journal.record import Cause
from bridge.scim.reading import Limits
from bridge.signin.attempts import Taken, take_attempt
from bridge.signin.claims import claims_seen
from bridge.signin.exchange import Tokens, exchange_code, read_userinfo
from bridge.signin.fetch import FetchLimits
from bridge.signin.group_claims import OKTA_ADVICE, may_be_too_many_groups, with_okta_advice
from bridge.signin.how_known import how_known
from bridge.signin.id_tokens import Vouched, read_id_token, with_userinfo
from bridge.signin.just_in_time import create_just_in_time
from bridge.signin.key_sets import KeySets, Provider
from bridge.signin.link import find_linked, link_by_external_id
from bridge.signin.oidc_settings import OidcClient, find_oidc
from bridge.signin.refresh_times import until_refresh
from bridge.signin.signed_tokens import TokenLimits, instant_claim
from bridge.tenants.secrets import Seal
from bridge.usage.take_sign_ins import take_sign_ins
from config.settings import Settings

#: What of an answer is looked at; each may come once.
PARAMETERS = ("state", "code", "iss", "error", "error_description")
CODE_CHARACTERS = 4096

#: Errors of a provider that a person can mend (RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6).
MENDABLE = {
    "access_denied",
    "login_required",
    "interaction_required",
    "consent_required",
    "temporarily_unavailable",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What a sign-in is completed with."""

    database: Database
    seal: Seal
    key_sets: KeySets
    settings: Settings
    limits: Limits


@dataclass(frozen=True, slots=True)
class Completed:
    """Somebody is signed in; ``return_to`` is the path that they wanted."""

    person_id: str
    opened: NewSession
    return_to: str


def complete_sign_in(
    desk: Desk,
    tenant_id: str,
    connection_id: str,
    answer: Mapping[str, str],
    *,
    browser: str | None,
    redirect_uri: str,
    cause: Cause,
    now: datetime,
) -> Completed:
    """Sign in whoever returns with this answer of the provider.

    Raises ``NotFound`` for a connection without these settings, ``Untrusted`` and ``ProviderFailed`` for
    everything that must be refused; then nobody has been made or changed.
    """
    # Taken in a transaction of its own, which is committed whatever follows: a state is good for one attempt.
    with desk.database.read(tenant_id) as session:
        client = find_oidc(session, connection_id, seal=desk.seal)
    taken = _take(desk, tenant_id, connection_id, state=answer.get("state"), browser=browser, now=now)
    provider = desk.key_sets.provider(client.issuer, now=now)
    _check_answer(answer, client, provider)
    tokens = exchange_code(
        client,
        provider,
        code=answer["code"],
        verifier=taken.verifier,
        redirect_uri=redirect_uri,
        limits=FetchLimits.of(desk.settings),
    )
    vouched = _vouched(desk, client, provider, tokens=tokens, taken=taken, now=now)
    with desk.database.write(tenant_id) as session:
        person_id = _person(session, desk, client, vouched, cause=cause, now=now)
        opened = _open(
            session, desk, client, vouched, tokens=tokens, person_id=person_id, cause=cause, now=now
        )
        # Once the person is held: people before groups, as everywhere.
        claims_seen(session, connection_id, person_id, vouched.claims, cause=cause, now=now)
        _count(
            session, connection_id, person_id, vouched,
            late_days=desk.settings.late_days, cause=cause, now=now,
        )  # fmt: skip
    return Completed(person_id, opened, taken.return_to)


def _take(
    desk: Desk, tenant_id: str, connection_id: str, *, state: str | None, browser: str | None, now: datetime
) -> Taken:
    refused: Untrusted | None = None
    with desk.database.write(tenant_id) as session:
        try:
            return take_attempt(session, connection_id, state=state, browser=browser, seal=desk.seal, now=now)
        except Untrusted as error:
            refused = error  # raised once the row is gone
    raise refused


def _check_answer(answer: Mapping[str, str], client: OidcClient, provider: Provider) -> None:
    # RFC 9207 section 2.4: an answer of another provider was meant for it, also one that tells an error.
    if answer.get("iss", client.issuer) != client.issuer or (provider.names_itself and "iss" not in answer):
        raise Untrusted(
            "wrong_answer_issuer", "the answer is another provider's, or does not say whose it is"
        )
    if "error" in answer:
        _refuse_as_told(answer["error"], answer.get("error_description", ""), client)
    if not 0 < len(answer.get("code", "")) <= CODE_CHARACTERS:
        raise Untrusted("no_code", "the provider's answer has no code")


def _refuse_as_told(error: str, description: str, client: OidcClient) -> NoReturn:
    if may_be_too_many_groups(client.preset, client.group_claim, description):
        raise Untrusted("too_many_groups", OKTA_ADVICE)
    if error in MENDABLE:
        raise Untrusted(f"provider_said_{error}", "the provider did not sign you in")
    told = with_okta_advice("the provider did not sign you in", client.preset, client.group_claim)
    raise Untrusted("provider_said_other", told)


def _vouched(
    desk: Desk, client: OidcClient, provider: Provider, *, tokens: Tokens, taken: Taken, now: datetime
) -> Vouched:
    find_key = desk.key_sets.finder(client.issuer, now=now)
    # It comes from the provider itself, and is long for those who are in many groups: they shall sign in too.
    limits = TokenLimits.of_id_tokens(desk.settings)
    vouched = read_id_token(tokens, client, taken, find_key, limits, now=now)
    told = read_userinfo(provider, tokens.access_token, FetchLimits.of(desk.settings))
    return with_userinfo(vouched, told, client)


def _person(
    session: TenantSession, desk: Desk, client: OidcClient, vouched: Vouched, *, cause: Cause, now: datetime
) -> str:
    connection_id = client.connection_id
    person_id = find_linked(session, connection_id, vouched) or link_by_external_id(
        session, connection_id, vouched, cause=cause, now=now
    )
    if person_id is not None:
        return person_id
    if client.jit != "create":
        kept = vouched.subject if client.jit == "link-only" else None
        told = "nobody here is known by this account: ask your administrator"
        raise Untrusted("unknown_person", told, subject=kept)
    return create_just_in_time(
        session, connection_id, vouched, limits=desk.limits, seal=desk.seal, cause=cause, now=now
    )


def _open(
    session: TenantSession,
    desk: Desk,
    client: OidcClient,
    vouched: Vouched,
    *,
    tokens: Tokens,
    person_id: str,
    cause: Cause,
    now: datetime,
) -> NewSession:
    try:
        return open_session(
            session,
            person_id=person_id,
            connection_id=client.connection_id,
            issuer=vouched.issuer,
            subject=vouched.subject,
            sid=vouched.sid,
            # Kept to be shown to the provider in an address, where a long one does not fit.
            id_token=tokens.id_token if len(tokens.id_token) <= desk.settings.token_bytes else None,
            refresh_token=tokens.refresh_token,
            seal=desk.seal,
            lifetime=timedelta(hours=desk.settings.session_hours),
            most=desk.settings.session_most,
            renewal=_renewal(desk.settings, tokens, vouched, now=now),
            cause=cause,
            now=now,
        )
    except Conflict as error:
        told = "whoever signs in was deactivated: ask your administrator"
        raise Untrusted("person_inactive", told, person_id=person_id) from error


def _renewal(chosen: Settings, tokens: Tokens, vouched: Vouched, *, now: datetime) -> Renewal | None:
    if tokens.refresh_token is None:
        return None
    claims = vouched.signed
    return Renewal(
        at=now + until_refresh(tokens.expires_in, chosen),
        nonce=claims.get("nonce"),
        auth_time=instant_claim(claims, "auth_time"),
        party=claims.get("azp"),
    )


def _count(
    session: TenantSession,
    connection_id: str,
    person_id: str,
    vouched: Vouched,
    *,
    late_days: int,
    cause: Cause,
    now: datetime,
) -> None:
    fact = {"connection": connection_id, "id": vouched.fact, "person": person_id, "at": now.isoformat()}
    fact |= how_known(vouched.claims)
    taken = take_sign_ins(
        session, [fact], closed_until=closed_until, late_days=late_days, cause=cause, now=now
    )
    if taken.rejected:
        raise Inconsistent(f"the sign-in is no usage fact: {taken.rejected[0].reason}")
