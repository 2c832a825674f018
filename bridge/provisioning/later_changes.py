"""What has changed a person or a group since a request failed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from bridge.database.one_of import one_of
from bridge.database.sessions import TenantSession
from bridge.directory.tables import Group, Person
from bridge.errors import Conflict
from bridge.journal.tables import JournalEntry

#: Entries of this source are about people as well, yet tell what follows from a change.
CONSEQUENCE = "seat:"


@dataclass(frozen=True, slots=True)
class LaterChange:
    """The latest change of a resource, by a request that came after the failed one."""

    resource_id: str
    request_id: str
    at: datetime

    def refusal(self, failed_id: str) -> Conflict:
        """Return why the failed request is not applied over this."""
        return Conflict(
            f"{self.resource_id} was changed after request {failed_id}, at {self.at:%Y-%m-%dT%H:%M:%SZ} by "
            f"request {self.request_id}: look at that one first. To apply {failed_id} over it, send "
            '{"even_if_changed": true}, or --even-if-changed on the command line'
        )


def later_changes(
    session: TenantSession, resource_ids: Collection[str], *, since: datetime, own: Collection[str]
) -> Mapping[str, LaterChange]:
    """Return the latest change of each of the resources, if any, but for those by the requests ``own``.

    From here on nobody else changes them until the transaction ends.
    """
    ids = sorted(resource_ids)
    for table in (Person, Group):
        held = select(table.id).where(one_of(table.id, ids)).order_by(table.id)
        session.execute(held.with_for_update(key_share=True))
    foreign = and_(
        one_of(JournalEntry.subject_id, ids),
        JournalEntry.at > since,
        JournalEntry.request_id.not_in(own),
        ~JournalEntry.action.startswith(CONSEQUENCE),
    )
    latest = (
        select(JournalEntry.subject_id, func.max(JournalEntry.at).label("at"))
        .where(foreign)
        .group_by(JournalEntry.subject_id)
        .subquery()
    )
    entry = (JournalEntry.subject_id, JournalEntry.request_id, JournalEntry.at)
    is_latest = and_(JournalEntry.subject_id == latest.c.subject_id, JournalEntry.at == latest.c.at)
    rows = session.execute(select(*entry).join(latest, is_latest).where(foreign))
    return {resource_id: LaterChange(resource_id, request_id, at) for resource_id, request_id, at in rows}
