"""People whose timeline could not be computed, kept with the error and the next attempt."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bridge.database.ids import new_id
from bridge.database.one_of import one_of, texts
from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.seats.compute import Computed
from bridge.seats.tables import AssignmentFailure
from bridge.tenants.tables import DueTenant

_FAILURE = table_of(AssignmentFailure).c
_FAILED = prepared(select(_FAILURE.person_id).where(one_of(_FAILURE.person_id, texts("ids"))))


@dataclass(frozen=True, slots=True)
class Pauses:
    """The pause after a first failure; it doubles with each further one, up to ``longest_seconds``."""

    first_seconds: int = 60
    longest_seconds: int = 24 * 60 * 60

    def after(self, attempts: int) -> timedelta:
        """Return the pause after that many attempts."""
        doubled = self.first_seconds << min(attempts - 1, 32)
        return timedelta(seconds=min(doubled, self.longest_seconds))


def note_failures(session: TenantSession, computed: Computed, *, now: datetime, pauses: Pauses) -> None:
    """Keep the errors of a batch, and forget earlier ones of those who could be computed."""
    everyone = [*computed.spans, *computed.errors]
    if not computed.errors and not session.run(_FAILED, ids=everyone).all():
        return  # as nearly always
    known = {
        row.person_id: row
        for row in session.scalars(
            select(AssignmentFailure).where(one_of(AssignmentFailure.person_id, everyone))
        )
    }
    healed = known.keys() - computed.errors.keys()
    if healed:
        session.execute(
            delete(AssignmentFailure).where(one_of(AssignmentFailure.person_id, healed)),
            execution_options={"synchronize_session": False},
        )
    for person_id, error in computed.errors.items():
        row = known.get(person_id)
        attempts = 1 if row is None else row.attempts + 1
        next_attempt_at = now + pauses.after(attempts)
        if row is None:
            row = AssignmentFailure(tenant_id=session.tenant_id, person_id=person_id, first_failed_at=now)
            session.add(row)
        row.error, row.attempts, row.next_attempt_at = error, attempts, next_attempt_at
        wake = {"id": new_id(now), "tenant_id": session.tenant_id, "cause": "boundary"}
        session.add_rows(DueTenant, [{**wake, "wake_at": next_attempt_at}])
    session.flush()
