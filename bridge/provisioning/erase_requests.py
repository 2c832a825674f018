"""Erasing of people from the provisioning log: what was asked about them goes, that it was asked stays."""

from collections.abc import Collection
from urllib.parse import unquote_plus

import orjson
from sqlalchemy import bindparam, select, update

from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.provisioning.tables import RequestRecord
from bridge.scim.personal import tells_of
from bridge.tenants.secrets import Seal

ROWS_AT_ONCE = 1_000

_RECORDS = table_of(RequestRecord).c
_ERASE = (
    update(table_of(RequestRecord))
    .where(_RECORDS.tenant_id == bindparam("the_tenant"), _RECORDS.id == bindparam("the_request"))
    .values(sealed=bindparam("emptied"), reason=None)
)
_NOTHING = orjson.dumps({"target": "", "body": "", "if_match": None, "failures": [], "made": {}})


def erase_requests(
    session: TenantSession, person_ids: Collection[str], values: Collection[str], *, seal: Seal
) -> int:
    """Empty all requests that are about these people, or tell a value by which one is known; return how many.

    A bulk request that has to do with one of them is emptied as a whole. Every request of the log is opened,
    for a refused one may quote a person whom it is not about.
    """
    known = {*values, *person_ids}
    emptied = 0
    last = ""
    while True:
        rows = session.execute(
            select(RequestRecord.id, RequestRecord.subject_id, RequestRecord.sealed, RequestRecord.reason)
            .where(RequestRecord.id > last)
            .order_by(RequestRecord.id)
            .limit(ROWS_AT_ONCE)
        ).all()
        told = [
            id_ for id_, subject_id, sealed, reason in rows
            if subject_id in person_ids or _tells(seal.open(sealed), reason, known)
        ]  # fmt: skip
        if told:
            row = {"the_tenant": session.tenant_id, "emptied": seal.seal(_NOTHING)}
            session.connection().execute(_ERASE, [{**row, "the_request": id_} for id_ in told])
        emptied += len(told)
        if len(rows) < ROWS_AT_ONCE:
            return emptied
        last = rows[-1].id


def _tells(content: bytes, reason: str | None, known: Collection[str]) -> bool:
    asked = orjson.loads(content)
    try:
        body = orjson.loads(asked["body"])
    except orjson.JSONDecodeError:
        body = asked["body"]
    return tells_of([unquote_plus(asked["target"]), body, asked["failures"], reason], known)
