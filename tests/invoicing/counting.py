"""The tenant of the invoicing tests, with what is counted and what holds for its bill."""

from datetime import date, timedelta
from functools import partial

from bridge.billing.billing_terms import apply_billing_terms, dated_billing_terms
from bridge.billing.cancel_subscription import cancel_subscription
from bridge.billing.credit import credit_balance, grant_credit
from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.invoice_document import draft_document
from bridge.billing.runs import closed_until
from bridge.tenants.secrets import Seal
from bridge.usage.apply_meters import apply_meters
from bridge.usage.take_sign_ins import take_sign_ins
from bridge.usage.take_usage import take_usage
from tests.invoicing.books import BEGINNING, OPERATOR, Books, at

LATE_DAYS = 35
KEY = "k" * 32


def day(text):
    return date.fromisoformat(text) if text else None


class Counting(Books):
    def meter(self, key, aggregation="sum", *, on=True, **more):
        document = {"meters": [{"key": key, "unit": "1", "aggregation": aggregation, "on": on, **more}]}
        with self.database.write(self.tenant_id) as session:
            return apply_meters(session, document, most=10, cause=OPERATOR, now=BEGINNING)

    def event(self, person, meter, when, quantity=None, *, value=None, **more):
        data = {"value": value} if quantity is None else {"quantity": quantity}
        return {
            "specversion": "1.0", "source": "shop", "type": meter, "subject": person, "data": data,
            "id": f"{person} {meter} {when} {quantity} {value}", "time": at(when, self.zone).isoformat(),
        } | more  # fmt: skip

    def takes(self, *events, now, keys=(KEY,)):
        return self._taken(partial(take_usage, seal=Seal(keys)), events, now)

    def signed_in(self, person, *whens, now):
        self.person(person)
        rows = [
            {"connection": "okta", "id": f"{person} {when}", "person": person,
             "at": at(when, self.zone).isoformat()} for when in whens
        ]  # fmt: skip
        return self._taken(take_sign_ins, rows, now)

    def _taken(self, take, batch, now):
        with self.database.write(self.tenant_id) as session:
            return take(
                session, list(batch), closed_until=closed_until, late_days=LATE_DAYS, cause=OPERATOR,
                now=at(now),
            )  # fmt: skip

    def bill(self, valid_from, **terms):
        with self.database.write(self.tenant_id) as session:
            later = timedelta(seconds=len(dated_billing_terms(session)))  # one decision after the other
            return apply_billing_terms(
                session, {"valid_from": valid_from, **terms}, cause=OPERATOR, now=BEGINNING + later
            )

    def credit(self, amount, reference="sorry-1"):
        with self.database.write(self.tenant_id) as session:
            return grant_credit(
                session, amount=amount, reference=reference, reason="an outage", cause=OPERATOR, now=BEGINNING
            )

    @property
    def balance(self):
        with self.database.read(self.tenant_id) as session:
            return credit_balance(session)

    def cancel(self, ends_on=None, *, now):
        with self.database.write(self.tenant_id) as session:
            return cancel_subscription(session, None, ends_on=day(ends_on), cause=OPERATOR, now=at(now))

    def preview(self):
        with self.database.read(self.tenant_id) as session:
            return draft_document(preview_invoice(session))

    def lines(self, period_start=None, *, now="2026-12-31"):
        document = self.closed(period_start, now=now)
        return [(line["kind"], line["plan"], line["amount"]) for line in document["lines"]]
