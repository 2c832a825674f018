"""A session is asked for again at its provider, by the refresh token that came with it.

What a provider answers cannot be had twice where it replaces refresh tokens, so each answer is committed on
its own, and before anything else is done with it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.access.active_people import hold_active
from bridge.access.refreshes import (
    Held,
    ask_no_more,
    end_refused,
    hold_due,
    hold_one,
    keep_rotated,
    note_refreshed,
    put_off,
)
from bridge.access.sessions import wake_refresh
from bridge.database.sessions import Database
from bridge.errors import Conflict, Misconfigured, NotFound, ProviderFailed, Untrusted
from bridge.journal.record import Cause
from bridge.logs import get_logger
from bridge.signin.claims import claims_seen
from bridge.signin.exchange import RefreshedTokens, exchange_refresh_token, read_userinfo
from bridge.signin.fetch import FetchLimits
from bridge.signin.id_tokens import read_refreshed, together
from bridge.signin.key_sets import KeySets
from bridge.signin.oidc_settings import OidcClient, find_oidc_of
from bridge.signin.refresh_times import until_refresh, until_retry
from bridge.signin.signed_tokens import TokenLimits
from bridge.tenants.secrets import Seal
from config.settings import Settings

log = get_logger(__name__)

#: As many failures of one provider in a row, and the others of its sessions are not tried now.
OUTAGE = 3

#: What is asked of a provider for one session at most: its word of itself, its keys, tokens, userinfo.
QUESTIONS = 4

#: Reasons that pass: a key that is published a moment later, clocks that differ.
PASSING = {"unknown_key", "doubled_key", "not_yet_valid", "expired_token"}

LOST = "refresh_token_lost"
OTHER_PROVIDER = "other_provider"


@dataclass(frozen=True, slots=True)
class Desk:
    """What sessions are asked for with."""

    database: Database
    seal: Seal
    key_sets: KeySets
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Question:
    """One session, of whom it is asked, and who caused that."""

    desk: Desk
    tenant_id: str
    client: OidcClient
    held: Held
    cause: Cause
    now: datetime


def refresh_due(desk: Desk, tenant_id: str, *, cause: Cause, now: datetime) -> int:
    """Ask for some of the sessions that are due; return how many there were, 0 when none is left.

    What fails is put off, and stops nothing else.
    """
    chosen = desk.settings
    with desk.database.write(tenant_id) as session:
        idle = timedelta(minutes=chosen.session_idle_minutes)
        helds = hold_due(session, most=chosen.session_refresh_batch, idle=idle, lease=_lease(chosen), now=now)
    if not helds:
        return 0
    with desk.database.read(tenant_id) as session:
        clients = find_oidc_of(session, {each.connection_id for each in helds}, seal=desk.seal)
    failed: Counter[str] = Counter()
    spared: list[Held] = []
    for held in helds:
        client = clients.get(held.connection_id)
        if client is None or client.issuer != held.issuer:
            _ask_no_more(desk, tenant_id, held, because=OTHER_PROVIDER, cause=cause, now=now)
        elif failed[held.connection_id] >= OUTAGE:
            spared.append(held)
        else:
            failure = _ask_alone(_Question(desk, tenant_id, client, held, cause, now))
            is_outage = isinstance(failure, ProviderFailed)
            failed[held.connection_id] = failed[held.connection_id] + 1 if is_outage else 0
    if spared:
        _put_off_unasked(desk, tenant_id, spared, now=now)
    return len(helds)


def refresh_one(desk: Desk, tenant_id: str, session_id: str, *, cause: Cause, now: datetime) -> None:
    """Ask for one session now, as whoever is signed in by it wishes.

    Raises ``Conflict`` where that cannot be, ``LimitReached`` where it just was, ``Untrusted`` when the
    session has ended by the answer, ``ProviderFailed`` when there was none; then the session goes on.
    """
    chosen = desk.settings
    with desk.database.write(tenant_id) as session:
        pause = timedelta(seconds=chosen.session_refresh_least_seconds)
        lease = _lease(chosen, sessions=1)
        held = hold_one(session, session_id, pause=pause, lease=lease, now=now)
        client = find_oidc_of(session, [held.connection_id], seal=desk.seal).get(held.connection_id)
        wake_refresh(session, at=now + lease, now=now)  # by then it is asked for at another time, or was lost
    if client is None or client.issuer != held.issuer:
        _ask_no_more(desk, tenant_id, held, because=OTHER_PROVIDER, cause=cause, now=now)
        raise ProviderFailed(OTHER_PROVIDER, "people sign in elsewhere now: there is nobody to ask")
    failure = _ask(_Question(desk, tenant_id, client, held, cause, now))
    if failure is not None:
        raise failure


def _lease(chosen: Settings, *, sessions: int | None = None) -> timedelta:
    """Return how long those who ask about so many sessions may take."""
    questions = QUESTIONS * (chosen.session_refresh_batch if sessions is None else sessions)
    return timedelta(seconds=60 + questions * chosen.provider_seconds)


def _ask_alone(asked: _Question) -> Untrusted | ProviderFailed | None:
    """Ask about one session so that what nobody foresaw stops no other; it is tried again after the lease."""
    try:
        return _ask(asked)
    except Exception:
        log.exception("refresh.surprise", tenant_id=asked.tenant_id, session_id=asked.held.session_id)
        return None


def _ask(asked: _Question) -> Untrusted | ProviderFailed | None:
    """Ask about one session and write down what came of it; return what was in the way, if anything."""
    try:
        told = _tokens(asked)
    except Untrusted as error:
        return _refused(asked, error)
    except ProviderFailed as error:
        return _failed(asked, error, unsure=asked.held.unsure or not error.nothing_done)
    with asked.desk.database.write(asked.tenant_id) as session:
        is_ours = keep_rotated(session, asked.held, told.refresh_token, seal=asked.desk.seal)
    if not is_ours:  # it has ended meanwhile, or took so long that somebody else has asked
        return None
    try:
        claims = _claims(asked, told)
    except (Untrusted, ProviderFailed) as error:
        if isinstance(error, ProviderFailed) or error.reason in PASSING:
            return _failed(asked, error, unsure=False)
        return _end(asked, error)
    _note(asked, told, claims)
    return None


def _tokens(asked: _Question) -> RefreshedTokens:
    desk, client = asked.desk, asked.client
    try:
        refresh_token = desk.seal.open(asked.held.refresh_token).decode()
        provider = desk.key_sets.provider(client.issuer, now=asked.now)
    except Misconfigured as error:
        raise ProviderFailed("misconfigured", error.detail, nothing_done=True) from error
    except ProviderFailed as error:
        raise ProviderFailed(error.reason, error.detail, nothing_done=True) from error
    return exchange_refresh_token(client, provider, refresh_token, FetchLimits.of(desk.settings))


def _claims(asked: _Question, told: RefreshedTokens) -> Mapping[str, Any]:
    """Return what the provider says now of the person; without an ID token what userinfo says."""
    desk, client, now = asked.desk, asked.client, asked.now
    claims: Mapping[str, Any] = {}
    if told.id_token is not None:
        find_key, limits = (
            desk.key_sets.finder(client.issuer, now=now),
            TokenLimits.of_id_tokens(desk.settings),
        )
        claims = read_refreshed(
            told.id_token, told.access_token, client, asked.held, find_key, limits=limits, now=now
        )
    if told.access_token is None:
        return claims
    provider = desk.key_sets.provider(client.issuer, now=now)
    userinfo = read_userinfo(provider, told.access_token, FetchLimits.of(desk.settings))
    return together(claims, userinfo, asked.client, subject=asked.held.subject)


def _note(asked: _Question, told: RefreshedTokens, claims: Mapping[str, Any]) -> None:
    desk, held, now = asked.desk, asked.held, asked.now
    again_at = now + until_refresh(told.expires_in, desk.settings)
    kept = told.id_token is not None and len(told.id_token) <= desk.settings.token_bytes
    with desk.database.write(asked.tenant_id) as session:
        is_ours = note_refreshed(
            session,
            held,
            id_token=told.id_token if kept else None,
            again_at=again_at,
            seal=desk.seal,
            now=now,
        )
    if is_ours and claims:
        _take_in(asked, claims)


def _take_in(asked: _Question, claims: Mapping[str, Any]) -> None:
    """Take in what the provider says now of the person.

    What cannot be taken in is no reason to end the session, which the provider has vouched for: what was
    known stays.
    """
    held = asked.held
    try:
        with asked.desk.database.write(asked.tenant_id) as session:
            hold_active(session, held.person_id)
            claims_seen(session, held.connection_id, held.person_id, claims, cause=asked.cause, now=asked.now)
    except (Conflict, NotFound):  # deactivated or erased meanwhile, and with that the session has ended
        return
    except Untrusted as error:
        log.warning(
            "refresh.claims_left", tenant_id=asked.tenant_id, session_id=held.session_id, reason=error.reason
        )


def _refused(asked: _Question, error: Untrusted) -> Untrusted | ProviderFailed:
    """End the session, unless the provider may have refused a token that it has replaced itself.

    That one was on its way to us when this process died, or the line did: an accident of ours is no word of
    the provider's.
    """
    if not asked.held.unsure:
        return _end(asked, error)
    _ask_no_more(asked.desk, asked.tenant_id, asked.held, because=LOST, cause=asked.cause, now=asked.now)
    return ProviderFailed(LOST, "the answer of the provider was lost: this session is not asked for again")


def _end(asked: _Question, error: Untrusted) -> Untrusted:
    with asked.desk.database.write(asked.tenant_id) as session:
        end_refused(session, asked.held, because=error.reason, cause=asked.cause, now=asked.now)
    log.warning(
        "refresh.refused", tenant_id=asked.tenant_id, session_id=asked.held.session_id, reason=error.reason
    )
    return error


def _failed(
    asked: _Question, error: Untrusted | ProviderFailed, *, unsure: bool
) -> Untrusted | ProviderFailed:
    held, again_at = asked.held, asked.now + until_retry(asked.held.failures, asked.desk.settings)
    with asked.desk.database.write(asked.tenant_id) as session:
        put_off(session, [held], unsure=unsure, again_at=again_at)
    log.warning("refresh.failed", tenant_id=asked.tenant_id, session_id=held.session_id, reason=error.reason)
    return error


def _ask_no_more(
    desk: Desk, tenant_id: str, held: Held, *, because: str, cause: Cause, now: datetime
) -> None:
    with desk.database.write(tenant_id) as session:
        ask_no_more(session, held, because=because, cause=cause, now=now)


def _put_off_unasked(desk: Desk, tenant_id: str, spared: list[Held], *, now: datetime) -> None:
    """Put off what was not tried, since the provider does not answer."""
    again_at = now + until_retry(0, desk.settings)
    with desk.database.write(tenant_id) as session:
        for unsure in (False, True):
            put_off(
                session, [each for each in spared if each.unsure is unsure], unsure=unsure, again_at=again_at
            )
