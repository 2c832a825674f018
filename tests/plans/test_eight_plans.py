"""Each of the eight plans, by the month and by the year, from the SCIM request to the invoice line.

September 2026 has 30 days; the year from 1 September 2026 has 365, so that 365.00 a year are 1.00 a day.
"""

from tests.plans.telling import Story

VIEW = ["dashboards.view", "reports.view"]
CORE = [*VIEW, "dashboards.core", "reports.basic", "export"]


def test_standard_by_the_month(story: Story):
    story.joins("standard", "ada")
    story.joins("standard", "bob", at="09-16 12:00")
    # Ada has all 30 days: 39.00. Bob has 15 of them: 19.50.
    assert story.closes("10-02") == [("seats", "standard", "58.50")]
    allowed = story.may("ada", at="09-20 12:00")
    assert (allowed["plan"], allowed["features"]) == ("standard", CORE)
    assert allowed["limits"] == {"export_rows_per_month": 10_000}
    assert allowed["rule"] == "standard"
    assert allowed["request"]


def test_standard_by_the_year_with_two_committed_seats(story: Story):
    annual = {"committed_seats": 2, "true_up": "quarterly"}
    story.year({"plan": "standard", "unit_amount": "400.00", "interval": "year", "annual": annual})
    story.joins("standard", "ada", "bob", "cleo")
    # Two seats in advance: 800.00. The third is there for three of four quarters to come: 300.00.
    assert story.closes("09-02") == [("seats", "standard", "800.00")]
    assert story.closes("12-02") == [("adjustment", "standard", "300.00")]
    assert story.closes("2027-03-02") == []
    assert story.closes("2027-06-02") == []
    assert story.closes("2027-09-02") == []


def test_premium_by_the_month_and_the_day_of_the_switch_is_premium(story: Story):
    story.joins("standard", "ada")
    story.becomes("ada", "premium", at="09-16 12:00")
    # 15 days of 39.00: 19.50. 15 days of 79.00: 39.50.
    assert story.closes("10-02") == [("seats", "standard", "19.50"), ("seats", "premium", "39.50")]
    assert story.may("ada", at="09-16 11:00")["plan"] == "standard"
    allowed = story.may("ada", at="09-16 13:00")
    assert (allowed["plan"], allowed["limits"]) == ("premium", {"export_rows_per_month": 1_000_000})
    assert allowed["features"] == [*CORE, "analytics.predictive", "reports.custom", "support.priority"]


def test_premium_by_the_year_is_trued_up_in_full_at_its_end(story: Story):
    annual = {"committed_seats": 1, "true_up": "yearly"}
    story.year({"plan": "premium", "unit_amount": "900.00", "interval": "year", "annual": annual})
    story.joins("premium", "ada")
    story.joins("premium", "bob", at="2027-02-01")
    assert story.closes("2026-09-02") == [("seats", "premium", "900.00")]
    assert story.closes("2027-09-02") == [("adjustment", "premium", "900.00")]


def test_admin_by_the_month_has_two_free_seats(story: Story):
    story.joins("admin", "ada", "bob", "cleo")
    # Of three seats the third costs 59.00.
    assert story.closes("10-02") == [("seats", "admin", "59.00")]
    allowed = story.may("cleo", at="09-20 12:00")["features"]
    assert allowed == [
        *CORE, "settings.manage", "roles.assign", "permissions.manage", "logs.access", "activity.view",
        "updates.bulk",
    ]  # fmt: skip


def test_admin_by_the_year_commits_to_what_is_beyond_the_free_seats(story: Story):
    annual = {"committed_seats": 3, "true_up": "quarterly"}
    tiers = [{"up_to": 10, "unit_amount": "600.00"}, {"unit_amount": "500.00"}]
    story.year({"plan": "admin", "included_seats": 2, "tiers": tiers, "interval": "year", "annual": annual})
    story.joins("admin", "ada", "bob", "cleo", "dan")
    # Three committed, two free: 600.00. The fourth for three of four quarters: 450.00.
    assert story.closes("09-02") == [("seats", "admin", "600.00")]
    assert story.closes("12-02") == [("adjustment", "admin", "450.00")]


def test_api_developer_by_the_month_pools_the_included_calls(story: Story):
    story.meter("api_calls")
    story.joins("api_developer", "ada", "bob")
    story.uses("ada", "api_calls", "15000", at="09-10 12:00")
    story.uses("bob", "api_calls", "25000", at="09-20 12:00")
    # Two seats: 98.00. Of 40,000 calls 20,000 are included; the others cost 0.0020 each: 40.00.
    assert story.closes("10-02") == [("seats", "api_developer", "98.00"), ("usage", "api_developer", "40.00")]
    allowed = story.may("ada", at="09-20 12:00")
    assert allowed["features"][:2] == ["api.rest", "api.sandbox"]
    assert allowed["limits"] == {"api_calls_per_minute": 600}


def test_api_developer_by_the_year_is_billed_by_the_month(story: Story):
    story.meter("api_calls")
    story.prices({
        "plan": "api_developer", "unit_amount": "730.00", "interval": "year",
        "meters": [{"meter": "api_calls", "included_per_seat": "10000", "unit_amount": "0.0020"}],
    })  # fmt: skip
    story.joins("api_developer", "ada", "bob")
    story.uses("ada", "api_calls", "40000", at="09-10 12:00")
    # 730.00 a year are 2.00 a day: two seats of 30 days are 120.00. Calls as above.
    assert story.closes("10-02") == [
        ("seats", "api_developer", "120.00"),
        ("usage", "api_developer", "40.00"),
    ]


