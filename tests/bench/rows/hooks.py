"""What identity providers wait for: the acknowledgement of events, and the claims of a token."""

from datetime import UTC, datetime, timedelta
from statistics import median

import orjson
from sqlalchemy import update

from bridge.database.ids import new_id
from bridge.journal.record import Cause
from bridge.signin.events.okta_hooks import OktaHookSettings, make_okta_secret, set_okta_hook
from bridge.tenants.tables import Connection
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
        deliveries = [
            Request("POST", place, secret, _delivery(known, number)) for number in range(CALLS * sizes.rounds)
        ]
        events = send(server.port, deliveries)
        tell(f"{row}: tokens")
        asked = [
            Request("POST", f"{place}/token", secret, _token(known, number))
            for number in range(CALLS * sizes.rounds)
        ]
        # Okta waits for each before it issues the token: one that stands behind others is not what is asked.
        before = server.cpu_seconds()
        tokens = send(server.port, asked, connections=1)
        cpu = 1000 * (server.cpu_seconds() - before) / len(asked)
    return [
        at_most(
            row, f"p99, {EVENTS_EACH} events", percentile(events.milliseconds, 99), "ms",
            MOST_EVENTS_MILLISECONDS,
        ),
        Figure(row, f"median, {EVENTS_EACH} events", median(events.milliseconds), "ms"),
        at_most(
            row, "p99, claims of a token", percentile(tokens.milliseconds, 99), "ms",
            MOST_TOKEN_MILLISECONDS,
        ),
        Figure(row, "median, claims of a token", median(tokens.milliseconds), "ms"),
        Figure(row, "web: CPU, claims of a token", cpu, "ms"),
    ]  # fmt: skip


def _hooks(stage: Stage, known: Customer) -> tuple[str, str]:
    """Have the customer's connection be one of Okta, and return it with the secret of its hooks."""
    now = datetime.now(UTC)
    cause = Cause("operator", "bench", new_id(now))
    with stage.bridge.database.write(known.tenant_id) as session:
        session.execute(update(Connection).values(kind="okta"))
        chosen = OktaHookSettings(plan_claim="plan", roles_claim="roles")
        set_okta_hook(session, known.connection_id, chosen, cause=cause, now=now)
        return known.connection_id, make_okta_secret(
            session, known.connection_id, seal=stage.bridge.seal, overlap=timedelta(), cause=cause, now=now
        )


def _delivery(known: Customer, number: int) -> str:
    """Suspensions and their ends in turn, each of another person."""
    at = datetime.now(UTC) - timedelta(minutes=5) + timedelta(milliseconds=number)
    verb = "unsuspend" if number % 2 else "suspend"
    events = [
        {
            "uuid": new_id(at),
            "published": at.isoformat(),
            "eventType": f"user.lifecycle.{verb}",
            "outcome": {"result": "SUCCESS"},
            "target": [{"type": "User", "id": _okta_id(known, number // 2 * EVENTS_EACH + each)}],
        }
        for each in range(EVENTS_EACH)
    ]
    return orjson.dumps({"data": {"events": events}}).decode()


def _token(known: Customer, number: int) -> str:
    content = {"context": {"user": {"id": _okta_id(known, number)}}, "identity": {"claims": {}}}
    return orjson.dumps({"eventType": "com.okta.oauth2.tokens.transform", "data": content}).decode()


def _okta_id(known: Customer, number: int) -> str:
    return f"ext-{known.name_of(number % len(known.ids))}"
