"""Reading what people were over time."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import select

from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.facts import PersonVersionFact
from bridge.directory.tables import PersonVersion

#: Ids in one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535.
IDS_AT_ONCE = 10_000

_VERSION = table_of(PersonVersion).c
_VERSIONS = prepared(
    select(
        _VERSION.person_id, _VERSION.start, _VERSION.end, _VERSION.active, _VERSION.resource,
        _VERSION.started_by, _VERSION.ended_by,
    ).where(one_of(_VERSION.person_id, texts("ids")))
)  # fmt: skip


def read_versions(
    session: TenantSession, person_ids: Collection[str]
) -> Mapping[str, list[PersonVersionFact]]:
    """Return the versions of each of these people."""
    found: dict[str, list[PersonVersionFact]] = defaultdict(list)
    for ids in in_chunks(person_ids):
        for key, start, end, active, resource, started_by, ended_by in session.run(_VERSIONS, ids=ids):
            found[key].append(PersonVersionFact(start, end, active, resource, started_by, ended_by))
    return found


def in_chunks(ids: Collection[str]) -> Iterator[list[str]]:
    """Yield the ids in lists that one statement takes."""
    listed = list(ids)
    for position in range(0, len(listed), IDS_AT_ONCE):
        yield listed[position : position + IDS_AT_ONCE]
