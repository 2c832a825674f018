"""What a provider's claims on a person change here, at each sign-in and each refresh of a session."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause
from bridge.signin.group_claims import read_group_claim
from bridge.signin.group_questions import ask_groups, settle_question
from bridge.signin.signed_tokens import text_claim
from bridge.signin.tables import OidcSetting
from bridge.signin.take_groups import take_groups
from bridge.signin.tell_unknown_groups import tell_unknown_groups
from config.settings import settings

#: What an administrator is told where groups cannot be known; the last known ones stay.
UNKNOWN: Mapping[str, str] = {
    "too_many": "a token names more groups than BRIDGE_CLAIM_GROUPS allows: have the provider put fewer of "
    "them into it",
    "elsewhere": "a token says that groups are to be asked for elsewhere, which is done at Entra alone: have "
    "the provider put them into the token",
}


def claims_seen(
    session: TenantSession,
    connection_id: str,
    person_id: str,
    claims: Mapping[str, Any],
    *,
    cause: Cause,
    now: datetime,
) -> None:
    """Take in what a verified token, with userinfo, says of a person; in the caller's transaction.

    That is groups, where the connection has a claim for them. A person's attributes are what SCIM says. The
    caller holds the person's row, as ``open_session`` does. Raises what ``take_groups`` raises.
    """
    row = session.scalar(select(OidcSetting).where(OidcSetting.connection_id == connection_id))
    if row is None or row.group_claim is None:
        return
    most = settings().claim_groups
    claim = read_group_claim(claims, name=row.group_claim, preset=row.preset, most=most)
    if claim.reach in ("whole", "partial"):
        take_groups(
            session, connection_id, person_id, claim.names, is_whole=claim.reach == "whole",
            cause=cause, now=now,
        )  # fmt: skip
    if claim.reach == "whole" and row.preset == "entra":
        settle_question(session, connection_id, person_id)
    elif claim.reach == "elsewhere" and row.preset == "entra":
        object_id = text_claim(claims, "oid")
        ask_groups(session, connection_id, person_id, object_id, cause=cause, now=now)
    elif claim.reach in UNKNOWN:
        tell_unknown_groups(session, connection_id, UNKNOWN[claim.reach], now=now)
