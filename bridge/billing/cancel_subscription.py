"""Cancelling a subscription, at the end of a period or inside it."""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from bridge.billing.local_days import local_date, midnight
from bridge.billing.price_book import is_committed
from bridge.billing.runs import next_run
from bridge.billing.subscription_terms import SubscriptionTerms
from bridge.billing.subscriptions import lock_counter, read_subscription
from bridge.billing.tables import Invoice, Subscription
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, InvalidValue
from bridge.journal.record import Cause, Subject, record
from bridge.seats.tables import LateChange
from bridge.tenants.read import find_tenant

NO_DAY, ONE_DAY = timedelta(0), timedelta(days=1)


def cancel_subscription(
    session: TenantSession,
    subscription_id: str | None,
    *,
    ends_on: date | None,
    cause: Cause,
    now: datetime,
) -> SubscriptionTerms:
    """End a subscription on a local date, from which on nothing is billed; default: when its period ends.

    Its last invoice is issued on that date; what was billed in advance for later days is given back on it.
    Raises ``InvalidValue`` with a pointer for a date outside what is still to be billed, ``Conflict`` for a
    subscription that has ended, and for a date inside a year that is committed.
    """
    lock_counter(session)
    subscription = read_subscription(session, subscription_id)
    if subscription.ends_on is not None:
        raise Conflict(f"the subscription ends on {subscription.ends_on} already")
    timezone = find_tenant(session).timezone
    today = local_date(now, timezone)
    period = subscription.period_of(max(today, subscription.starts_on))
    until = period.end if ends_on is None else ends_on
    _check(session, subscription, until)
    inside = subscription.period_of(until)
    if until != inside.start and is_committed(session, inside):
        raise Conflict(
            f"the year {inside.start} to {inside.end} is committed: the subscription can end on {inside.end}"
        )
    entry = record(
        session, "billing:subscription:cancel", Subject("subscription", subscription.id),
        cause=cause, at=now, details={"ends_on": until.isoformat()},
    )  # fmt: skip
    row = session.scalars(select(Subscription).where(Subscription.id == subscription.id)).one()
    row.ends_on = until
    session.flush()
    if _is_billed_beyond(session, subscription, until):
        _note_cancelled_days(session, midnight(until, timezone), cause_id=entry, now=now)
    return read_subscription(session, subscription.id)


def _check(session: TenantSession, subscription: SubscriptionTerms, until: date) -> None:
    """Refuse a date before what is billed; of a period billed in advance at least one day is kept."""
    following = next_run(session, subscription)
    earliest = subscription.starts_on + ONE_DAY
    if following is not None:
        begun = following.period.start + (ONE_DAY if following.revision else NO_DAY)
        earliest = max(earliest, begun)
    if until < earliest:
        raise InvalidValue(
            f"found {until}, allowed {earliest} or later: what lies before is invoiced, or no day of the "
            "subscription",
            pointer="/ends_on",
        )


def _is_billed_beyond(session: TenantSession, subscription: SubscriptionTerms, until: date) -> bool:
    latest = select(func.max(Invoice.period_end)).where(Invoice.subscription_id == subscription.id)
    billed_until = session.scalar(latest)
    return billed_until is not None and billed_until > until


def _note_cancelled_days(session: TenantSession, since: datetime, *, cause_id: str, now: datetime) -> None:
    """Have the last invoice name the cancellation as the cause of what it gives back; it is of no person."""
    row = {
        "tenant_id": session.tenant_id,
        "id": new_id(now),
        "person_id": "",
        "since": since,
        "cause_id": cause_id,
        "recorded_at": now,
    }
    session.add_rows(LateChange, [row])
