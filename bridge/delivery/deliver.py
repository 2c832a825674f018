"""A worker's turn at a tenant's deliveries."""

from datetime import datetime

from stripe import (
    IdempotencyError,
    InvalidRequestError,
    StripeClient,
    StripeError,
)

from bridge.database.sessions import Database
from bridge.delivery.push_invoice import find_customer, run_errand
from bridge.delivery.queue import Errand, end_delivery, keep_customer, lease_next, put_off
from bridge.errors import BridgeError
from bridge.logs import get_logger

log = get_logger(__name__)

SERVER_ERROR = 500
CONFLICT = 409
#: What another attempt does not change. Keys and rights are put right by the operator, so those are retried.
FINAL = (InvalidRequestError, IdempotencyError)


def deliver(database: Database, tenant_id: str, stripe: StripeClient, *, now: datetime) -> int:
    """Make one attempt at each delivery that is due; return how many were made.

    Failures are written down with the delivery; they stop no other one.
    """
    attempts = 0
    while (errand := lease_next(database, tenant_id, now=now)) is not None:
        attempts += 1
        _attempt(database, errand, stripe, now=now)
    return attempts


def _attempt(database: Database, errand: Errand, stripe: StripeClient, *, now: datetime) -> None:
    try:
        customer_id = errand.customer_id
        if customer_id is None:
            customer_id = find_customer(stripe, errand)
            keep_customer(database, errand.tenant_id, customer_id)
        remote_id = run_errand(stripe, errand, customer_id)
    except (StripeError, BridgeError) as error:
        status = getattr(error, "http_status", None) or 0
        final = isinstance(error, BridgeError) or (isinstance(error, FINAL) and status not in {CONFLICT, 429})
        put_off(
            database, errand, f"{type(error).__name__}: {error}", is_final=final,
            is_answer=status >= SERVER_ERROR, now=now,
        )  # fmt: skip
        log.warning("delivery_failed", delivery_id=errand.id, error=type(error).__name__, final=final)
    else:
        end_delivery(database, errand, remote_id=remote_id, now=now)
