"""The workers' answer to tokens that say where groups are instead of which: asked, or left as they are known.

An attempt that fails changes nothing: whoever was in a group stays in it, and the administrator is told why.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bridge.access.active_people import hold_active
from bridge.alerts.ring import close_alert
from bridge.database.sessions import Database, TenantSession
from bridge.errors import Conflict, NotFound, Untrusted
from bridge.signin.graph import Graph, Unresolved, member_groups, open_graph
from bridge.signin.group_claims import GroupName, read_groups
from bridge.signin.group_questions import (
    Question,
    has_failed,
    is_still_asked,
    lease_questions,
    put_off,
    release,
    settle_question,
)
from bridge.signin.key_sets import KeySets
from bridge.signin.oidc_settings import OidcClient, find_oidc
from bridge.signin.take_groups import take_groups
from bridge.signin.tell_unknown_groups import tell_unknown_groups
from bridge.tenants.secrets import Seal
from config.settings import Settings

ADVICE: Mapping[str, str] = {
    "not_allowed": "Microsoft Graph does not let the application read people's groups: in Entra, give its "
    "registration the application permissions GroupMember.Read.All and User.ReadBasic.All, and consent",
    "no_secret": "somebody is in more groups than a token of Entra holds, and there is no client secret to "
    "ask Microsoft Graph with: set one with `bridge oidc set`",
    "refused_client": "Entra gives the application no token for Microsoft Graph: has its secret, or its "
    "certificate, expired?",
    "too_many": "somebody is in more groups than can be asked for: have Entra put only the groups that are "
    "assigned to the application into its tokens",
    "unknown_person": "Microsoft Graph does not know somebody who signs in: a guest of another directory",
}
OTHERWISE = "Microsoft Graph cannot be asked for the groups of people who are in too many for a token"

#: What passes by itself is told of only when it has failed so often.
ATTEMPTS_UNTOLD = 3


def resolve_groups(
    database: Database,
    tenant_id: str,
    *,
    seal: Seal,
    key_sets: KeySets,
    chosen: Settings,
    now: datetime,
) -> int:
    """Ask for the groups of those whose turn has come, of one connection; return how many they are."""
    questions = lease_questions(database, tenant_id, limit=chosen.graph_batch, now=now)
    if not questions:
        return 0
    connection_id = questions[0].connection_id
    client = _client(database, tenant_id, connection_id, seal)
    if client is None:
        with database.write(tenant_id) as session:
            for question in questions:
                settle_question(session, connection_id, question.person_id)
        return len(questions)
    opened = open_graph(client, key_sets, chosen, now=now)
    told: list[tuple[Question, Unresolved]] = []
    for question in questions:
        answer = opened if isinstance(opened, Unresolved) else _answer(opened, question, chosen)
        if isinstance(answer, Unresolved):
            told.append((question, answer))
            if answer.is_general:
                opened = answer  # whoever follows would hear the same
        elif not _take(database, tenant_id, question, answer, now=now):
            told.append((question, Unresolved("made_meanwhile")))
    with database.write(tenant_id) as session:
        _put_off(session, connection_id, told, most=chosen.graph_attempts, now=now)
    return len(questions)


def _client(database: Database, tenant_id: str, connection_id: str, seal: Seal) -> OidcClient | None:
    """Return the connection's client, None where nobody asks it for groups any more."""
    with database.read(tenant_id) as session:
        client = find_oidc(session, connection_id, seal=seal)
    return client if client.preset == "entra" and client.group_claim is not None else None


def _answer(graph: Graph, question: Question, chosen: Settings) -> tuple[GroupName, ...] | Unresolved:
    told = member_groups(graph, question.object_id)
    if isinstance(told, Unresolved):
        return told
    claim = read_groups(told, preset="entra", most=chosen.claim_groups)
    return claim.names if claim.reach == "whole" else Unresolved("too_many")


def _take(
    database: Database, tenant_id: str, question: Question, names: Sequence[GroupName], *, now: datetime
) -> bool:
    """Write what was heard, unless a later token knows better; return whether that could be done.

    Whoever is not active keeps their groups, and is asked for when they sign in again.
    """
    connection_id, person_id = question.connection_id, question.person_id
    try:
        with database.write(tenant_id) as session:
            is_active = _hold(session, person_id)
            if not is_still_asked(session, question):
                release(session, question, now=now)
                return True
            if is_active:
                take_groups(
                    session, connection_id, person_id, names, is_whole=True, cause=question.cause, now=now
                )
            settle_question(session, connection_id, person_id)
    except Untrusted:
        return False  # a group was provisioned just now, and is found the next time
    return True


def _hold(session: TenantSession, person_id: str) -> bool:
    """Hold the person, who comes before groups everywhere; return whether they are active."""
    try:
        hold_active(session, person_id)
    except (Conflict, NotFound):
        return False
    return True


def _put_off(
    session: TenantSession,
    connection_id: str,
    told: Sequence[tuple[Question, Unresolved]],
    *,
    most: int,
    now: datetime,
) -> None:
    advice: list[str] = []
    for question, why in told:
        put_off(session, question, why.reason, retry_after=why.retry_after, most=most, now=now)
        if why.reason in ADVICE or question.attempt >= ATTEMPTS_UNTOLD:
            advice.append(ADVICE.get(why.reason, OTHERWISE))
    if advice:
        tell_unknown_groups(session, connection_id, advice[0], now=now)
    elif not told and not has_failed(session, connection_id):
        close_alert(session, "groups_unknown", connection_id, now=now)
