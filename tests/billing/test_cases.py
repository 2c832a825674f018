"""Cases of published price lists, of other engines' tests and of our own hand, through the quote."""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.billing.quote import answer_quote
from bridge.errors import InvalidValue
from tests.billing.quotes import adds_up

CASES = json.loads(Path(__file__).with_name("cases.json").read_text())
TOTALS = ("total", "subtotal", "tax", "due", "credit_used")


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_the_quote_answers_what_the_source_says(case):
    expected = dict(case["expect"])
    document = json.dumps(case["quote"]).encode()
    if "error" in expected:
        with pytest.raises(InvalidValue) as refused:
            answer_quote(document)
        assert refused.value.pointer == expected["error"]["pointer"]
        return
    answered = answer_quote(document)["invoices"]
    for invoice in answered:
        adds_up(invoice)
    for name, value in expected.items():
        COMPARE[name](answered, value, name)


def same_total(answered, value, name):
    assert sum(Decimal(invoice[name]) for invoice in answered) == Decimal(value)


def same_invoices(answered, value, _):
    assert [Decimal(invoice["total"]) for invoice in answered] == [Decimal(each) for each in value]


def same_dates(answered, value, _):
    assert [invoice["issued_on"] for invoice in answered] == value


def same_lines(answered, value, _):
    def shown(rows):
        named = any("plan" in row for row in value)
        return Counter(
            (row["kind"], Decimal(row["amount"]), row.get("plan") if named else None)
            for row in rows
            if Decimal(row["amount"]) and row["kind"] not in {"tax", "credit"}
        )

    assert shown([line for invoice in answered for line in invoice["lines"]]) == shown(value)


def same_people(answered, value, name):
    of = "person" if name == "people" else "department"
    sums = defaultdict(Decimal)
    for invoice in answered:
        for row in invoice[name]:
            sums[row[of] or ""] += Decimal(row["amount"])
            if of == "person":
                sums[f"{row[of] or ''}@{row['plan'] or ''}"] += Decimal(row["amount"])
    assert {who: sums[who] for who in value} == {who: Decimal(amount) for who, amount in value.items()}


def same_days(answered, value, _):
    counted = Counter()
    for row in answered[-1]["people"]:
        counted[row["person"] or ""] += row["billable_days"]
        counted[f"{row['person']}@{row['plan']}"] += row["billable_days"]
    assert {who: counted[who] for who in value} == value


COMPARE = dict.fromkeys(TOTALS, same_total) | {
    "invoices": same_invoices,
    "issued_on": same_dates,
    "lines": same_lines,
    "people": same_people,
    "departments": same_people,
    "billable_days": same_days,
}
