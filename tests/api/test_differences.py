"""What the comparison with Stripe found, over the API."""

from itertools import count

import pytest

from bridge.access.grant import grant_api_key
from bridge.delivery.tables import StripeDifference
from tests.api.customers import CAUSE, OCTOBER, SEPTEMBER, add_customer

KINDS = ("amount_differs", "missing_there", "status_differs")


@pytest.fixture
def differing(running):
    """A customer with three differences of invoices and three of credit notes."""
    customer = add_customer(running, "Differing")
    numbers = count(1)
    with running.database.write(customer.tenant_id) as session:
        rows = [
            {"tenant_id": customer.tenant_id, "id": f"difference-{next(numbers)}", "kind": kind,
             "subject": subject, "reference": "1", "ours": "a", "theirs": "b", "found_at": OCTOBER}
            for subject in ("invoice", "credit_note") for kind in KINDS
        ]  # fmt: skip
        session.add_rows(StripeDifference, rows)
    return customer


def listed(running, customer, asked=""):
    return running.api(customer, "GET", f"/stripe/differences{asked}").json


def test_differences_are_listed_page_by_page(running, differing):
    found, cursor = [], ""
    for _ in range(3):
        page = listed(running, differing, f"?limit=2{cursor}")
        found += [each["id"] for each in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert page["next_cursor"] is None
    assert found == [f"difference-{number}" for number in range(1, 7)]


def test_differences_are_asked_for_by_kind_and_subject(running, differing):
    (one,) = listed(running, differing, "?kind=missing_there&subject=credit_note")["items"]
    assert (one["kind"], one["subject"], one["reference"]) == ("missing_there", "credit_note", "1")
    assert (one["ours"], one["theirs"]) == ("a", "b")
    assert len(listed(running, differing, "?subject=invoice")["items"]) == 3
    for wrong in ("?kind=nothing", "?subject=person", "?cursor=x"):
        assert running.api(differing, "GET", f"/stripe/differences{wrong}").status_code == 400


def test_differences_are_shown_to_nobody_else(running, differing):
    other = add_customer(running, "Another")
    assert listed(running, other) == {"items": [], "next_cursor": None}
    with running.database.write(differing.tenant_id) as session:
        key = grant_api_key(
            session,
            scopes=["usage:write"],
            lifetime=None,
            seal=running.parts.seal,
            cause=CAUSE,
            now=SEPTEMBER,
        )
    running.set_clock(OCTOBER)
    assert running.ask("GET", "/api/v1/stripe/differences", key.secret).status_code == 403
