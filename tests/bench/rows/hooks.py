"""What identity providers wait for: the acknowledgement of events, and the claims of a token."""

from datetime import UTC, datetime, timedelta
from statistics import median

import orjson
from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.directory.tables import Person
from bridge.journal.record import Cause
from bridge.signin.events.okta_hooks import OktaHookSettings, make_okta_secret, set_okta_hook
from bridge.tenants.create import create_connection
from tests.bench.company import Customer, customer, fill
from tests.bench.figures import Figure, Outcome, Tell, at_most
from tests.bench.load import Request, percentile, send
from tests.bench.rows.seats import worker
from tests.bench.sizes import Sizes
from tests.bench.stage import Stage

EVENTS_EACH = 10
CALLS = 60
MOST_EVENTS_MILLISECONDS = 300
MOST_TOKEN_MILLISECONDS = 50


def call_hooks(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Deliver events while a worker applies them, then ask for the claims of tokens."""
    row = "Okta's hooks"
    with stage.web() as server, worker(stage, server):
        known = customer(stage, "Larkspur hooks")
        fill(stage, server, known, sizes.small)
        connection_id, secret = _hooks(stage, known)
        stage.tidy()
        tell(f"{row}: events")
        place = f"/events/{connection_id}/okta"
        deliveries = [Request("POST", place, secret, _delivery(number)) for number in range(CALLS * sizes.rounds)]
        events = send(server.port, deliveries)
        tell(f"{row}: tokens")
        asked = [Request("POST", f"{place}/token", secret, _token(number)) for number in range(CALLS * sizes.rounds)]
        tokens = send(server.port, asked)
    return [
        at_most(
            row, f"p99, delivery of {EVENTS_EACH} events", percentile(events.milliseconds, 99), "ms",
            MOST_EVENTS_MILLISECONDS,
        ),
        Figure(row, "median of it", median(events.milliseconds), "ms"),
        at_most(row, "p99, claims of a token", percentile(tokens.milliseconds, 99), "ms", MOST_TOKEN_MILLISECONDS),
        Figure(row, "median of it", median(tokens.milliseconds), "ms"),
    ]  # fmt: skip
