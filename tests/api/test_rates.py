"""The API's own rate, and warnings ahead of a credential's end."""

from dataclasses import replace

from config.settings import Settings
from tests.access.stopped import stopped_rates
from tests.api.customers import SEPTEMBER, Running, add_customer


def test_past_its_rate_a_tenant_is_refused_with_a_problem_and_others_are_not(running: Running):
    eager, other = add_customer(running, "Eager Freight"), add_customer(running, "Patient Freight")
    before = running.parts
    few = stopped_rates(Settings(api_requests_per_second=1, api_requests_burst=3))
    running.app.extensions["bridge"] = replace(before, rate_limits=few)
    answers = [running.api(eager, "GET", "/tenant") for _ in range(4)]
    calm = running.api(other, "GET", "/tenant")
    scim = running.scim(eager, "GET", "/Users")
    running.app.extensions["bridge"] = before
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert answers[3].content_type == "application/problem+json"
    assert answers[3].json["type"].endswith("limit-reached")
    assert answers[3].headers["Retry-After"] == "1"
    assert (calm.status_code, scim.status_code) == (200, 200)


def test_the_end_of_a_token_is_told_ahead(running: Running):
    customer = add_customer(running, "Lindqvist Ferries")
    running.set_clock(SEPTEMBER)
    path = f"/connections/{customer.ids['connection']}/tokens"
    assert running.api(customer, "DELETE", f"{path}/{customer.ids['token']}").status_code == 204
    made = running.api(customer, "POST", path, {"expires_in_days": 31}).json["id"]

    def told() -> tuple[int | None, bool]:
        [row] = [each for each in running.api(customer, "GET", path).json["items"] if each["id"] == made]
        return row["expires_in_days"], row["expires_soon"]

    assert told() == (31, False)
    running.set_clock(SEPTEMBER.replace(day=2))
    assert told() == (30, True)
    running.api(customer, "DELETE", f"{path}/{made}")
    assert told() == (None, False)
    keys = running.api(customer, "GET", "/api-keys").json["items"]
    assert {each["expires_soon"] for each in keys} == {False}
