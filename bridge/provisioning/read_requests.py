"""Reading the provisioning log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import select, tuple_

from bridge.database.sessions import TenantSession
from bridge.errors import NotFound
from bridge.provisioning.request_log import FailedOperation
from bridge.provisioning.tables import RequestRecord
from bridge.tenants.secrets import Seal


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests are asked for; None asks for any.

    ``failed`` are those answered with 400 or above, ``failed_operations`` bulk requests that were answered
    although some of their operations failed; ``since`` is inclusive, ``until`` is not.
    """

    status: int | None = None
    failed: bool | None = None
    failed_operations: bool | None = None
    method: str | None = None
    route: str | None = None
    connection_id: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked: its path with the query, its body without passwords, its condition.

    Of a bulk request also which operations failed, and the ids of what others created, by bulkId.
    """

    target: str
    body: str
    if_match: str | None
    failures: tuple[FailedOperation, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)


def requests(
    session: TenantSession, wanted: RequestFilter, *, before: tuple[datetime, str] | None, limit: int
) -> Sequence[RequestRecord]:
    """Return the latest requests first; ``before`` is the instant and id of the last one seen."""
    rows = select(RequestRecord).order_by(RequestRecord.at.desc(), RequestRecord.id.desc()).limit(limit)
    if before is not None:
        rows = rows.where(tuple_(RequestRecord.at, RequestRecord.id) < before)
    if wanted.failed is not None:
        failed = RequestRecord.status >= 400  # noqa: PLR2004 (the first status of RFC 9110 that tells an error)
        rows = rows.where(failed if wanted.failed else ~failed)
    if wanted.failed_operations is not None:
        in_part = RequestRecord.failed_operations > 0
        rows = rows.where(in_part if wanted.failed_operations else ~in_part)
    if wanted.since is not None:
        rows = rows.where(RequestRecord.at >= wanted.since)
    if wanted.until is not None:
        rows = rows.where(RequestRecord.at < wanted.until)
    for name in ("status", "method", "route", "connection_id", "subject_id"):
        value = getattr(wanted, name)
        if value is not None:
            rows = rows.where(getattr(RequestRecord, name) == value)
    return session.scalars(rows).all()


def request_asked(session: TenantSession, request_id: str, *, seal: Seal) -> tuple[RequestRecord, Asked]:
    """Return a request with what it asked. Raises ``NotFound``; ``Misconfigured`` when its key is gone."""
    row = session.scalar(select(RequestRecord).where(RequestRecord.id == request_id))
    if row is None:
        raise NotFound(f"there is no request {request_id} in this tenant's log; a new one may take a second")
    content = orjson.loads(seal.open(row.sealed))
    failures = tuple(FailedOperation(**each) for each in content["failures"])
    return row, Asked(content["target"], content["body"], content["if_match"], failures, content["made"])
