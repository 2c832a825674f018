"""The workers' turn: events are applied before seats are computed, and what fails is tried again."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, text

import config.settings
from bridge.seats.tables import Seat
from bridge.tenants.tables import DueTenant
from tests.api.customers import Running, group, rules
from tests.events.firm import Firm
from tests.events.org import lifecycle
from tests.events.test_applying import minute
from workers.assignments import drain
from workers.events import apply_waiting


@pytest.fixture
def firm(running: Running) -> Iterator[Firm]:
    config.settings.settings.cache_clear()
    firm = Firm.of(running, "ada", groups=["Sales"])
    members = group("Sales", firm.people["ada"])
    firm.scim("PUT", f"/Groups/{firm.groups['Sales']}", members)
    assert running.api(firm.customer, "POST", "/rule-sets", rules(firm.groups["Sales"])).status_code == 201
    drain(running.database, firm.customer.tenant_id)
    yield firm
    config.settings.settings.cache_clear()


def due(firm: Firm) -> int:
    with firm.running.database.unscoped_read() as session:
        rows = select(DueTenant.id).where(
            DueTenant.tenant_id == firm.customer.tenant_id, DueTenant.cause == "changes"
        )
        return len(session.scalars(rows).all())


def seats(firm: Firm) -> list[tuple[object, object]]:
    return [tuple(row) for row in firm.read(select(Seat.start, Seat.end))]


def test_one_turn_applies_what_waits_and_ends_the_seat(firm: Firm):
    before = seats(firm)
    firm.send(lifecycle("suspend", "ext-ada", minute(1)), at=minute(2))
    assert (due(firm), firm.active()) == (1, {"ada": True})
    firm.running.set_clock(minute(3))
    drain(firm.running.database, firm.customer.tenant_id)
    [(start, end)] = seats(firm)
    assert (before, start, end) == ([(start, None)], start, minute(3))
    assert (due(firm), firm.active()) == (0, {"ada": False})


def test_a_turn_that_is_over_leaves_the_rest_for_the_next(firm: Firm):
    firm.send(lifecycle("suspend", "ext-ada", minute(1)), at=minute(2))
    assert apply_waiting(firm.running.database, firm.customer.tenant_id, ends=0.0) is False
    assert apply_waiting(firm.running.database, firm.customer.tenant_id, ends=0.0) is True


@pytest.mark.parametrize("running", ["sqlite"], indirect=True)
def test_what_cannot_be_applied_keeps_no_seat_from_being_computed_and_is_tried_again(firm: Firm):
    database, tenant_id = firm.running.database, firm.customer.tenant_id
    firm.send(lifecycle("suspend", "ext-ada", minute(1)), at=minute(2))
    firm.set_active("ada", active=False, at=minute(3))
    firm.running.set_clock(minute(4))
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE event_standings RENAME TO gone"))
    drain(database, tenant_id)
    assert [end for _, end in seats(firm)] == [minute(3)]
    assert (due(firm) > 0, list(firm.outcomes().values())) == (True, ["waiting"])
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO event_standings"))
    drain(database, tenant_id)
    assert (due(firm), list(firm.outcomes().values())) == (0, ["superseded"])
