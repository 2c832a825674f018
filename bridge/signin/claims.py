"""What a provider's claims on a person change here, at each sign-in and each refresh of a session."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause
from bridge.signin.group_claims import read_group_claim
from bridge.signin.tables import OidcSetting
from bridge.signin.take_groups import take_groups
from config.settings import settings


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
