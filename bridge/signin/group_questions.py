"""Whose groups are to be asked for, since their token only says that there are too many for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from bridge.database.ids import new_id
from bridge.database.one_of import one_of
from bridge.database.sessions import Database, TenantSession
from bridge.journal.record import Cause
from bridge.signin.tables import GroupQuestion
from bridge.tenants.tables import DueTenant

#: Longer than it takes to ask for all that is leased at once; then another worker may try.
LEASE = timedelta(minutes=10)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)

UNSYNCHRONIZED = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is leased. ``asked_at`` is when the last token raised it; its request is the cause."""

    connection_id: str
    person_id: str
    object_id: str
    asked_at: datetime
    attempt: int
    cause: Cause


def ask_groups(
    session: TenantSession, connection_id: str, person_id: str, object_id: str, *, cause: Cause, now: datetime
) -> None:
    """Have the workers ask for somebody's groups; who is asked for already keeps their turn."""
    told = {"object_id": object_id, "asked_at": now, "request_id": cause.request_id}
    own = {"tenant_id": session.tenant_id, "connection_id": connection_id, "person_id": person_id}
    session.add_missing_rows(GroupQuestion, [{**own, **told, "attempts": 0, "next_attempt_at": now}])
    row = GroupQuestion
    mine = (row.connection_id == connection_id, row.person_id == person_id)
    session.execute(update(row).where(*mine).values(told), execution_options=UNSYNCHRONIZED)
    due = {"id": new_id(now), "tenant_id": session.tenant_id, "cause": "groups", "wake_at": now}
    session.hold_rows(DueTenant, [due])


def settle_question(session: TenantSession, connection_id: str, person_id: str) -> None:
    """Ask no more: the groups are known."""
    row = GroupQuestion
    mine = (row.connection_id == connection_id, row.person_id == person_id)
    session.execute(delete(row).where(*mine), execution_options=UNSYNCHRONIZED)


def lease_questions(database: Database, tenant_id: str, *, limit: int, now: datetime) -> list[Question]:
    """Take questions of one connection whose turn has come, for the time of a lease."""
    row = GroupQuestion
    due = row.next_attempt_at <= now
    with database.write(tenant_id) as session:
        first = select(row.connection_id).where(due).order_by(row.next_attempt_at, row.connection_id).limit(1)
        connection_id = session.scalar(first)
        if connection_id is None:
            return []
        chosen = select(row).where(due, row.connection_id == connection_id).order_by(row.person_id)
        rows = session.scalars(chosen.limit(limit).with_for_update(skip_locked=True)).all()
        found = [
            Question(
                each.connection_id, each.person_id, each.object_id, each.asked_at, each.attempts + 1,
                Cause("connection", each.connection_id, each.request_id),
            )
            for each in rows
        ]  # fmt: skip
        mine = (row.connection_id == connection_id, one_of(row.person_id, [each.person_id for each in found]))
        leased = {"attempts": row.attempts + 1, "next_attempt_at": now + LEASE}
        session.execute(update(row).where(*mine).values(leased), execution_options=UNSYNCHRONIZED)
        return found


def is_still_asked(session: TenantSession, question: Question) -> bool:
    """Lock the question and tell whether no later token has answered it, or asked it anew."""
    row = GroupQuestion
    mine = (row.connection_id == question.connection_id, row.person_id == question.person_id)
    asked = select(row.asked_at).where(*mine).with_for_update()
    return session.scalar(asked) == question.asked_at


def release(session: TenantSession, question: Question, *, now: datetime) -> None:
    """Have it be asked at once what a later token asked meanwhile, if one did."""
    row = GroupQuestion
    mine = (row.connection_id == question.connection_id, row.person_id == question.person_id)
    session.execute(update(row).where(*mine).values(next_attempt_at=now), execution_options=UNSYNCHRONIZED)


def put_off(
    session: TenantSession,
    question: Question,
    reason: str,
    *,
    retry_after: int | None,
    most: int,
    now: datetime,
) -> None:
    """Ask again after a pause that doubles, or as late as is wanted; not after ``most`` attempts."""
    if question.attempt >= most:
        settle_question(session, question.connection_id, question.person_id)
        return
    pause = min(FIRST_PAUSE * 2 ** (question.attempt - 1), LONGEST_PAUSE)
    again = {"failure": reason, "next_attempt_at": now + max(pause, timedelta(seconds=retry_after or 0))}
    row = GroupQuestion
    mine = (row.connection_id == question.connection_id, row.person_id == question.person_id)
    session.execute(update(row).where(*mine).values(again), execution_options=UNSYNCHRONIZED)


def has_failed(session: TenantSession, connection_id: str) -> bool:
    """Tell whether a question of the connection waits that could not be answered yet."""
    row = GroupQuestion
    failed = select(row.person_id).where(row.connection_id == connection_id, row.failure.is_not(None))
    return session.scalar(failed.limit(1)) is not None


def next_question(session: TenantSession) -> datetime | None:
    """Return when the next question is due; None where nobody is asked for."""
    return session.scalar(select(func.min(GroupQuestion.next_attempt_at)))
