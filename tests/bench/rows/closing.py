"""What the end of a large tenant's month takes, until everybody's share is written."""

import time
from datetime import UTC, date, datetime, timedelta
from statistics import median

from psycopg import Connection

from bridge.billing.close_period import close_period
from bridge.billing.local_days import midnight
from bridge.billing.periods import Period
from bridge.billing.subscriptions import read_subscription
from bridge.journal.record import Cause
from tests.bench.company import Customer, customer
from tests.bench.figures import Figure, Outcome, Remark, Tell, at_most
from tests.bench.load import Refused
from tests.bench.sizes import Sizes
from tests.bench.stage import Stage

MOST_SECONDS = 12
ZONE = "Europe/Berlin"
SWITCHING = 20
#: One in twenty moves to another plan within the month, one comes and one leaves; the others stay. The ids
#: are in no order, the instants within the month all different.
SPANS = """
INSERT INTO seats (tenant_id, person_id, start, "end", plan, roles, department, cost_centre, rule_set_id,
                   rule, group_ids, started_by, computed_at)
SELECT %(tenant)s, md5(person::text)::uuid::text,
       CASE WHEN part = 2 OR person %% 20 = 1 THEN moment ELSE hired END,
       CASE WHEN part = 1 AND person %% 20 = 0 OR person %% 20 = 2 THEN moment END,
       CASE WHEN part = 2 OR person %% 3 = 0 THEN 'premium' ELSE 'standard' END,
       '["viewer"]', 'Department ' || person %% 23, 'Centre ' || person %% 7, '', 'default', '[]', '', now()
FROM generate_series(1, %(people)s) person,
     LATERAL (SELECT %(start)s::timestamptz + (%(end)s::timestamptz - %(start)s::timestamptz)
                     * ((hashint8(person)::bigint + 2147483648) / 4294967296.0)
                     + person * interval '1 microsecond' AS moment,
                     %(start)s::timestamptz - interval '1 year' + person * interval '7 seconds' AS hired) x,
     generate_series(1, CASE WHEN person %% 20 = 0 THEN 2 ELSE 1 END) part
"""
#: What the database needs to read the same rows: the seconds of each plan.
SUM = """
SELECT plan, sum(extract(epoch FROM least("end", %(end)s) - greatest(start, %(start)s)))
FROM seats WHERE tenant_id = %(tenant)s AND start < %(end)s AND ("end" IS NULL OR "end" > %(start)s)
GROUP BY plan
"""
AGAIN = (
    "DELETE FROM invoice_people WHERE tenant_id = %(tenant)s",
    "DELETE FROM invoices WHERE tenant_id = %(tenant)s",
    "UPDATE tenants SET settled_until = NULL WHERE tenant_id = %(tenant)s",
)


def close_a_month(stage: Stage, sizes: Sizes, tell: Tell) -> list[Outcome]:
    """Close the same month again and again, in turns with the database's own sum over its spans."""
    row = f"close of a month with {sizes.spans:,} seat spans"
    whose = customer(stage, f"Larkspur closing {sizes.spans}")
    period = _period(stage, whose)
    start, end = midnight(period.start, ZONE), midnight(period.end, ZONE)
    values = {"tenant": whose.tenant_id, "start": start, "end": end}
    tell(f"{row}: filling in")
    people = sizes.spans * SWITCHING // (SWITCHING + 1)
    closing, own, web, server = [], [], [], []
    with stage.superuser() as database:
        _fill(database, values, people)
        stage.tidy()
        for turn in range(sizes.closes):
            tell(f"{row}: {turn + 1} of {sizes.closes}")
            began = time.perf_counter()
            database.execute(SUM, values).fetchall()
            own.append(time.perf_counter() - began)
            before = time.perf_counter(), time.process_time(), stage.database_server.cpu_seconds()
            _close(stage, whose, period.start, now=end + timedelta(days=2))
            closing.append(time.perf_counter() - before[0])
            web.append(time.process_time() - before[1])
            server.append(stage.database_server.cpu_seconds() - before[2])
            _check(database, values, people)
            for statement in AGAIN:
                database.execute(statement, values)
    ratios = tuple(each / plain for each, plain in zip(closing, own, strict=True))
    return [
        at_most(
            row, "until everybody's share is written", median(closing), "s", MOST_SECONDS,
            rounds=tuple(closing),
        ),
        Figure(row, "CPU of the process that closes", median(web), "s", rounds=tuple(web)),
        Figure(row, "CPU of PostgreSQL", median(server), "s", rounds=tuple(server)),
        Figure(row, "PostgreSQL's own sum of seconds by plan", median(own), "s", rounds=tuple(own)),
        Figure(row, "close ÷ that sum", median(ratios), "times", rounds=ratios),
        Remark(row, f"{people:,} people: of 20, one moves to another plan, one comes, one leaves; 161 names"),
    ]  # fmt: skip


def _period(stage: Stage, whose: Customer) -> Period:
    with stage.bridge.database.read(whose.tenant_id) as session:
        return read_subscription(session, None).period_of(datetime.now(UTC).date())


def _fill(database: Connection, values: dict[str, object], people: int) -> None:
    """Write the spans alone: closing reads nothing else of people, so there are none behind them."""
    database.execute("SET session_replication_role = replica")  # looks up no foreign keys
    database.execute(SPANS, values | {"people": people})
    database.execute("SET session_replication_role = origin")


def _close(stage: Stage, whose: Customer, start: date, *, now: datetime) -> None:
    close_period(
        stage.bridge.database, whose.tenant_id, None, start, cause=Cause("operator", "bench", ""), now=now
    )


def _check(database: Connection, values: dict[str, object], people: int) -> None:
    """Make sure that everybody is on the invoice, with all the money."""
    found = database.execute(
        """SELECT count(DISTINCT share ->> 0), sum((share ->> 5)::bigint) = min(i.subtotal_minor)
           FROM invoices i JOIN invoice_people p USING (tenant_id),
                jsonb_array_elements(p.shares::jsonb) share
           WHERE i.tenant_id = %(tenant)s""",
        values,
    ).fetchone()
    if found != (people, True):
        raise Refused(f"{people} people were to be on the invoice, their shares its subtotal: {found}")
