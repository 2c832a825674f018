"""What a provider's claims on a person change here, at each sign-in and each refresh of a session."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge.database.sessions import TenantSession
from bridge.journal.record import Cause


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

    Nothing is taken in yet: a person's attributes and groups are what SCIM says.
    """
