"""A tenant with facts as rows, each with its journal entry, whose seats the product computes itself."""

from datetime import UTC, date, datetime

from sqlalchemy import insert, text, update

from bridge.billing.close_period import close_period
from bridge.billing.subscriptions import create_default_subscription
from bridge.database.sessions import Database
from bridge.directory.changes import mark_due
from bridge.directory.counts import count_created
from bridge.directory.tables import Group, GroupVersion, Membership, Person, PersonVersion
from bridge.journal.record import Cause, Subject, record
from bridge.mapping.apply_rules import apply_rules
from bridge.oversight.reconcile import reconcile
from bridge.tenants.tables import Connection, Tenant

TENANT = "birchwood-1"
OPERATOR = Cause("operator", "grace", "request-0")
BEGINNING = datetime(2025, 12, 1, tzinfo=UTC)
RULES = [
    {"name": "Analysts", "when": 'groups.value eq "analysts"', "plan": "premium", "roles": ["analyst"]},
    {"name": "Sales", "when": 'groups.value eq "sales"', "plan": "standard"},
    {"name": "Viewers", "when": "active eq true", "roles": ["viewer"]},
    {"name": "Nobody", "when": 'userName eq "nobody"', "plan": "admin"},
]


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


class Company:
    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write(TENANT) as session:
            session.execute(
                insert(Tenant),
                {"tenant_id": TENANT, "name": "Birchwood", "currency": "EUR", "timezone": "UTC",
                 "created_at": BEGINNING},
            )  # fmt: skip
            session.execute(
                insert(Connection),
                {"tenant_id": TENANT, "id": "okta", "name": "Okta", "kind": "okta", "dialect": "okta",
                 "live_from": BEGINNING, "created_at": BEGINNING},
            )  # fmt: skip
            create_default_subscription(session, starts_on=date(2026, 1, 1), cause=OPERATOR, now=BEGINNING)
            apply_rules(
                session, {"rules": RULES}, author="grace", note="", effective_from=BEGINNING,
                known_plans={"standard", "premium", "admin"}, known_roles={"viewer", "analyst"},
                cause=OPERATOR, now=BEGINNING,
            )  # fmt: skip
        for group in ("sales", "analysts"):
            self.group(group)

    def told(self, session, action, subject, when, *, request="request-1"):
        cause = Cause("connection", "okta", request)
        return record(session, action, Subject(*subject), cause=cause, at=at(when))

    def group(self, group):
        with self.database.write(TENANT) as session:
            entry = self.told(session, "scim:group:create", ("group", group), "2025-12-02")
            row = {"tenant_id": TENANT, "id": group, "connection_id": "okta", "display_name": group.title(),
                   "display_name_key": group, "resource": {}, "folded": {}, "version": 1,
                   "created_at": BEGINNING, "changed_at": BEGINNING}  # fmt: skip
            session.execute(insert(Group), row)
            count_created(session, "group", connection_id="okta", number=1, at=BEGINNING)
            fact = {"tenant_id": TENANT, "group_id": group, "start": at("2025-12-02"),
                    "display_name": group.title(), "started_by": entry}  # fmt: skip
            session.execute(insert(GroupVersion), fact)

    def person(self, name, since="2026-01-01", *, active=True, department="Lab"):
        with self.database.write(TENANT) as session:
            entry = self.told(session, "scim:person:create", ("person", name), since, request=f"made-{name}")
            enterprise = {"department": department}
            resource = {
                "userName": name, "active": active,
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": enterprise,
            }  # fmt: skip
            row = {"tenant_id": TENANT, "id": name, "connection_id": "okta", "user_name": name,
                   "user_name_key": name, "active": active, "resource": resource, "folded": {}, "version": 1,
                   "created_at": at(since), "changed_at": at(since)}  # fmt: skip
            session.execute(insert(Person), row)
            count_created(session, "person", connection_id="okta", number=1, at=at(since))
            fact = {"tenant_id": TENANT, "person_id": name, "start": at(since), "active": active,
                    "resource": resource, "started_by": entry}  # fmt: skip
            session.execute(insert(PersonVersion), fact)
            mark_due(session, [Subject("person", name)], cause_id=entry, now=at(since))
        return name

    def joins(self, name, group, since, until=None, *, request="joined", kind="person"):
        """Put someone into a group; a fact that is told long after its time is a late one."""
        with self.database.write(TENANT) as session:
            entry = self.told(session, "scim:group:patch", ("group", group), since, request=request)
            row = {"tenant_id": TENANT, "group_id": group, "member_id": name, "member_kind": kind,
                   "start": at(since), "end": at(until) if until else None, "started_by": entry,
                   "ended_by": entry if until else None}  # fmt: skip
            session.execute(insert(Membership), row)
            mark_due(session, [Subject("person", name)], cause_id=entry, now=at(since))

    def leaves(self, name, group, until, *, told, request="left"):
        with self.database.write(TENANT) as session:
            entry = self.told(session, "scim:group:patch", ("group", group), told, request=request)
            session.execute(
                update(Membership)
                .where(Membership.member_id == name, Membership.group_id == group)
                .values(end=at(until), ended_by=entry)
            )
            mark_due(session, [Subject("person", name)], cause_id=entry, now=at(told))
        return entry

    def close(self, now="2026-02-02"):
        return close_period(self.database, TENANT, None, None, cause=OPERATOR, now=at(now))

    def findings(self, *, limit=1_000):
        return reconcile(self.database, TENANT, now=at("2026-03-02"), limit=limit)

    def kinds(self):
        return [(each.kind, each.subject.id) for each in self.findings().findings]

    def sql(self, statement, **values):
        """Change rows behind the product's back."""
        with self.database.write(TENANT) as session:
            session.connection().execute(text(statement), values)
