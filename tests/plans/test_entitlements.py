"""What the API answers an application that asks what a person may do."""

import pytest

from tests.api.customers import SEPTEMBER, add_customer
from tests.plans.telling import Story, when

BODY_LESS = 304


def asked(story, person, **headers):
    client = story.running.client
    sent = {"Authorization": f"Bearer {story.customer.key}", **headers}
    return client.get(f"/api/v1/people/{person}/entitlements", headers=sent)


def test_an_answer_tells_rule_and_request_and_is_asked_again_by_its_tag(story: Story):
    story.joins("standard", "ada")
    story.worker_runs("09-01 09:00")
    first = asked(story, story.people["ada"])
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "private, no-cache")
    assert first.json["because"] == "rule standard gives plan standard"
    assert first.json["since"].startswith(when("09-01 09:00").astimezone().strftime("%Y-%m-%d"))
    again = asked(story, story.people["ada"], **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (BODY_LESS, b"")
    story.becomes("ada", "premium", at="09-02 09:00")
    story.worker_runs("09-02 09:00")
    other = asked(story, story.people["ada"], **{"If-None-Match": first.headers["ETag"]})
    assert (other.status_code, other.json["plan"]) == (200, "premium")


def test_whoever_is_deactivated_may_nothing_at_once_although_the_seat_is_not_yet_ended(story: Story):
    story.joins("standard", "ada")
    story.worker_runs("09-01 09:00")
    story.leaves("ada", at="09-02 09:00")
    answer = asked(story, story.people["ada"]).json
    assert (answer["plan"], answer["roles"], answer["privileges"]) == ("none", [], [])
    assert answer["because"].startswith("the person is not active")


def test_an_account_that_counts_as_a_person_may_what_the_person_may(story: Story):
    story.joins("premium", "ada")
    story.joins("visitor", "bob")
    body = {"account_id": story.people["bob"], "reason": "one human"}
    story.api("POST", f"/people/{story.people['ada']}/accounts", body)
    story.worker_runs("09-01 09:00")
    story.running.set_clock(when("09-01 10:00"))
    answer = asked(story, story.people["bob"]).json
    assert (answer["person"], answer["plan"]) == (story.people["ada"], "premium")


def test_whom_no_rule_names_may_nothing(story: Story):
    story.joins("visitor", "ada")
    story.worker_runs("09-01 09:00")
    answer = asked(story, story.people["ada"]).json
    assert (answer["plan"], answer["because"]) == ("none", "no rule gives the person a plan or a role")


def test_a_group_that_brings_the_plan_is_named(story: Story):
    story.joins("visitor", "ada")
    made = story.running.scim(story.customer, "POST", "/Groups", {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Dispatch",
        "members": [{"value": story.people["ada"]}],
    })  # fmt: skip
    group = made.json["id"]
    rule = {"name": "dispatch", "when": f'groups.value eq "{group}"', "plan": "premium", "roles": ["billing"]}
    story.api("POST", "/rule-sets", {"rules": [rule]})
    story.worker_runs("09-01 09:01")
    story.running.set_clock(when("09-01 10:00"))
    answer = asked(story, story.people["ada"]).json
    assert answer["groups"] == [{"id": group, "name": "Dispatch"}]
    assert answer["because"] == "rule dispatch gives plan premium through Dispatch"
    assert answer["privileges"] == ["invoices:export", "invoices:read", "payment:write", "usage:read"]


@pytest.mark.parametrize("person", ["nobody", "of another tenant"])
def test_a_person_of_nobody_or_another_tenant_is_not_found(story: Story, person):
    other = Story(story.running, add_customer(story.running, f"another {person}"))
    other.joins("standard", "grace")
    story.running.set_clock(SEPTEMBER)
    answer = asked(story, other.people["grace"] if person.startswith("of") else person)
    assert answer.status_code == 404
    assert "grace" not in answer.get_data(as_text=True)
