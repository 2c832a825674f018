"""Short ways to write a quote in a test."""

from decimal import Decimal

from bridge.billing.quote import answer_quote

JANUARY = {"start": "2024-01-01", "end": "2024-02-01"}
APRIL = {"start": "2024-04-01", "end": "2024-05-01"}
YEAR = {"start": "2024-01-01", "end": "2025-01-01"}
EVER = "2023-06-01T00:00:00Z"


def seat(person, start=EVER, end=None, plan="standard", **more):
    return {"person": person, "plan": plan, "start": start, "end": end, **more}


def crew(count, start=EVER, end=None, plan="standard", first=0):
    return [seat(f"p{number:05}", start, end, plan) for number in range(first, first + count)]


def term(plan="standard", rank=20, **more):
    priced = {"unit_amount", "tiers", "meters"} & more.keys()
    return {"plan": plan, "rank": rank, **({} if priced else {"unit_amount": "31.00"}), **more}


def used(person, quantity, at="2024-01-10T12:00:00Z", meter="calls"):
    return {"person": person, "meter": meter, "at": at, "quantity": quantity}


def quote(terms, seats, period=JANUARY, **more):
    terms = terms if isinstance(terms, list) else [terms]
    return {"currency": "USD", "period": period, "terms": terms, "seats": seats, **more}


def invoices(*args, **more):
    answered = answer_quote(quote(*args, **more))["invoices"]
    for invoice in answered:
        adds_up(invoice)
    return answered


def invoice(*args, **more):
    (only,) = invoices(*args, **more)
    return only


def total(*args, **more):
    return invoice(*args, **more)["total"]


def totals(*args, **more):
    return [each["total"] for each in invoices(*args, **more)]


def lines(of, *kinds):
    return [(line["kind"], line["amount"]) for line in of["lines"] if not kinds or line["kind"] in kinds]


def people(of):
    sums = {}
    for row in of["people"]:
        sums[row["person"]] = sums.get(row["person"], Decimal(0)) + Decimal(row["amount"])
    return {person: str(amount) for person, amount in sums.items()}


def days(of):
    return {row["person"]: row["billable_days"] for row in of["people"]}


def grouped(of, name):
    return {row[name]: row["amount"] for row in of[f"{name}s"]}


def amount_of(rows):
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


def adds_up(of):
    """Every level of an invoice is the same money."""
    net = amount_of(line for line in of["lines"] if line["kind"] not in {"tax", "credit"})
    subtotal = Decimal(of["subtotal"])
    assert net == subtotal
    for level in ("people", "departments", "cost_centres"):
        assert amount_of(of[level]) == subtotal, level
    assert subtotal + Decimal(of["tax"]) == Decimal(of["total"])
    assert Decimal(of["total"]) - Decimal(of["credit_used"]) == Decimal(of["due"])
