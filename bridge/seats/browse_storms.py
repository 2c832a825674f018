"""Looking through storms, page by page."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select, tuple_

from bridge.database.sessions import TenantSession
from bridge.seats.tables import Storm, StormPerson


def storms_page(
    session: TenantSession, *, before: tuple[datetime, str] | None, status: str | None, limit: int
) -> Sequence[Storm]:
    """Return the latest storms first; ``before`` is the opening and id of the last one seen."""
    rows = select(Storm).order_by(Storm.opened_at.desc(), Storm.id.desc()).limit(limit)
    if status is not None:
        rows = rows.where(Storm.status == status)
    if before is not None:
        rows = rows.where(tuple_(Storm.opened_at, Storm.id) < before)
    return session.scalars(rows).all()


def storm_people_page(
    session: TenantSession, storm_id: str, *, after: tuple[str, datetime] | None, limit: int
) -> Sequence[StormPerson]:
    """Return who lost what in the storm, in the order of their ids; ``after`` is the last one seen."""
    key = (StormPerson.person_id, StormPerson.at)
    rows = select(StormPerson).where(StormPerson.storm_id == storm_id).order_by(*key).limit(limit)
    if after is not None:
        rows = rows.where(tuple_(*key) > after)
    return session.scalars(rows).all()


def count_people(session: TenantSession, storm_ids: Iterable[str]) -> dict[str, int]:
    """Return of how many people each storm holds something, or held it."""
    counted = (
        select(StormPerson.storm_id, func.count(StormPerson.person_id.distinct()))
        .where(StormPerson.storm_id.in_(list(storm_ids)))
        .group_by(StormPerson.storm_id)
    )
    return dict(session.execute(counted).all())