def test_read_only_by_the_month_costs_nothing_without_a_sign_in(story: Story):
    story.joins("read_only", "ada", "bob")
    story.signs_in("ada", at="09-02 08:00")
    # A sign-in on the 2nd keeps Ada active to the 30th: 29 of 30 days of 9.00. Bob never signed in.
    assert story.closes("10-02") == [("seats", "read_only", "8.70")]
    allowed = story.may("ada", at="09-20 12:00")
    assert allowed["features"] == VIEW
    # An analyst may write reports and take data out, but not with a plan to look only.
    assert allowed["privileges"] == ["dashboards:read", "data:read", "predictions:read", "reports:read"]


def test_read_only_by_the_year_is_billed_by_the_month(story: Story):
    count = {"basis": "active_login", "window_days": 28}
    story.prices({"plan": "read_only", "unit_amount": "365.00", "interval": "year", "count": count})
    story.joins("read_only", "ada", "bob")
    story.signs_in("ada", at="09-02 08:00")
    # 29 active days of 1.00; in October the sign-in of September counts no more.
    assert story.closes("10-02") == [("seats", "read_only", "29.00")]
    assert story.closes("11-02") == []


def test_with_cap_by_the_month_nobody_costs_more_than_the_cap(story: Story):
    story.meter("queries")
    story.joins("capped", "ada", "bob")
    story.uses("ada", "queries", "2000", at="09-10 12:00")
    story.uses("bob", "queries", "11000", at="09-11 12:00")
    # Seats 29.00 each. 1,000 queries each are free: Ada pays for 1,000 (20.00), Bob for 10,000 (200.00).
    # Bob's 229.00 are 109.00 over his cap of 120.00.
    assert story.closes("10-02") == [
        ("seats", "capped", "58.00"), ("usage", "capped", "220.00"), ("cap", "capped", "-109.00"),
    ]  # fmt: skip
    allowed = story.may("bob", at="09-20 12:00")
    assert (allowed["features"], allowed["limits"]) == ([*CORE, "consumption.open"], {})


def test_with_cap_by_the_year_caps_each_month(story: Story):
    story.meter("queries")
    story.prices({
        "plan": "capped", "unit_amount": "365.00", "interval": "year", "per_user_cap": "120.00",
        "meters": [
            {"meter": "queries", "included_per_seat": "1000", "pooled": False, "unit_amount": "0.02"}
        ],
    })  # fmt: skip
    story.joins("capped", "ada", "bob")
    story.uses("ada", "queries", "2000", at="09-10 12:00")
    story.uses("bob", "queries", "11000", at="09-11 12:00")
    # Seats 30.00 each, consumption as above; Bob's 230.00 are 110.00 over.
    assert story.closes("10-02") == [
        ("seats", "capped", "60.00"), ("usage", "capped", "220.00"), ("cap", "capped", "-110.00"),
    ]  # fmt: skip


def test_minimum_commitment_by_the_month_bills_ten_seats_and_the_others_for_less(story: Story):
    names = [f"person{number}" for number in range(12)]
    story.joins("committed", *names[:2])
    story.joins("committed", *names[2:], at="10-01 00:00")
    # Two seats are 70.00; ten are guaranteed, 350.00: the missing 280.00 are billed as well.
    assert story.closes("10-02") == [("seats", "committed", "70.00"), ("minimum", "committed", "280.00")]
    # Twelve seats are 420.00; what is beyond 350.00 is a tenth cheaper: 7.00 less.
    assert story.closes("11-02") == [("seats", "committed", "420.00"), ("minimum", "committed", "-7.00")]
    assert story.may(names[0], at="09-20 12:00")["features"] == CORE


def test_minimum_commitment_by_the_year_is_billed_by_the_month(story: Story):
    story.prices({"plan": "committed", "unit_amount": "365.00", "interval": "year", "minimum": {"seats": 3}})
    story.joins("committed", "ada")
    # Three seats of 30 days at 1.00 are guaranteed: Ada's 30.00, and 60.00 more.
    assert story.closes("10-02") == [("seats", "committed", "30.00"), ("minimum", "committed", "60.00")]


def test_flexible_scaling_by_the_month_bills_each_day_what_is_held_on_it(story: Story):
    story.joins("flexible", "ada", "bob")
    story.leaves("bob", at="09-10 12:00")
    # 30 days and 10 days at 45.00 for 30: 60.00.
    assert story.closes("10-02") == [("seats", "flexible", "60.00")]
    assert story.may("ada", at="09-20 12:00")["features"] == [*CORE, "seats.automatic"]
    gone = story.may("bob", at="09-20 12:00")
    assert (gone["plan"], gone["features"], gone["privileges"]) == ("none", [], [])


def test_flexible_scaling_by_the_year_gives_back_what_is_released(story: Story):
    annual = {"committed_seats": 1, "true_up": "monthly", "credit_removals": True}
    tiers = [{"up_to": 1, "unit_amount": "500.00"}, {"unit_amount": "400.00"}]
    story.year({"plan": "flexible", "tiers": tiers, "interval": "year", "annual": annual})
    story.joins("flexible", "ada", "bob")
    story.leaves("bob", at="09-20 12:00")
    # The second seat for eleven of twelve months: 366.67. Back for ten of them: 333.33.
    assert story.closes("09-25") == [("seats", "flexible", "500.00")]
    assert story.closes("10-02") == [("adjustment", "flexible", "366.67")]
    assert story.closes("11-02") == [("adjustment", "flexible", "-333.33")]
    assert story.closes("12-02") == []
