import subprocess
import sys
from collections import defaultdict
from datetime import date

import pytest

from bridge.cli.demo import AFTERWARDS
from bridge.journal.seal import seal
from bridge.journal.verify import verify
from bridge.oversight.explain import explain_invoice_person, explain_person
from bridge.oversight.reconcile import reconcile
from bridge.seats.holders import seats_at
from bridge.simulator.events import Kind
from tests.story.conftest import (
    forget_everything_queued,
    kill_workers,
    played,
    start_from_procfile,
)
from tests.story.recount import recount

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


def agrees_with_the_recount(outcome):
    counted = recount(
        outcome.record, SEPTEMBER, OCTOBER, zone="Europe/Berlin", plan_of_name=outcome.story.group_plans
    )
    by_plan, by_person = defaultdict(int), {}
    for share in outcome.shares:
        by_plan[share.plan] += share.amount_minor
        who = (share.person_id, share.plan, share.department, share.cost_centre)
        by_person[who] = (share.billable_days, share.amount_minor)
    assert by_plan == counted.plans
    assert by_person == counted.people


def has_no_findings(outcome):
    assert reconcile(outcome.stage.bridge.database, outcome.tenant_id, now=AFTERWARDS).findings == ()


def test_everything_happens_at_the_company(ordinary):
    assert {event.kind for event in ordinary.story.events} == set(Kind)
    assert any(event.repeated for event in ordinary.story.events)
    assert set(ordinary.story.group_plans.values()) == {"premium", "standard", "flexible", "none"}


def test_the_invoice_is_what_a_naive_recount_of_the_requests_says(ordinary):
    agrees_with_the_recount(ordinary)


def test_lines_people_and_departments_each_add_up_to_the_total(ordinary):
    document = ordinary.invoice.document
    cents = [round(float(line["amount"]) * 100) for line in document["lines"]]
    departments = [round(float(row["amount"]) * 100) for row in document["departments"]]
    people = [share.amount_minor for share in ordinary.shares]
    assert sum(cents) == sum(departments) == sum(people) == ordinary.invoice.total_minor > 0


def test_reconciliation_after_the_story_has_no_findings(ordinary):
    has_no_findings(ordinary)


def test_the_journal_of_the_story_is_a_whole_chain(ordinary):
    database = ordinary.stage.bridge.database
    while seal(database, ordinary.tenant_id):
        pass
    verification = verify(database, ordinary.tenant_id)
    assert verification.reason is None
    assert verification.unsealed == 0 < verification.sealed


def test_every_person_line_is_explained_back_to_a_request_that_was_sent(ordinary):
    sent = {exchange.request_id: exchange for exchange in ordinary.record}
    with ordinary.stage.bridge.database.read(ordinary.tenant_id) as session:
        for share in ordinary.shares:
            explained = explain_invoice_person(session, ordinary.invoice.id, share.person_id)
            spans = [span for part in explained for span in part.spans if span.plan == share.plan]
            assert spans, share
            for span in spans:
                assert span.rule
                assert span.groups
                assert span.started_by.request_id in sent
                assert sent[span.started_by.request_id].at <= span.start


def test_everybody_is_explained_at_any_time_also_those_who_hold_nothing(ordinary):
    people = set(ordinary.named)
    with ordinary.stage.bridge.database.read(ordinary.tenant_id) as session:
        seats = seats_at(session, AFTERWARDS)
        explained = [explain_person(session, person_id, at=AFTERWARDS) for person_id in people]
    assert all(each.because for each in explained)
    assert sum(each.plan != "none" for each in explained) == sum(seats.values()) > 0


def test_a_simulated_okta_and_entra_provision_a_bridge_that_keeps_its_own_time(ordinary):
    stage = ordinary.stage
    customer = stage.found("Teasel", currency="USD", timezone="UTC", now=AFTERWARDS)
    for kind, token in customer.tokens.items():
        words = ["simulate", kind, "--url", f"{stage.address}/scim/v2", "--token", token, "--people", "4"]
        told = subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-m", "bridge", *words],
            env=stage.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        assert "all answered as the real client expects" in told.stdout


@pytest.mark.repeats
def test_requests_sent_twice_and_independent_ones_in_another_order_make_the_same_invoice(ordinary, another):
    outcome = played(another, twice=True, order_seed=7)
    assert len(list(outcome.record)) > len(list(ordinary.record))
    assert in_order(outcome) != in_order(ordinary)
    assert outcome.billed == ordinary.billed
    agrees_with_the_recount(outcome)
    has_no_findings(outcome)


def in_order(outcome):
    """The people in the order in which they were made known."""
    return list(dict.fromkeys(outcome.named.values()))


@pytest.mark.repeats
def test_a_killed_worker_and_an_emptied_broker_change_nothing(ordinary, another):
    killed = []

    def disturb(event):
        if event.number in {10, 40, event.total - 5}:
            killed.append(kill_workers(another))
            forget_everything_queued(another)

    outcome = played(another, on_event=disturb)
    assert sum(killed) >= 2
    assert outcome.billed == ordinary.billed
    has_no_findings(outcome)


def test_the_story_in_production_with_a_killed_worker_makes_the_invoice_of_the_recount(production):
    killed = []

    def disturb(event):
        if event.number in {30, event.total // 2}:
            killed.append(kill_workers(production))
            forget_everything_queued(production)
            start_from_procfile(production, "worker")

    outcome = played(production, on_event=disturb)
    assert all(killed)
    agrees_with_the_recount(outcome)
    has_no_findings(outcome)
