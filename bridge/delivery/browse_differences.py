"""Looking through what the last comparison with Stripe found, page by page."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_

from bridge.database.sessions import TenantSession
from bridge.delivery.tables import StripeDifference

#: Its kinds, as the comparison tells them.
KINDS = ("amount_differs", "missing_there", "status_differs", "twice_there", "unknown_here")
SUBJECTS = ("credit_note", "invoice")


def differences_page(
    session: TenantSession,
    *,
    after: tuple[datetime, str] | None,
    kind: str | None,
    subject: str | None,
    limit: int,
) -> Sequence[StripeDifference]:
    """Return differences in the order of their ids; ``after`` is the instant and id of the last one seen.

    The next comparison replaces them all: who is in the middle of the pages then goes on with the new ones.
    """
    rows = select(StripeDifference).order_by(StripeDifference.found_at, StripeDifference.id).limit(limit)
    if kind is not None:
        rows = rows.where(StripeDifference.kind == kind)
    if subject is not None:
        rows = rows.where(StripeDifference.subject == subject)
    if after is not None:
        rows = rows.where(tuple_(StripeDifference.found_at, StripeDifference.id) > after)
    return session.scalars(rows).all()
