"""The provisioning log: every request is kept, written in batches behind the answer."""

import queue
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from prometheus_client import Counter
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from bridge.database.sessions import Database
from bridge.logs import get_logger
from bridge.provisioning.tables import Refusal, RequestRecord
from bridge.tenants.secrets import Seal

BATCH = 500
LOST = Counter("bridge_request_log_lost_total", "Rows of the provisioning log that could not be written")

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FailedOperation:
    """An operation of a bulk request that failed: its place in the request, from 0, and what was answered."""

    index: int
    method: str
    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A request as it was answered. ``tenant_id`` is None when its credential named no tenant.

    ``failures`` are those of a bulk request's operations, ``made`` the ids of what the others created, by
    bulkId.
    """

    id: str
    at: datetime
    tenant_id: str | None
    connection_id: str | None
    credential_id: str | None
    method: str
    route: str
    target: str
    body: bytes
    status: int
    reason: str | None
    tolerances: tuple[str, ...]
    subject_id: str | None
    duration_microseconds: int
    if_match: str | None = None
    replay_of: str | None = None
    failures: tuple[FailedOperation, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)


class RequestLog:
    """A queue with one writing thread, started by the first request of the process."""

    def __init__(self, database: Database, seal: Seal, *, most_rows: int, wait_milliseconds: int) -> None:
        self._database = database
        self._seal = seal
        self._waiting: queue.Queue[Answered] = queue.Queue(most_rows)
        self._wait_seconds = wait_milliseconds / 1000
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def add(self, answered: Answered) -> None:
        """Queue one request; when the queue is full it is counted as lost, the answer does not wait."""
        try:
            self._waiting.put_nowait(answered)
        except queue.Full:
            LOST.inc()
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Write all that is waiting, now."""
        with self._writing:
            while batch := self._take():
                self._write(batch)

    def close(self) -> None:
        """Write what is waiting and end the thread."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closed.wait(self._wait_seconds):
            self.flush()

    def _take(self) -> list[Answered]:
        batch: list[Answered] = []
        while len(batch) < BATCH:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _write(self, batch: list[Answered]) -> None:
        by_tenant: dict[str | None, list[Answered]] = defaultdict(list)
        for answered in batch:
            by_tenant[answered.tenant_id].append(answered)
        for tenant_id, rows in by_tenant.items():
            try:
                self._insert(tenant_id, rows)
            except (SQLAlchemyError, TypeError, ValueError) as error:  # what no column, JSON or UTF-8 holds
                LOST.inc(len(rows))
                # No traceback: the error quotes the rows, which are what people asked.
                name = type(error).__name__
                log.error("request_log.lost", tenant_id=tenant_id, rows=len(rows), error=name)  # noqa: TRY400 (above)

    def _insert(self, tenant_id: str | None, batch: list[Answered]) -> None:
        if tenant_id is None:
            with self._database.unscoped() as unscoped:
                unscoped.execute(insert(Refusal), [_refusal(row) for row in batch])
            return
        with self._database.write(tenant_id) as session:
            session.add_rows(RequestRecord, [self._record(row) for row in batch])

    def _record(self, row: Answered) -> dict[str, Any]:
        content = orjson.dumps(
            {
                "target": row.target,
                "body": without_passwords(row.body).decode(),
                "if_match": row.if_match,
                "failures": row.failures,
                "made": dict(row.made),
            }
        )
        return {
            "tenant_id": row.tenant_id,
            "id": row.id,
            "at": row.at,
            "connection_id": row.connection_id,
            "credential_id": row.credential_id or "",
            "method": row.method,
            "route": row.route,
            "status": row.status,
            "reason": row.reason,
            "tolerances": list(row.tolerances),
            "subject_id": row.subject_id,
            "duration_microseconds": row.duration_microseconds,
            "replay_of": row.replay_of,
            "failed_operations": len(row.failures),
            "sealed": self._seal.seal(content),
        }


def _refusal(row: Answered) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at,
        "method": row.method,
        "route": row.route,
        "status": row.status,
        "reason": row.reason or "",
    }


def without_passwords(body: bytes) -> bytes:
    """Return a JSON body with the values of ``password`` attributes taken out.

    A body that is no JSON is kept, as evidence, unless it speaks of a password: then nothing of it is.
    """
    if b"password" not in body.lower():
        return body.decode(errors="replace").encode()
    try:
        return orjson.dumps(_cleaned(orjson.loads(body)))
    except orjson.JSONDecodeError:
        return b""


def _cleaned(value: object) -> object:
    if isinstance(value, list):
        return [_cleaned(part) for part in value]
    if not isinstance(value, dict):
        return value
    names_password = "password" in str(_first(value, ("path", "Path"))).lower()
    return {
        key: None
        if "password" in key.lower() or (names_password and key.lower() == "value")
        else _cleaned(part)
        for key, part in value.items()
    }


def _first(value: dict[str, object], keys: Iterable[str]) -> object:
    return next((value[key] for key in keys if key in value), "")
