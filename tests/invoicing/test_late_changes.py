"""Facts that come after the invoice: the next one carries the difference, naming the fact."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.billing.backdating import differences
from bridge.billing.draft_invoice import preview_invoice
from bridge.billing.invoice_document import draft_document
from bridge.billing.invoice_draft import PersonShare
from tests.invoicing.books import Books

JANUARY = date(2026, 1, 1)


def adjustments(books, invoice_id):
    return [(row[0], row[1], row[4], row[5], row[6]) for row in books.people(invoice_id) if row[7] == JANUARY]


def test_a_late_leaver_is_credited_on_the_next_invoice_to_the_cent(books: Books):
    books.seat("ada", "standard", "2026-01-01")
    january = books.close("2026-01-01")
    before = books.document(january.invoice_id)
    books.unseat("ada")
    books.seat("ada", "standard", "2026-01-01", "2026-01-18")
    cause = books.late("ada", "2026-01-18")
    february = books.close("2026-02-01")
    assert adjustments(books, february.invoice_id) == [("ada", "standard", -14, 2139 - 3900, cause)]
    document = books.document(february.invoice_id)
    assert document["total"] == "-17.61"
    [line] = document["lines"]
    assert (line["kind"], line["plan"], line["for_period_start"]) == ("adjustment", "standard", "2026-01-01")
    assert books.document(january.invoice_id) == before


def test_a_late_joiner_is_charged_with_the_department_of_then(books: Books):
    books.close("2026-01-01")
    books.seat("ada", "standard", "2026-01-22", "2026-02-01", department="Lab")
    cause = books.late("ada", "2026-01-22")
    february = books.close("2026-02-01")
    assert adjustments(books, february.invoice_id) == [("ada", "standard", 10, 1258, cause)]
    assert books.document(february.invoice_id)["departments"] == [{"department": "Lab", "amount": "12.58"}]


def test_a_department_that_changes_late_moves_the_money_and_adds_none(books: Books):
    books.seat("ada", "standard", "2026-01-01", "2026-02-01")
    books.close("2026-01-01")
    books.unseat("ada")
    books.seat("ada", "standard", "2026-01-01", "2026-02-01", department="Lab")
    books.late("ada", "2026-01-01")
    document = books.closed("2026-02-01")
    assert document["total"] == "0.00"
    assert document["departments"] == [
        {"department": "Lab", "amount": "39.00"},
        {"department": "Sales", "amount": "-39.00"},
    ]


def test_a_late_fact_that_changes_nothing_adds_no_line(books: Books):
    books.seat("ada", "standard", "2026-01-01", "2026-02-01")
    books.close("2026-01-01")
    books.late("ada", "2026-01-10")
    document = books.closed("2026-02-01")
    assert (document["lines"], document["people"]["count"]) == ([], 0)


def test_an_answered_change_is_not_answered_again(books: Books):
    books.close("2026-01-01")
    books.seat("ada", "standard", "2026-01-22", "2026-02-01")
    books.late("ada", "2026-01-22")
    assert books.closed("2026-02-01")["total"] == "12.58"
    assert books.closed("2026-03-01")["total"] == "0.00"


def test_a_second_late_fact_is_measured_against_the_adjusted_invoice(books: Books):
    books.close("2026-01-01")
    books.seat("ada", "standard", "2026-01-22", "2026-02-01")
    books.late("ada", "2026-01-22")
    books.close("2026-02-01")
    books.unseat("ada")
    cause = books.late("ada", "2026-01-22", now="2026-03-10")
    march = books.close("2026-03-01")
    assert adjustments(books, march.invoice_id) == [("ada", "standard", -10, -1258, cause)]


def test_a_fact_of_long_ago_adjusts_every_period_since(books: Books):
    books.close("2026-01-01")
    books.close("2026-02-01")
    books.seat("ada", "standard", "2026-01-22")
    books.late("ada", "2026-01-22")
    document = books.closed("2026-03-01")
    amounts = [(line["for_period_start"], line["amount"]) for line in document["lines"]]
    assert amounts == [("2026-03-01", "39.00"), ("2026-01-01", "12.58"), ("2026-02-01", "39.00")]


def test_a_late_fact_that_moves_a_tier_adjusts_everyone_who_shares_it(books: Books):
    books.prices("2026-01-01", {
        "plan": "standard", "tiers_mode": "volume",
        "tiers": [{"up_to": 2, "unit_amount": "30.00"}, {"unit_amount": "20.00"}],
    })  # fmt: skip
    for name in ("ada", "bob"):
        books.seat(name, "standard", "2026-01-01", "2026-02-01")
    books.close("2026-01-01")
    books.seat("cleo", "standard", "2026-01-01", "2026-02-01")
    cause = books.late("cleo", "2026-01-01")
    february = books.close("2026-02-01")
    assert adjustments(books, february.invoice_id) == [
        ("ada", "standard", 0, -1000, cause),
        ("bob", "standard", 0, -1000, cause),
        ("cleo", "standard", 31, 2000, cause),
    ]


def test_a_closed_period_keeps_its_prices(books: Books):
    books.seat("ada", "standard", "2026-01-01", "2026-02-01")
    books.close("2026-01-01")
    books.prices("2026-02-01", {"plan": "standard", "unit_amount": "100.00"})
    books.seat("bob", "standard", "2026-01-01")
    books.late("bob", "2026-01-01")
    amounts = [line["amount"] for line in books.closed("2026-02-01")["lines"]]
    assert amounts == ["100.00", "39.00"]


def test_a_plan_that_nobody_held_then_is_billed_by_its_price_of_that_period(books: Books):
    books.seat("ada", "standard", "2026-01-01", "2026-02-01")
    books.close("2026-01-01")
    books.unseat("ada")
    books.seat("ada", "premium", "2026-01-01", "2026-02-01")
    books.late("ada", "2026-01-01")
    amounts = {line["plan"]: line["amount"] for line in books.closed("2026-02-01")["lines"]}
    assert amounts == {"premium": "79.00", "standard": "-39.00"}


def test_what_lies_before_the_settled_time_is_adjusted_no_more(books: Books):
    for month in ("2026-01-01", "2026-02-01", "2026-03-01"):
        books.close(month, now="2027-03-20")
    books.seat("ada", "standard", "2026-01-22")
    books.late("ada", "2026-01-22")
    lines = books.closed("2026-04-01", now="2027-03-20")["lines"]
    assert [line["for_period_start"] for line in lines] == ["2026-04-01", "2026-02-01", "2026-03-01"]


def test_preview_shows_the_adjustments_that_closing_issues(books: Books):
    books.close("2026-01-01")
    books.seat("ada", "standard", "2026-01-22")
    books.late("ada", "2026-01-22")
    with books.database.read(books.tenant_id) as session:
        preview = draft_document(preview_invoice(session))
    document = books.closed("2026-02-01")
    assert preview == {name: document[name] for name in preview}


def test_a_year_later_a_credit_can_make_an_invoice_negative_but_never_touch_the_old_one(books: Books):
    books.seat("ada", "premium", "2026-01-01", "2026-02-01")
    january = books.close("2026-01-01")
    books.unseat("ada")
    books.late("ada", "2026-01-01")
    assert books.closed("2026-02-01")["due"] == "-79.00"
    assert books.document(january.invoice_id)["due"] == "79.00"


shares = st.lists(
    st.builds(
        PersonShare,
        person_id=st.sampled_from(["ada", "bob", None]),
        plan=st.sampled_from(["standard", "premium", None]),
        department=st.sampled_from(["Sales", None]),
        cost_centre=st.sampled_from(["1", None]),
        billable_days=st.integers(0, 31),
        amount_minor=st.integers(-10_000, 10_000),
        cause_id=st.none(),
        for_period_start=st.just(JANUARY),
    ),
    max_size=12,
)


@given(recomputed=shares, issued=shares)
def test_what_was_issued_and_its_adjustment_make_what_is_computed(recomputed, issued):
    added = differences(recomputed, issued, for_period_start=JANUARY, causes={}, other_cause="entry-1")
    assert (
        differences(recomputed, [*issued, *added], for_period_start=JANUARY, causes={}, other_cause=None)
        == []
    )
    assert all(share.amount_minor and share.cause_id == "entry-1" for share in added)


@given(same=shares)
def test_the_order_of_shares_plays_no_part(same):
    back = list(reversed(same))
    assert differences(same, back, for_period_start=JANUARY, causes={}, other_cause=None) == []


@pytest.mark.parametrize("person", ["ada", None])
def test_a_person_without_a_fact_of_their_own_follows_from_the_other(person):
    share = PersonShare(person, "standard", None, None, 0, 1, None, JANUARY)
    [added] = differences(
        [share], [], for_period_start=JANUARY, causes={"bob": "entry-b"}, other_cause="entry-o"
    )
    assert added.cause_id == "entry-o"
