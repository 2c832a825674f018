"""The tenant of the invoicing tests: seats as rows, periods closed in one word."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text

from bridge.billing.close_period import Closed, close_period
from bridge.billing.issued_invoices import invoice_people, read_invoice, verify_invoice
from bridge.billing.price_book import apply_prices
from bridge.billing.subscriptions import create_default_subscription, create_subscription
from bridge.database.ids import new_id
from bridge.database.sessions import Database
from bridge.directory.counts import count_created
from bridge.directory.tables import Person
from bridge.journal.record import Cause, Subject, record
from bridge.seats.tables import LateChange, Seat
from bridge.tenants.tables import Connection, Tenant

OPERATOR = Cause("operator", "grace", "request-1")
BEGINNING = datetime(2025, 12, 1, tzinfo=UTC)


def at(words: str, zone: str = "UTC") -> datetime:
    """Read ``2026-01-03 10:00`` or ``2026-01-03`` as a local time."""
    return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@dataclass
class Books:
    database: Database
    tenant_id: str
    zone: str

    @classmethod
    def of(
        cls, database: Database, *, tenant_id="northwind-1", currency="USD", zone="UTC", **subscription
    ) -> "Books":
        books = cls(database, tenant_id, zone)
        with database.write(tenant_id) as session:
            session.add(Tenant(tenant_id=tenant_id, name="Nordwind", currency=currency, timezone=zone,
                               created_at=BEGINNING, settled_until=None))  # fmt: skip
            session.flush()
            session.execute(
                insert(Connection),
                {"tenant_id": tenant_id, "id": "okta", "name": "Okta", "kind": "okta", "dialect": "okta",
                 "live_from": BEGINNING, "created_at": BEGINNING},
            )  # fmt: skip
            starts_on = subscription.pop("starts_on", date(2026, 1, 1))
            if subscription:
                wanted = {"interval": "month", "anchor_day": 1, "timing": "arrears"} | subscription
                create_subscription(session, **wanted, starts_on=starts_on, cause=OPERATOR, now=BEGINNING)
            else:
                create_default_subscription(session, starts_on=starts_on, cause=OPERATOR, now=BEGINNING)
        return books

    def person(self, name: str, *, display_name: str | None = None) -> str:
        with self.database.write(self.tenant_id) as session:
            if session.get(Person, (self.tenant_id, name)) is None:
                session.execute(
                    insert(Person),
                    {"tenant_id": self.tenant_id, "id": name, "connection_id": "okta",
                     "user_name": f"{name}@nordwind.example", "user_name_key": name, "external_id": None,
                     "external_digest": None, "display_name": display_name or name.title(), "email_key": None,
                     "active": True, "resource": {},
                        "folded": {}, "version": 1, "created_at": BEGINNING,
                     "changed_at": BEGINNING, "deleted_at": None},
                )  # fmt: skip
                count_created(session, "person", connection_id="okta", number=1, at=BEGINNING)
        return name

    def seat(self, person, plan, start, end=None, *, department="Sales", cost_centre="4711", **more):
        self.person(person)
        with self.database.write(self.tenant_id) as session:
            session.execute(
                insert(Seat),
                {"tenant_id": self.tenant_id, "person_id": person, "start": at(start, self.zone),
                 "end": at(end, self.zone) if end else None, "plan": plan, "roles": ["member"],
                 "department": department, "cost_centre": cost_centre, "rule_set_id": "rules-1",
                 "rule": "everyone", "group_ids": [], "started_by": "", "ended_by": None,
                 "computed_at": BEGINNING} | more,
            )  # fmt: skip

    def unseat(self, person):
        self.sql("DELETE FROM seats WHERE person_id = :person", person=person)

    def late(self, person, since, *, now="2026-02-10") -> str:
        """Note that a fact changed seats of a closed period, as the worker does; return its journal entry."""
        with self.database.write(self.tenant_id) as session:
            cause = record(session, "scim:person:patch", Subject("person", person),
                           cause=Cause("connection", "okta", "request-9"), at=at(now))  # fmt: skip
            session.execute(
                insert(LateChange),
                {"tenant_id": self.tenant_id, "id": new_id(at(now)), "person_id": person,
                 "since": at(since, self.zone), "cause_id": cause, "recorded_at": at(now)},
            )  # fmt: skip
        return cause

    def prices(self, valid_from, *terms, valid_until=None, now=BEGINNING):
        document = {"valid_from": valid_from, "valid_until": valid_until, "terms": list(terms)}
        with self.database.write(self.tenant_id) as session:
            return apply_prices(session, document, cause=OPERATOR, now=now)

    def close(self, period_start=None, *, now="2026-12-31") -> Closed:
        day = date.fromisoformat(period_start) if period_start else None
        return close_period(self.database, self.tenant_id, None, day, cause=OPERATOR, now=at(now))

    def closed(self, period_start=None, *, now="2026-12-31"):
        """Close and return the document, after making sure that it agrees with itself."""
        return self.document(self.close(period_start, now=now).invoice_id)

    def document(self, invoice_id):
        with self.database.read(self.tenant_id) as session:
            assert verify_invoice(session, invoice_id) == ()
            return read_invoice(session, invoice_id).document

    def people(self, invoice_id):
        with self.database.read(self.tenant_id) as session:
            return [tuple(share) for share in invoice_people(session, invoice_id)]

    def amounts(self, invoice_id):
        with self.database.read(self.tenant_id) as session:
            return {share.person_id: share.amount_minor for share in invoice_people(session, invoice_id)}

    def sql(self, statement, **values):
        """Change rows behind the product's back."""
        with self.database.write(self.tenant_id) as session:
            session.connection().execute(text(statement), values)
