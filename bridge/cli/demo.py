"""The command that plays six weeks at a made-up company, from the first hire to an explained invoice."""

import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from types import FrameType

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import select

from bridge.access.grant import grant_api_key
from bridge.billing.close_period import close_period
from bridge.billing.invoice_document import person_document
from bridge.billing.issued_invoices import invoice_people, read_invoice, verify_invoice
from bridge.cli.invoices import MONEY_WITHOUT_A_PERSON, names_of
from bridge.cli.pictures import invoice_picture, reasons_tree, seats_table
from bridge.cli.stage import Customer, Stage
from bridge.database.ids import new_id
from bridge.directory.tables import Group
from bridge.journal.record import Cause
from bridge.mapping.apply_rules import apply_rules
from bridge.oversight.explain import explain_invoice_person
from bridge.oversight.reconcile import reconcile
from bridge.seats.holders import seats_at
from bridge.simulator.company import larkspur
from bridge.simulator.events import Event, Kind, Source, Story
from bridge.simulator.play import Played, play
from bridge.simulator.record import Record
from bridge.simulator.story import six_weeks
from bridge.simulator.wire import Connection
from config.catalogue import plan_keys, roles
from config.settings import settings

START = datetime(2026, 9, 1, 7, tzinfo=UTC)
MONTH = date(2026, 9, 1)
AFTERWARDS = datetime(2026, 10, 13, 7, tzinfo=UTC)
PEOPLE = 60
WAITS = 10  # how often a client of a company so large that it meets the limits comes back
ROLE_OF_PLAN = {"premium": "analyst", "standard": "viewer", "flexible": "viewer", "none": "viewer"}


@click.command()
@click.option("--stay", is_flag=True, help="Keep the bridge running afterwards and print its addresses.")
@click.option("--people", default=PEOPLE, show_default=True, type=click.IntRange(2, 10_000))
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same company.")
def demo(*, stay: bool, people: int, seed: int) -> None:
    """Play six weeks at a company with Okta and Entra; print seats, invoice, a reason, a reconciliation."""
    console = Console()
    signal.signal(signal.SIGTERM, _leave)  # so that the processes it started are stopped as well
    stage = Stage.set_up(settings().var / "demo", start=START)
    customer = stage.found("Larkspur Instruments", currency="USD", timezone="Europe/Berlin", now=START)
    try:
        console.print(
            f"Starting the bridge on {stage.address} (web, worker, schedule; SQLite, embedded queue)"
        )
        stage.serve()
        story = six_weeks(larkspur(people, seed=seed), START)
        with Progress(console=console) as progress:
            bar = progress.add_task("Okta and Entra are provisioning", total=len(story.events))
            record = perform(stage, customer, story, on_event=lambda _: progress.advance(bar))
        findings = tell(console, stage, customer, story, record)
        if stay:
            _stay(console, stage, customer)
    finally:
        stage.stop()
    sys.exit(1 if findings else 0)


def perform(
    stage: Stage,
    customer: Customer,
    story: Story,
    *,
    on_event: Callable[[Played], None] = lambda _: None,
    twice: bool = False,
    order_seed: int | None = None,
) -> Record:
    """Play a story; every evening the administrator maps the groups that appeared during the day."""
    evenings = Evenings(stage, customer, story)

    def after(played: Played) -> None:
        evenings.look(played)
        on_event(played)

    connections: Mapping[Source, Connection] = {
        source: Connection(f"{stage.address}/scim/v2", token, waits=WAITS)
        for source, token in customer.tokens.items()
    }
    record = play(
        story, connections, set_clock=stage.set_clock, on_event=after, twice=twice, order_seed=order_seed
    )
    stage.set_clock(AFTERWARDS)
    return record


