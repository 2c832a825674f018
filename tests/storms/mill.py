"""A company whose identity provider speaks through the product's own operations, and may go astray."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

from sqlalchemy import select

from bridge.billing.close_period import close_period
from bridge.billing.issued_invoices import invoice_people, read_invoice, verify_invoice
from bridge.billing.runs import closed_until
from bridge.billing.subscriptions import create_default_subscription
from bridge.directory.tables import Person
from bridge.journal.record import Cause
from bridge.mapping.apply_rules import apply_rules
from bridge.oversight.reconcile import reconcile
from bridge.provisioning.client import Client
from bridge.provisioning.create_group import create_group
from bridge.provisioning.create_person import create_person
from bridge.provisioning.delete_group import delete_group
from bridge.provisioning.delete_person import delete_person
from bridge.provisioning.patch_group import patch_group
from bridge.provisioning.patch_person import patch_person
from bridge.scim.reading import DEFAULT_LIMITS, DIALECTS
from bridge.seats.confirm_storm import confirm_storm
from bridge.seats.due import take_due
from bridge.seats.fuse_limits import set_fuse
from bridge.seats.tables import Seat, Storm
from bridge.seats.undo_storm import undo_storm
from bridge.tenants.create import create_connection, create_tenant
from bridge.tenants.secrets import Seal

MARA = Cause("operator", "mara", "request-0")
FOUNDED = datetime(2026, 1, 1, tzinfo=UTC)
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NEVER = {"people": 1_000_000, "percent": 100, "group_people": 1_000_000}

numbers = count(1)


def at(words):
    """Read ``01-15 09:30`` as an instant of 2026."""
    return datetime.fromisoformat(f"2026-{words}").replace(tzinfo=UTC)


class Mill:
    """A tenant with a live connection, rules, a monthly subscription; people and groups by short names."""

    def __init__(self, database, **fuse):
        self.database = database
        self.tenant_id = f"mill-{next(numbers)}"
        self.ids = {}
        self.dialect = "okta"
        with database.write(self.tenant_id) as session:
            create_tenant(session, name="Mill", currency="EUR", timezone="UTC", cause=MARA, now=FOUNDED)
            create_default_subscription(session, starts_on=date(2026, 1, 1), cause=MARA, now=FOUNDED)
            self.connection_id = create_connection(
                session, name="Okta", kind="okta", dialect=None, live=True, cause=MARA, now=FOUNDED
            ).id
            if fuse:
                set_fuse(session, **fuse, cause=MARA, now=FOUNDED)
        for name in ("staff", "leads"):
            self.group(name)
        self.rules()

    def rules(self):
        rules = [
            {"name": "Leads", "when": f'groups.value eq "{self.ids["leads"]}"', "plan": "premium"},
            {"name": "Staff", "when": f'groups.value eq "{self.ids["staff"]}"', "plan": "standard"},
            {"name": "All", "when": "active eq true", "roles": ["viewer"]},
        ]
        with self.database.write(self.tenant_id) as session:
            apply_rules(
                session, {"rules": rules}, author="mara", note="", effective_from=FOUNDED,
                known_plans={"standard", "premium"}, known_roles={"viewer"}, cause=MARA, now=FOUNDED,
            )  # fmt: skip

    @property
    def client(self):
        cause = Cause("connection", self.connection_id, f"request-{next(numbers)}")
        return Client(self.connection_id, DIALECTS[self.dialect], DEFAULT_LIMITS, Seal(["k" * 32]), cause, "")

    def say(self, operation, *arguments, when, **more):
        with self.database.write(self.tenant_id) as session:
            return operation(session, *arguments, client=self.client, now=when, **more)

    def group(self, name, *, when=FOUNDED, **more):
        body = {"schemas": [GROUP], "displayName": name, **more}
        self.ids[name] = self.say(create_group, body, when=when).found.id

    def hires(self, *names, when=FOUNDED, group="staff", department="Loom"):
        """Take people on a millisecond after each other, so that their ids sort alike in every mill."""
        for number, name in enumerate(names, 1):
            body = {
                "schemas": [USER, ENTERPRISE], "userName": f"{name}@mill.example", "externalId": f"hr-{name}",
                "displayName": f"{name} of the mill", "active": True, ENTERPRISE: {"department": department},
            }  # fmt: skip
            self.ids[name] = self.say(
                create_person, body, when=when + timedelta(milliseconds=number)
            ).found.id
        if group:
            self.moves("add", group, *names, when=when + timedelta(seconds=1))

    def moves(self, verb, group, *names, when):
        operations = [
            {"op": "add", "path": "members", "value": [{"value": self.ids[name]}]}
            if verb == "add"
            else {"op": "remove", "path": f'members[value eq "{self.ids[name]}"]'}
            for name in names
        ]
        body = {"schemas": [PATCH], "Operations": operations}
        self.say(patch_group, self.ids[group], body, if_match=None, when=when)

    def turns(self, name, *, active, when):
        body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": active}]}
        self.say(patch_person, self.ids[name], body, if_match=None, when=when)

    def fires(self, *names, when, every=1):
        """Deactivate people, one each few seconds."""
        for number, name in enumerate(names):
            self.turns(name, active=False, when=when + timedelta(seconds=every * number))

    def deletes(self, *names, when):
        for number, name in enumerate(names):
            self.say(delete_person, self.ids[name], if_match=None, when=when + timedelta(seconds=number))

    def drops(self, group, *, when):
        self.say(delete_group, self.ids[group], if_match=None, when=when)

    def works(self, when, *, limit=100, steps=None):
        """Let a worker do all that is due, or some steps of it."""
        while (steps is None or steps > 0) and take_due(
            self.database, self.tenant_id, now=when, limit=limit, closed_until=closed_until
        ):
            steps = None if steps is None else steps - 1

    def rows(self, row, *order):
        with self.database.read(self.tenant_id) as session:
            return session.scalars(select(row).order_by(*order)).all()

    @property
    def storms(self):
        return self.rows(Storm, Storm.first_at, Storm.id)

    def decides(self, what, *, when):
        """Confirm or undo all storms that are open, and let the workers follow."""
        decide = {"confirm": confirm_storm, "undo": undo_storm}[what]
        for storm in reversed(self.storms):  # the latest first: it may be about people of an earlier one
            if storm.status == "open":
                with self.database.write(self.tenant_id) as session:
                    decide(session, storm.id, cause=MARA, now=when)
        self.works(when)

    @property
    def named(self):
        return {id_: name for name, id_ in self.ids.items()}

    def held(self):
        """Who holds which plan now, with a star where it is only held back."""
        return {
            self.named[seat.person_id]: seat.plan + ("*" if seat.storm_id else "")
            for seat in self.rows(Seat, Seat.person_id)
            if seat.end is None
        }

    def paid_seats(self):
        """Each person's time under each plan, whether held back or not."""
        found = {}
        for seat in self.rows(Seat, Seat.person_id, Seat.start):
            if seat.plan == "none":
                continue
            name, holding = self.named[seat.person_id], (seat.plan, seat.department, seat.cost_centre)
            spans = found.setdefault(name, [])
            if spans and spans[-1][1] == seat.start and spans[-1][2] == holding:
                spans[-1] = (spans[-1][0], seat.end, holding)
            else:
                spans.append((seat.start, seat.end, holding))
        return found

    def active(self):
        return {self.named[row.id] for row in self.rows(Person) if row.active}

    def closes(self, when):
        return close_period(self.database, self.tenant_id, None, None, cause=MARA, now=when).invoice_id

    def bill(self, invoice_id):
        with self.database.read(self.tenant_id) as session:
            assert verify_invoice(session, invoice_id) == ()
            document = read_invoice(session, invoice_id).document
            people = sorted(
                (self.named.get(share.person_id), share.plan, share.department, share.billable_days,
                 share.amount_minor, str(share.for_period_start))
                for share in invoice_people(session, invoice_id)
            )  # fmt: skip
        return document["total"], people

    def findings(self, when):
        return reconcile(self.database, self.tenant_id, now=when).findings
