"""Forgetting of requests that are older than the log's retention."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete

from bridge.database.sessions import Database
from bridge.provisioning.tables import Refusal, ReplayClaim, RequestRecord


def forget_requests(database: Database, tenant_id: str, *, days: int, now: datetime) -> int:
    """Delete the tenant's requests from more than ``days`` ago, and refusals of nobody; return how many."""
    before = now - timedelta(days=days)
    with database.write(tenant_id) as session:
        own = session.execute(delete(RequestRecord).where(RequestRecord.at < before))
        session.execute(delete(ReplayClaim).where(ReplayClaim.at < before))
    with database.unscoped() as unscoped:
        nobodys = unscoped.execute(delete(Refusal).where(Refusal.at < before))
    return sum(cast("CursorResult[Any]", result).rowcount for result in (own, nobodys))