class Evenings:
    """The administrator who maps new groups to plans, at the day's end, with effect from its beginning."""

    def __init__(self, stage: Stage, customer: Customer, story: Story) -> None:
        self._stage = stage
        self._customer = customer
        self._story = story
        pushes = [event for event in story.events if event.kind is Kind.PUSH and not event.repeated]
        self._to_come = {day: sum(event.at.date() == day for event in pushes) for day in _days(pushes)}

    def look(self, played: Played) -> None:
        """Map the day's groups once the last of them has been pushed."""
        event = played.event
        if event.kind is not Kind.PUSH or event.repeated:
            return
        day = event.at.date()
        self._to_come[day] -= 1
        if not self._to_come[day]:
            evening = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
            self._apply(effective_from=max(START, evening - timedelta(hours=20)), now=evening)

    def _apply(self, *, effective_from: datetime, now: datetime) -> None:
        with self._stage.bridge.database.write(self._customer.tenant_id) as session:
            groups = select(Group.id, Group.display_name).order_by(Group.created_at, Group.id)
            apply_rules(
                session,
                rules_for(dict(session.execute(groups).all()), self._story.group_plans),
                author="demo",
                note="the groups that appeared today",
                effective_from=effective_from,
                known_plans=plan_keys(),
                known_roles=frozenset(roles()),
                cause=Cause("operator", "demo", new_id(now)),
                now=now,
            )


def rules_for(group_names: Mapping[str, str], group_plans: Mapping[str, str]) -> dict[str, object]:
    """Return the rules that give each group, named by its id, the plan that its name stands for."""
    rules = [
        {
            "name": f"{name} ({ident[-6:]})",
            "when": f'groups.value eq "{ident}"',
            "plan": group_plans[name],
            "roles": [ROLE_OF_PLAN[group_plans[name]]],
        }
        for ident, name in group_names.items()
    ]
    return {"default": {"plan": "none", "roles": []}, "rules": rules}


def tell(console: Console, stage: Stage, customer: Customer, story: Story, record: Record) -> int:
    """Print what was played and what came of it; return the number of findings."""
    database, tenant_id = stage.bridge.database, customer.tenant_id
    refused = sum(exchange.status >= 400 for exchange in record)  # noqa: PLR2004 (RFC 9110: errors begin here)
    console.print(
        f"Played {len(story.events)} events in {len(record.exchanges)} requests, {refused} refused."
    )
    stage.await_computed(tenant_id)
    closed = close_period(
        database, tenant_id, None, MONTH, cause=Cause("operator", "demo", new_id(AFTERWARDS)), now=AFTERWARDS
    )
    with database.read(tenant_id) as session:
        console.print(seats_table(seats_at(session, AFTERWARDS), title=f"Seats on {AFTERWARDS:%d %B %Y}"))
        issued = read_invoice(session, closed.invoice_id)
        rows = [person_document(share, issued.currency) for share in invoice_people(session, issued.id)]
        names = names_of(session, {row["person"] for row in rows if row["person"]})
        named = [(names.get(row["person"] or "", MONEY_WITHOUT_A_PERSON), row) for row in rows]
        console.print(invoice_picture(issued.document, named))
        wrong = verify_invoice(session, issued.id)
        moved = _most_told(rows)
        reasons = [share.document() for share in explain_invoice_person(session, issued.id, moved)]
        console.print(reasons_tree(reasons, title=f"Why does {names[moved]} cost this?"))
    findings = reconcile(database, tenant_id, now=AFTERWARDS).findings
    console.print(
        f"Lines, people and departments add up to {issued.document['subtotal']} {issued.currency}."
        if not wrong
        else f"Sums do not agree: {wrong}"
    )
    console.print(f"Reconciliation: {len(findings)} findings.")
    for finding in findings:
        console.print(finding)
    return len(findings) + len(wrong)


def _most_told(rows: list[dict[str, str | None]]) -> str:
    """Choose somebody who changed plan or department within the month, else anybody."""
    people = [row["person"] for row in rows if row["person"]]
    return next((each for each in people if people.count(each) > 1), people[0])


def _days(events: Iterable[Event]) -> set[date]:
    return {event.at.date() for event in events}


def _stay(console: Console, stage: Stage, customer: Customer) -> None:
    bridge = stage.bridge
    with bridge.database.write(customer.tenant_id) as session:
        cause = Cause("operator", "demo", new_id(AFTERWARDS))
        key = grant_api_key(
            session, scopes=("admin",), seal=bridge.seal, lifetime=None, cause=cause, now=AFTERWARDS
        )
    console.print(
        f"\nThe bridge stays up until you press Ctrl-C.\n  SCIM {stage.address}/scim/v2\n"
        f"  API  {stage.address}/api/v1 (see /api/v1/openapi.json)\n  key  {key.secret}",
        highlight=False,
    )
    with suppress(KeyboardInterrupt):
        signal.pause()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
