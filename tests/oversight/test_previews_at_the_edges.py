"""Previews where there is little to price, facts that cannot be read, accounts that are joined."""

from datetime import date

import pytest
from sqlalchemy import update

from bridge.billing.subscriptions import create_subscription
from bridge.billing.tables import Subscription
from bridge.directory.join_accounts import Wanted, join_accounts
from bridge.oversight.preview_change import preview_live
from bridge.tenants.tables import Connection, Tenant
from tests.oversight.company import OPERATOR, TENANT, Company, at
from tests.oversight.test_previews import OTHER, apply, preview


@pytest.fixture
def small(company: Company) -> Company:
    company.person("ann")
    company.joins("ann", "analysts", "2026-01-01")
    return company


def test_without_a_subscription_people_are_previewed_all_the_same(small):
    small.sql("DELETE FROM subscriptions")
    found = preview(small, now="2026-01-10")
    assert found["people"]["moves"] == 1
    assert found["invoice"]["problem"] == found["year"]["problem"]
    assert "nothing is left to be billed" in found["year"]["problem"]


def test_a_subscription_that_ends_has_no_year_to_come(small):
    with small.database.write(TENANT) as session:
        session.execute(update(Subscription).values(ends_on=date(2026, 2, 1)))
    found = preview(small, now="2026-01-10")
    assert found["invoice"]["after"] is not None
    assert found["year"]["problem"] == "the subscription ends on 2026-02-01"


def test_a_year_of_a_yearly_subscription_is_one_period(company):
    company.sql("DELETE FROM subscriptions")
    with company.database.write(TENANT) as session:
        create_subscription(
            session, interval="year", anchor_day=1, timing="arrears", starts_on=date(2026, 1, 1),
            cause=OPERATOR, now=at("2026-01-01"),
        )  # fmt: skip
    company.person("ann")
    found = preview(company, now="2026-01-10")
    assert found["invoice"]["period"] == {"start": "2026-01-01", "end": "2027-01-01"}
    assert found["year"]["period"] == {"start": "2027-01-01", "end": "2028-01-01"}
    assert (found["year"]["before"], found["year"]["after"]) == ("0.00", "0.00")


def test_a_change_in_the_middle_of_a_later_month_is_priced_from_the_month_after(small):
    found = preview(small, since="2026-04-10", now="2026-01-10")
    assert found["year"]["period"] == {"start": "2026-05-01", "end": "2026-06-01"}
    assert found["invoice"]["difference"] == "0.00"
    assert float(found["year"]["difference"]) < 0


def test_a_plan_that_cannot_be_priced_is_told(small):
    found = preview(small, [{**OTHER[0], "plan": "premium"}], now="2026-01-10")
    assert found["invoice"]["problem"] is None
    small.sql("UPDATE subscriptions SET \"interval\" = 'year', anchor_day = 1")
    found = preview(small, now="2026-01-10")
    assert (found["invoice"]["after"], found["invoice"]["difference"]) == (None, None)
    assert "price per month" in found["invoice"]["problem"]
    assert found["people"]["affected"] == 1


def test_whoever_has_facts_that_cannot_be_read_is_left_out_and_counted(small):
    small.person("bob")
    small.sql("UPDATE person_versions SET resource = '[]' WHERE person_id = 'bob'")
    found = preview(small, now="2026-01-10")
    assert (found["people"]["unreadable"], found["people"]["affected"]) == (1, 1)


def test_seats_of_settled_time_are_neither_shown_nor_priced(small):
    small.leaves("ann", "analysts", "2026-01-20", told="2026-01-20")
    small.close()
    with small.database.write(TENANT) as session:
        session.execute(update(Tenant).values(settled_until=at("2026-02-01")))
    found = preview(small)
    assert found["people"]["affected"] == 0
    assert found["invoice"]["after"] == found["invoice"]["before"] == "0.00"
    assert apply(small, found["id"]).applied


def test_an_account_that_counts_as_a_person_goes_live_for_that_person(small):
    with small.database.write(TENANT) as session:
        row = {"tenant_id": TENANT, "id": "entra", "name": "Entra", "kind": "entra", "dialect": "entra",
               "live_from": None, "created_at": at("2026-01-01")}  # fmt: skip
        session.add_rows(Connection, [row])
    small.person("zoe")
    small.person("zoe-entra", "2026-01-02")
    small.sql("UPDATE people SET connection_id = 'entra' WHERE id = 'zoe-entra'")
    small.joins("zoe-entra", "sales", "2026-01-03")
    with small.database.write(TENANT) as session:
        wanted = [Wanted("zoe-entra", "zoe", "")]
        join_accounts(session, wanted, reason="one human", most=9, cause=OPERATOR, now=at("2026-01-04"))
    found = preview_live(
        small.database, TENANT, "entra", live_from=None, hours=24, now=at("2026-01-10")
    )  # fmt: skip
    assert found["people"]["gains"] == found["people"]["affected"] == 1
    assert found["groups"][0]["first"] == ["zoe"]
