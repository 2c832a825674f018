"""Looking through the sign-ins of an account."""

from collections.abc import Sequence

from sqlalchemy import select

from bridge.database.sessions import TenantSession
from bridge.usage.tables import SignIn


def latest_of(session: TenantSession, person_id: str, *, most: int) -> Sequence[SignIn]:
    """Return an account's own sign-ins, the latest first."""
    row = SignIn
    rows = select(row).where(row.person_id == person_id).order_by(row.at.desc(), row.connection_id, row.id)
    return session.scalars(rows.limit(most)).all()
