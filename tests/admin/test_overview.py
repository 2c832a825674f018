from html import unescape

from sqlalchemy import insert

from bridge.alerts.tables import Alert
from bridge.database.ids import new_id
from tests.admin.visiting import count_statements, guest
from tests.api.customers import OCTOBER


def text_of(answer):
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def test_the_overview_counts_seats_by_plan_and_shows_what_waits(running, administrator):
    shown = text_of(administrator.get())
    assert '<span class="figure">1</span> seat is held' in " ".join(shown.split())
    assert "Standard" in shown
    assert "mass changes wait for a decision" in shown
    assert "Lindqvist Freight Okta" in shown
    assert "observed: nothing is billed" in shown


def test_a_company_that_has_just_begun_is_told_how_seats_come_about(running, okonkwo):
    assert "Nobody holds a seat yet" in text_of(guest(running, okonkwo).get())


def test_an_alert_says_what_to_do_whatever_it_quotes(running, okonkwo):
    row = {
        "tenant_id": okonkwo.tenant_id, "id": new_id(OCTOBER), "kind": "seats_used_up", "cause_id": "premium",
        "detail": "<script>alert(1)</script>", "opened_at": OCTOBER,
    }  # fmt: skip
    with running.database.write(okonkwo.tenant_id) as session:
        session.execute(insert(Alert), row)
    shown = guest(running, okonkwo).get().text
    assert "All seats of the plan are held" in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script" not in shown


def test_billing_sees_seats_and_neither_alerts_nor_connections(running, lindqvist):
    shown = text_of(guest(running, lindqvist, "billing").get())
    assert "Seats now" in shown
    assert "What needs somebody" not in shown
    assert "Connections" not in shown


def test_the_overview_asks_the_database_a_few_things_only(running, administrator):
    administrator.get()
    with count_statements(running) as sent:
        administrator.get()
    assert len([each for each in sent if "SELECT" in each]) <= 12
