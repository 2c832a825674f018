"""From a token's groups to the seat and the bill, for somebody whom nobody has provisioned."""

from datetime import timedelta

from tests.api.customers import add_customer
from tests.plans.telling import Story, when
from tests.signin.stage import Play
from tests.signin.test_groups import groups_of, sign_in


def test_whoever_signs_in_with_a_group_is_seated_and_billed_by_it(running, provider):
    provider.begin(when("09-01 00:00"))
    customer = add_customer(running, "Okonkwo Timber")
    play = Play(running, customer, provider, running.app.test_client())
    story = Story(running, customer)
    rule = {"name": "readers", "when": 'groups.display eq "Readers"', "plan": "read_only"}
    story.api("POST", "/rule-sets", {"rules": [rule]})
    play.set_oidc(jit="create")
    play.set_clock(when("09-02 08:00"))
    sign_in(play, preferred_username="ada", groups=["Readers"], amr=["pwd", "otp"])
    [person] = running.api(customer, "GET", "/people").json["items"]
    customer.ids["ada"] = story.people["ada"] = person["id"]
    assert groups_of(play) == {"Readers"}
    story.worker_runs("09-02 08:01")
    allowed = story.may("ada", at="09-02 09:00")
    assert (allowed["plan"], allowed["rule"]) == ("read_only", "readers")
    assert [each["name"] for each in allowed["groups"]] == ["Readers"]
    [fact] = story.api("GET", f"/people/{person['id']}/sign-ins")["items"]
    assert fact["amr"] == ["pwd", "otp"]
    # 29 of 30 days of 9.00, by one sign-in, which keeps somebody active for 28 days after its own.
    assert story.closes("10-02") == [("seats", "read_only", "8.70")]


def test_a_later_token_without_the_group_ends_the_seat(running, provider):
    provider.begin(when("09-01 00:00"))
    customer = add_customer(running, "Halvorsen Fish")
    play = Play(running, customer, provider, running.app.test_client())
    story = Story(running, customer)
    rule = {"name": "drivers", "when": 'groups.display eq "Drivers"', "plan": "standard"}
    story.api("POST", "/rule-sets", {"rules": [rule]})
    play.set_oidc(jit="create")
    play.set_clock(when("09-01 09:00"))
    sign_in(play, preferred_username="ada", groups=["Drivers"])
    [person] = running.api(customer, "GET", "/people").json["items"]
    story.people["ada"] = person["id"]
    play.set_clock(when("09-10 09:00"))
    sign_in(play, preferred_username="ada")
    story.worker_runs("09-10 09:01")
    assert story.may("ada", at="09-10 10:00")["plan"] == "standard"
    play.set_clock(when("09-16 12:00"))
    sign_in(play, preferred_username="ada", groups=["Warehouse"])
    story.worker_runs("09-16 12:01")
    before, after = when("09-16 12:00") - timedelta(seconds=1), when("09-16 12:00") + timedelta(seconds=1)
    plans = [story.may("ada", at=each.replace(tzinfo=None).isoformat())["plan"] for each in (before, after)]
    assert plans == ["standard", "none"]
    assert story.closes("10-02") == [("seats", "standard", "20.80")]
