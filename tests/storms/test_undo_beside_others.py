"""The undo of a storm beside other changes of its people and groups: nobody waits in a circle."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from bridge.directory.search import members_of
from bridge.directory.tables import Group, Person
from bridge.provisioning.replace_group import replace_group
from bridge.seats.undo_storm import undo_storm
from bridge.signin.events.apply_events import apply_events
from bridge.signin.events.identity_events import DEACTIVATE, IdentityEvent
from bridge.signin.events.take_events import take_events
from tests.storms.mill import FOUNDED, GROUP, MARA, Mill, at

PEOPLE = [f"w{number:02}" for number in range(30)]
NIGHT, MORNING = at("01-20 02:00"), at("01-20 09:00")
WAITING = text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
PATIENCE_SECONDS = 30

#: SQLite has one writer at a time.
pytestmark = pytest.mark.parametrize("shared_url", ["postgresql"], indirect=True)


class Together:
    """Work that is begun one after the other while a row is held that all of it comes to wait for."""

    def __init__(self, mill: Mill) -> None:
        self.mill, self.errors, self.threads = mill, list[Exception](), list[threading.Thread]()

    def begin(self, work: Callable[[], object]) -> None:
        """Begin the work, and return when it waits for somebody."""

        def attempt() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 (whatever it is, the test tells it)
                self.errors.append(error)

        self.threads.append(threading.Thread(target=attempt))
        self.threads[-1].start()
        end = time.monotonic() + PATIENCE_SECONDS
        while self._waiting() < len(self.threads):
            assert time.monotonic() < end, f"{work} waits for nobody; {self.errors}"
            time.sleep(0.02)

    def _waiting(self) -> int:
        with self.mill.database.engine.connect() as connection:
            return connection.scalar(WAITING) or 0

    def end(self) -> list[Exception]:
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()
        return self.errors


def undo(mill: Mill) -> None:
    [storm] = mill.storms
    with mill.database.write(mill.tenant_id) as session:
        undo_storm(session, storm.id, cause=MARA, now=MORNING)


def test_a_group_that_is_deleted_meanwhile_leaves_the_groups_above_it_after_the_undo(database):
    """Deletion locks the group and then those above it, the undo all of them in the order of their ids."""
    mill = Mill(database)
    for number, name in enumerate(("hall", "loom"), 1):
        mill.group(name, when=FOUNDED + timedelta(milliseconds=number))
    mill.hires(*PEOPLE, group="loom")
    for above, below in (("hall", "loom"), ("staff", "loom"), ("staff", "hall")):
        mill.moves("add", above, below, when=at("01-01 01:00"))
    mill.works(at("01-02 00:00"))
    empty = {"schemas": [GROUP], "displayName": "staff", "members": []}
    mill.say(replace_group, mill.ids["staff"], empty, if_match=None, when=NIGHT)
    mill.works(NIGHT)
    together = Together(mill)
    with mill.database.write(mill.tenant_id) as session:
        session.execute(select(Group.id).where(Group.id == mill.ids["hall"]).with_for_update())
        together.begin(lambda: undo(mill))
        together.begin(lambda: mill.drops("loom", when=MORNING + timedelta(seconds=1)))
    assert together.end() == []
    with mill.database.read(mill.tenant_id) as session:
        found = members_of(session, [mill.ids["staff"], mill.ids["hall"]])
    members = {
        group_id: [each.id for each in found.get(group_id, ())]
        for group_id in map(mill.ids.get, ("staff", "hall"))
    }
    assert members == {mill.ids["staff"]: [mill.ids["hall"]], mill.ids["hall"]: []}


def test_events_about_people_whom_an_undo_brings_back_follow_it(database):
    """The workers lock the connection and then its people; the undo did it the other way round."""
    mill = Mill(database)
    mill.hires(*PEOPLE)
    mill.works(at("01-02 00:00"))
    mill.fires(*PEOPLE, when=NIGHT)
    mill.works(NIGHT + timedelta(minutes=5))
    first, last = (mill.ids[name] for name in (PEOPLE[0], PEOPLE[-1]))
    told = IdentityEvent("e-1", "account-disabled", MORNING - timedelta(seconds=1), DEACTIVATE)
    with mill.database.write(mill.tenant_id) as session:
        take_events(
            session, [told], connection_id=mill.connection_id, source="set", request_id="r", days=90,
            now=MORNING, person_ids={told.id: first},
        )  # fmt: skip
    together = Together(mill)
    later = MORNING + timedelta(seconds=1)
    with mill.database.write(mill.tenant_id) as session:
        session.execute(select(Person.id).where(Person.id == last).with_for_update())
        together.begin(lambda: undo(mill))
        together.begin(lambda: apply_events(mill.database, mill.tenant_id, limit=10, late_days=35, now=later))
    assert together.end() == []
    with mill.database.read(mill.tenant_id) as session:
        active = session.execute(select(Person.id, Person.active).where(Person.id.in_([first, last])))
        assert dict(map(tuple, active)) == {first: True, last: True}
