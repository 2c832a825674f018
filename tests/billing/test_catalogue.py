"""The plans a customer starts with."""

from pathlib import Path

import pytest

from bridge.billing.catalogue import load_plans
from bridge.errors import InvalidSyntax, InvalidValue
from bridge.usage.meters import parse_meters
from config import catalogue
from tests.billing.quotes import crew, invoice, lines, seat, used

SHIPPED = (Path(__file__).parents[2] / "config" / "plans.toml").read_text()
ONE = """
[plain]
rank = 1
name = "Plain"
description = "One plan"
entitlements = { features = ["reports.view"], limits = { rows = 10 } }
terms = { unit_amount = "1.00" }
"""


def test_the_eight_plans_are_there_in_the_order_of_their_rank():
    plans = load_plans(SHIPPED)
    assert list(plans) == [
        "read_only", "standard", "flexible", "committed", "capped", "premium", "api_developer", "admin",
    ]  # fmt: skip
    assert [plan.rank for plan in plans.values()] == [10, 20, 21, 22, 25, 30, 40, 50]
    assert all(plan.name and plan.description and plan.features for plan in plans.values())


@pytest.mark.parametrize("key", list(load_plans(SHIPPED)))
def test_each_plan_bills_ten_people_a_month(key):
    expected = {
        "read_only": "0.00", "standard": "390.00", "flexible": "450.00", "committed": "350.00",
        "capped": "290.00",        "premium": "790.00", "api_developer": "490.00", "admin": "472.00",
    }  # fmt: skip
    assert invoice(load_plans(SHIPPED)[key].terms, crew(10, plan=key))["total"] == expected[key]


def test_a_tenant_starts_with_the_meters_that_the_plans_are_priced_by():
    document = catalogue.meters()
    priced = {
        meter["meter"] for plan in load_plans(SHIPPED).values() for meter in plan.terms.get("meters", [])
    }
    assert {meter.key for meter in parse_meters(document, most=10) if meter.is_on} == priced


def test_nobody_with_a_cap_costs_more_than_it():
    capped = load_plans(SHIPPED)["capped"].terms
    answer = invoice(capped, [seat("ada", plan="capped")], usage=[used("ada", "90000", meter="queries")])
    assert answer["total"] == "120.00"


def test_developers_pool_their_calls():
    developers = load_plans(SHIPPED)["api_developer"].terms
    answer = invoice(
        developers, crew(2, plan="api_developer"), usage=[used("p00000", "130000", meter="api_calls")]
    )
    assert lines(answer, "usage") == [("usage", "212.00")]


def test_read_only_may_neither_download_nor_edit():
    plan = load_plans(SHIPPED)["read_only"]
    assert plan.features == ("dashboards.view", "reports.view")


def test_a_plan_is_read_with_its_limits():
    plan = load_plans(ONE)["plain"]
    assert (plan.limits, plan.terms) == ({"rows": 10}, {"plan": "plain", "rank": 1, "unit_amount": "1.00"})


@pytest.mark.parametrize(
    ("old", "new", "pointer"),
    [
        ("rank = 1", "", "/plain/rank"),
        ('name = "Plain"', "", "/plain/name"),
        ('unit_amount = "1.00"', "unit_amount = 1.0", "/plain/terms/unit_amount"),
        ("rows = 10", 'rows = "10"', "/plain/entitlements/limits/rows"),
        ('"reports.view"', "1", "/plain/entitlements/features/0"),
        ("rank = 1", "rank = 1\ncolour = 1", "/plain/colour"),
        ("terms = {", "terms = 1 #", "/plain/terms"),
    ],
)
def test_a_plan_that_cannot_be_billed_is_refused(old, new, pointer):
    with pytest.raises(InvalidValue) as refused:
        load_plans(ONE.replace(old, new))
    assert refused.value.pointer == pointer


def test_two_plans_of_one_rank_are_refused():
    with pytest.raises(InvalidValue) as refused:
        load_plans(ONE + ONE.replace("[plain]", "[other]"))
    assert refused.value.pointer == "/other/rank"


def test_what_is_no_toml_is_refused():
    with pytest.raises(InvalidSyntax):
        load_plans("[plain")
