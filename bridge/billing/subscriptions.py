"""Subscriptions: what a tenant is billed by, from which date."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast

from sqlalchemy import func, select

from bridge.billing.invoiced_days import invoiced_until
from bridge.billing.periods import Interval
from bridge.billing.subscription_terms import SubscriptionTerms, Timing
from bridge.billing.tables import InvoiceCounter, Subscription
from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import Conflict, InvalidValue, NotFound
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.tables import Tenant

LAST_ANCHOR_DAY = 31


def create_default_subscription(
    session: TenantSession, *, starts_on: date, cause: Cause, now: datetime
) -> SubscriptionTerms:
    """Create the one a tenant begins with: monthly, in arrears, from the first day of each month."""
    return create_subscription(
        session, interval="month", anchor_day=1, timing="arrears", starts_on=starts_on, cause=cause, now=now
    )


def create_subscription(
    session: TenantSession,
    *,
    interval: str,
    anchor_day: int,
    timing: str,
    starts_on: date,
    cause: Cause,
    now: datetime,
    trial_ends_on: date | None = None,
) -> SubscriptionTerms:
    """Bill the tenant this way from ``starts_on``; the subscription before it ends there.

    The dates before ``trial_ends_on`` cost nothing. Raises ``InvalidValue`` for an unknown interval, timing,
    anchor day or end of a trial, ``Conflict`` when an invoice has been issued for days from ``starts_on`` on,
    or when that date lies inside a period of the one before. After a cancellation inside a period a new one
    may start in the rest of it, with periods of its own.
    """
    _check(interval, anchor_day, timing)
    if trial_ends_on is not None and trial_ends_on <= starts_on:
        allowed = f"a date after the start, {starts_on}"
        raise InvalidValue(f"found {trial_ends_on}, allowed {allowed}", pointer="/trial_ends_on")
    lock_counter(session)
    new = Subscription(
        id=new_id(now), interval=interval, anchor_day=anchor_day, timing=timing,
        starts_on=starts_on, trial_ends_on=trial_ends_on, ends_on=None, created_at=now,
    )  # fmt: skip
    _end_the_one_before(session, starts_on)
    _refuse_shared_period(session, _terms(new))
    session.add(new)
    session.flush()
    terms = _terms(new)
    record(
        session, "billing:subscription:create", Subject("subscription", new.id),
        cause=cause, at=now, details=terms.document(),
    )  # fmt: skip
    return terms


def read_subscriptions(session: TenantSession) -> tuple[SubscriptionTerms, ...]:
    """Return the tenant's subscriptions in order of their start, without those replaced before they began."""
    rows: Sequence[Subscription] = session.scalars(
        select(Subscription).order_by(Subscription.starts_on)
    ).all()
    return tuple(_terms(row) for row in rows if row.ends_on is None or row.ends_on > row.starts_on)


def read_subscription(session: TenantSession, subscription_id: str | None) -> SubscriptionTerms:
    """Return one subscription; without an id, the last one. Raises ``NotFound`` where there is none."""
    found = [terms for terms in read_subscriptions(session) if subscription_id in {None, terms.id}]
    if not found:
        raise NotFound(
            f"the tenant has no subscription {subscription_id or ''}".rstrip()
            + "; `bridge subscription show` lists them, `bridge subscription create` makes one"
        )
    return found[-1]


def lock_counter(session: TenantSession) -> InvoiceCounter:
    """Lock the tenant's invoice counter until the transaction ends, so that billing is done by one at a time.

    Raises ``NotFound`` when there is no such tenant.
    """
    counter = session.scalar(select(InvoiceCounter).with_for_update())
    if counter is not None:
        return counter
    # The tenant's row serves as the lock until the counter exists; others may still refer to it meanwhile.
    if session.scalar(select(Tenant.tenant_id).with_for_update(key_share=True)) is None:
        raise NotFound("there is no such tenant; `bridge tenant create` makes one")
    counter = session.scalar(select(InvoiceCounter).with_for_update())
    if counter is None:
        counter = InvoiceCounter(tenant_id=session.tenant_id, last_number=0, last_credit_note=0)
        session.add(counter)
        session.flush()
    return counter


def _check(interval: str, anchor_day: int, timing: str) -> None:
    if interval not in {"month", "year"}:
        raise InvalidValue(f"found {interval!r}, allowed month or year", pointer="/interval")
    if timing not in {"arrears", "advance"}:
        raise InvalidValue(f"found {timing!r}, allowed arrears or advance", pointer="/timing")
    if not 1 <= anchor_day <= LAST_ANCHOR_DAY:
        raise InvalidValue(f"found {anchor_day}, allowed a day of a month, 1 to 31", pointer="/anchor_day")


def _end_the_one_before(session: TenantSession, starts_on: date) -> None:
    billed_until = invoiced_until(session)
    if billed_until is not None and billed_until > starts_on:
        raise Conflict(
            f"invoices are issued for days until {billed_until}; a subscription can start then or later"
        )
    runs_until = session.scalar(
        select(func.max(Subscription.ends_on)).where(Subscription.ends_on > Subscription.starts_on)
    )
    if runs_until is not None and runs_until > starts_on:
        raise Conflict(f"a subscription runs until {runs_until}; a new one can start then or later")
    before = session.scalars(select(Subscription).where(Subscription.ends_on.is_(None))).one_or_none()
    if before is None:
        return
    terms = _terms(before)
    if starts_on > terms.starts_on and terms.period_of(starts_on).start != starts_on:
        raise Conflict(
            f"{starts_on} lies inside a period of the running subscription; "
            f"a new one can start on {terms.period_of(starts_on).start} or {terms.period_of(starts_on).end}"
        )
    before.ends_on = max(starts_on, before.starts_on)


def _refuse_shared_period(session: TenantSession, new: SubscriptionTerms) -> None:
    """Refuse a first period that began on the day on which one of a cancelled subscription did.

    Prices are those of a whole period: whoever was billed before the cancellation would pay a second one for
    the same month where a price is not by days, and an adjustment for that month could not tell which of the
    two it corrects.
    """
    first = new.period_of(new.starts_on)
    for old in read_subscriptions(session):
        shared = old.period_of(first.start)
        if (
            shared.start == first.start
            and old.starts_on < shared.end
            and first.start < (old.ends_on or shared.end)
        ):
            raise Conflict(
                f"the period from {first.start} is billed until {old.ends_on} by the subscription before; "
                f"a new one can start on {first.end}, or with {new.starts_on.day} as its anchor day, by "
                "which a period of its own begins then"
            )


def _terms(row: Subscription) -> SubscriptionTerms:
    return SubscriptionTerms(
        id=row.id,
        interval=cast("Interval", row.interval),
        anchor_day=row.anchor_day,
        timing=cast("Timing", row.timing),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        trial_ends_on=row.trial_ends_on,
    )
