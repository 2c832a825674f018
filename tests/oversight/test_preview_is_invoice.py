"""What is previewed is what is invoiced, whatever the facts: drawn histories on both databases."""

from datetime import UTC, date, datetime

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from bridge.billing.close_period import close_period
from bridge.billing.issued_invoices import read_invoice
from bridge.billing.runs import closed_until
from bridge.billing.subscriptions import create_default_subscription
from bridge.directory.recount import correct_counts, miscounts
from bridge.mapping.rule_document import Limits
from bridge.oversight.apply_previewed import change_rules
from bridge.oversight.effects import NOTHING, Held, Step
from bridge.oversight.preview_change import WantedRules, preview_rules
from bridge.oversight.previews import preview_page
from bridge.oversight.reconcile import reconcile
from bridge.seats.due import take_due
from tests.seats.facts import HOURS, at, person_facts, rule_documents
from tests.seats.house import OPERATOR, PLANS, House, database, shared_url

__all__ = ["database", "shared_url"]

MARCH, APRIL = datetime(2024, 3, 2, tzinfo=UTC), datetime(2024, 4, 2, tzinfo=UTC)


class Firm(House):
    """A house with a subscription from February 2024, in whose last day all facts lie."""

    def __init__(self, database, facts, document):
        super().__init__(database)
        with self.database.write(self.tenant_id) as session:
            create_default_subscription(session, starts_on=date(2024, 2, 1), cause=OPERATOR, now=at(0))
        self.furnish(facts)
        with self.database.write(self.tenant_id) as session:  # the facts came without requests that count
            correct_counts(session, {each.connection_id for each in miscounts(session)}, now=at(0))
        self.change(document, None, at(0), effective_from=at(0))

    def change(self, document, preview_id, now, *, effective_from=None):
        with self.database.write(self.tenant_id) as session:
            change_rules(
                session, self.wanted(document, effective_from), author="root", note="", preview_id=preview_id,
                hours=24, cause=OPERATOR, now=now,
            )  # fmt: skip

    def wanted(self, document, effective_from=None):
        return WantedRules(
            document=document, known_plans=PLANS, limits=Limits(),
            effective_from=effective_from,
        )  # fmt: skip

    def preview(self, document, now, *, effective_from=None):
        return preview_rules(
            self.database, self.tenant_id, self.wanted(document, effective_from), hours=24, now=now
        )

    def work(self, now):
        self.due("ada", cause_id="")
        while take_due(self.database, self.tenant_id, now=now, limit=9, closed_until=closed_until):
            pass

    def close(self, now):
        closed = close_period(self.database, self.tenant_id, None, None, cause=OPERATOR, now=now)
        with self.database.read(self.tenant_id) as session:
            return read_invoice(session, closed.invoice_id).document

    def shown(self, preview):
        """The steps of the one person there is, as the preview's pages tell them."""
        with self.database.read(self.tenant_id) as session:
            row, more = preview_page(session, preview["id"], 0)
        assert not more
        return [] if row is None else row.steps


# A module's fixture serves all examples: each furnishes a tenant of its own.
few = settings(
    max_examples=max(10, settings().max_examples // 10),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)


@few
@given(
    facts=person_facts(), documents=st.tuples(rule_documents(), rule_documents()),
    hour=st.integers(0, HOURS), done=st.sets(st.sampled_from(["invoiced", "computed"])),
)  # fmt: skip
def test_the_next_invoice_is_what_the_preview_says(database, facts, documents, hour, done):
    """The change comes before February is invoiced, or after: then March carries an adjustment."""
    before, after = documents
    firm = Firm(database, facts, before)
    now = at(HOURS - 1)
    if "computed" in done:
        firm.work(now)
    if "invoiced" in done:
        firm.close(MARCH)
        now = MARCH
    preview = firm.preview(after, now, effective_from=at(hour))
    firm.change(after, preview["id"], now, effective_from=at(hour))
    invoice = firm.close(APRIL if "invoiced" in done else MARCH)
    assert preview["invoice"]["after"] == invoice["total"]
    assert preview["invoice"]["period"] == invoice["period"]
    assert reconcile(firm.database, firm.tenant_id, now=APRIL).findings == ()


@few
@given(facts=person_facts(), document=rule_documents(), other=rule_documents(), hour=st.integers(0, HOURS))
def test_the_same_rules_again_change_nobody_and_no_money(database, facts, document, other, hour):
    firm = Firm(database, facts, document)
    firm.work(at(hour))
    same = firm.preview(document, at(hour))
    assert same["people"]["affected"] == 0
    assert same["invoice"]["difference"] in {"0.00", None}
    there = firm.preview(other, at(hour), effective_from=at(hour))
    firm.change(other, there["id"], at(hour), effective_from=at(hour))
    back = firm.preview(document, at(hour), effective_from=at(hour))
    mirrored = [{"before": step["after"], "after": step["before"]} for step in firm.shown(there)]
    assert firm.shown(back) == mirrored


def test_a_step_says_what_it_means_to_the_person():
    standard, premium, viewing = Held("standard"), Held("premium"), Held("standard", ("viewer",))
    pairs = [(NOTHING, standard), (standard, NOTHING), (standard, premium), (standard, viewing)]
    kinds = [Step(*pair).kind for pair in pairs]
    assert kinds == ["gains", "loses", "moves", "roles"]
