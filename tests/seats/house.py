"""A tenant in a real database, furnished with facts as a SCIM client would have left them."""

from itertools import count

import pytest
from sqlalchemy import insert, select, update

from bridge.database.engine import open_engine
from bridge.database.sessions import Database
from bridge.directory.changes import mark_due
from bridge.directory.facts import GroupNameFact
from bridge.directory.tables import ChangeDue, Group, GroupVersion, Membership, Person, PersonVersion
from bridge.journal.record import Cause, Subject
from bridge.journal.tables import JournalEntry
from bridge.mapping.apply_rules import apply_rules
from bridge.scim.schemas import ENTERPRISE_USER_URN
from bridge.seats.due import take_due
from bridge.seats.tables import Seat
from bridge.tenants.tables import Connection, DueTenant, Tenant
from config.settings import Settings
from tests.seats.facts import GROUPS, at
from tests.servers import migrated_copies

OPERATOR = Cause("operator", "root", "request-0")
PLANS = {"standard", "premium"}
ROLES = {"viewer", "analyst"}

SALES = {"name": "Sales", "when": 'groups.value eq "a"', "plan": "standard"}
LEADS = {"name": "Leads", "when": 'groups.value eq "b"', "plan": "premium"}


TENANTS = count(1)


class House:
    def __init__(self, database, *, settled_until=None, live_from=0) -> None:
        self.database = database
        self.tenant_id = f"tenant {next(TENANTS)}"
        self.add(
            Tenant,
            name="Birchwood",
            currency="EUR",
            timezone="UTC",
            created_at=at(0),
            settled_until=settled_until,
        )
        self.add(
            Connection,
            id="okta",
            name="Okta",
            kind="okta",
            dialect="okta",
            live_from=at(live_from),
            created_at=at(0),
        )
        self.known_groups = set()

    def add(self, table, **values):
        with self.database.write(self.tenant_id) as session:
            session.execute(insert(table), {"tenant_id": self.tenant_id, **values})

    def person(self, person_id, versions=((0, None, True, None),)):
        """Versions are (start, end, active, department)."""
        blank = dict.fromkeys(
            ("external_id", "external_digest", "display_name", "email_key", "deleted_at"), None
        )
        self.add(
            Person, id=person_id, connection_id="okta", user_name=person_id, user_name_key=person_id,
            active=True, resource={}, version=1, created_at=at(0), changed_at=at(0), **blank,
        )  # fmt: skip
        for start, end, active, department in versions:
            self.version(person_id, start, end, active=active, department=department)

    def version(self, person_id, start, end, *, active=True, department=None):
        resource = {} if department is None else {ENTERPRISE_USER_URN: {"department": department}}
        self.add(
            PersonVersion, person_id=person_id, start=at(start), end=at(end), active=active,
            resource=resource,
            started_by=f"version {start}", ended_by=None if end is None else f"version {end}",
        )  # fmt: skip

    def group(self, group_id, *, names=None):
        if group_id in self.known_groups:
            return
        self.known_groups.add(group_id)
        blank = dict.fromkeys(("unique_name_key", "external_id", "deleted_at"), None)
        self.add(
            Group, id=group_id, connection_id="okta", display_name=group_id, display_name_key=group_id,
            resource={}, version=1, created_at=at(0), changed_at=at(0), **blank,
        )  # fmt: skip
        always = GroupNameFact(at(0), None, group_id, "named", None)
        for fact in (always,) if names is None else names:
            self.add(GroupVersion, group_id=group_id, **_columns(fact))

    def joins(self, member_id, group_id, start=0, end=None, *, kind="person"):
        self.group(group_id)
        self.add(
            Membership, group_id=group_id, member_id=member_id, member_kind=kind, start=at(start),
            end=at(end),
            started_by=f"joined {start}", ended_by=None if end is None else f"left {end}",
        )  # fmt: skip

    def furnish(self, facts):
        """Store one person's facts as they are drawn; groups that are not given always exist."""
        with self.database.write(self.tenant_id) as session:
            session.execute(update(Connection).values(live_from=facts.live_from))
        self.person(facts.person_id, versions=())
        for fact in facts.versions:
            self.add(PersonVersion, person_id=facts.person_id, **_columns(fact))
        for group_id in GROUPS:
            self.group(group_id, names=facts.groups[group_id].names if group_id in facts.groups else None)
        for fact in facts.memberships:
            self.add(Membership, member_id=facts.person_id, member_kind="person", **_columns(fact))
        for group_id, group in facts.groups.items():
            for fact in group.memberships:
                self.add(Membership, member_id=group_id, member_kind="group", **_columns(fact))

    def rules(self, *rules, effective_from=0, now=None, **more):
        with self.database.write(self.tenant_id) as session:
            return apply_rules(
                session, {"rules": list(rules), **more}, author="root", note="",
                effective_from=at(effective_from), known_plans=PLANS, known_roles=ROLES, cause=OPERATOR,
                now=now or at(effective_from),
            )  # fmt: skip

    def due(self, *ids, kind="person", hour=0, cause_id="cause"):
        with self.database.write(self.tenant_id) as session:
            mark_due(session, [Subject(kind, id_) for id_ in ids], cause_id=cause_id, now=at(hour))

    def drain(self, hour, *, limit=100, closed_until=None, **options):
        total = 0
        while done := take_due(
            self.database, self.tenant_id, now=at(hour), limit=limit,
            closed_until=lambda _session: closed_until, **options,
        ):  # fmt: skip
            total += done
        return total

    def read(self, statement):
        with self.database.read(self.tenant_id) as session:
            return session.execute(statement).all()

    def seats(self, person_id=None):
        columns = (Seat.person_id, Seat.start, Seat.end, Seat.plan)
        found = self.read(select(*columns).order_by(Seat.person_id, Seat.start))
        return (
            [tuple(row)[1:] for row in found if row[0] == person_id]
            if person_id
            else [tuple(r) for r in found]
        )

    def still_due(self):
        return self.read(select(ChangeDue.subject_kind, ChangeDue.subject_id))

    def told(self):
        """What the worker has journalled about seats, in brief."""
        entries = (
            select(JournalEntry).where(JournalEntry.action.like("seat:person:%")).order_by(JournalEntry.id)
        )
        return [
            (
                entry.at,
                entry.subject_id,
                entry.action.removeprefix("seat:person:"),
                entry.details["plan"],
                entry.details["since"],
            )
            for (entry,) in self.read(entries)
        ]

    def boundaries(self):
        with self.database.unscoped_read() as session:
            chosen = select(DueTenant.wake_at).where(
                DueTenant.cause == "boundary", DueTenant.tenant_id == self.tenant_id
            )
            return sorted(session.scalars(chosen))


def _columns(fact):
    return {name: getattr(fact, name) for name in fact.__slots__}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_url(request, tmp_path_factory):
    """One migrated database for all tests of a module: each furnishes a tenant of its own."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("seats") / "database"
        yield migrated_copies.fresh_sqlite(request.getfixturevalue("migrated_sqlite"), folder)
        return
    server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("migrated_postgresql")
    with migrated_copies.fresh_postgresql(server, template=template) as url:
        yield url


@pytest.fixture
def database(shared_url):
    database = opened(shared_url)
    yield database
    database.dispose()


@pytest.fixture
def house(database):
    return House(database)


def opened(url):
    return Database(open_engine(Settings(database_url=url)))
