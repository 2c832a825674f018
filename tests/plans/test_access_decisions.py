"""What the API answers whoever enforces access (AuthZEN Authorization API 1.0)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from bridge.access.grant import grant_api_key
from config.catalogue import plans, roles
from tests.api.customers import CAUSE, SEPTEMBER, Running, add_customer
from tests.examples import examples
from tests.plans.telling import PLANS, Story, when

ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"
ACTIONS = sorted(
    {each for role in roles().values() for each in role.privileges}
    | {each for plan in plans().values() for each in plan.features}
    | {"seats:sell"}
)

on_sqlite = pytest.mark.parametrize("running", ["sqlite"], indirect=True)


def question(person: str, action: str, **more: object) -> dict[str, object]:
    return {
        "subject": {"type": "user", "id": person},
        "action": {"name": action},
        "resource": {"type": "report", "id": "7"},
        **more,
    }


def called(name: str, connection: str, attribute: str | None = None) -> dict[str, object]:
    properties = {"connection": connection} | ({} if attribute is None else {"attribute": attribute})
    return {"type": "user", "id": name, "properties": properties}


def ask(story: Story, path: str, body: object, *, key: str | None = None, **headers: str) -> TestResponse:
    sent = {"Authorization": f"Bearer {key or story.customer.key}", **headers}
    return story.running.client.post(path, headers=sent, json=body)


def decided(story: Story, body: object) -> dict[str, Any]:
    answer = ask(story, ONE, body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.json
    return found


def company(story: Story) -> dict[str, str]:
    """People on every plan and on none, one who left, one who counts as another; returned by name."""
    for plan in PLANS:
        story.joins(plan, plan)
    story.joins("visitor", "nobody", "account")
    story.joins("premium", "left")
    body = {"account_id": story.people["account"], "reason": "one human"}
    story.api("POST", f"/people/{story.people['admin']}/accounts", body)
    story.worker_runs("09-01 09:00")
    story.leaves("left", at="09-01 10:00")
    story.running.set_clock(when("09-01 11:00"))
    return story.people


def test_decisions_agree_with_the_entitlements_of_everybody(story: Story):
    people = company(story)
    held = {name: story.may(name, at="09-01 11:00") for name in people}

    @settings(max_examples=examples(15, in_proof=300))
    @given(
        st.lists(
            st.tuples(st.sampled_from(sorted(people)), st.sampled_from(ACTIONS)), min_size=1, max_size=20
        )
    )
    def agree(asked: list[tuple[str, str]]):
        body = {"evaluations": [question(people[name], action) for name, action in asked]}
        told = ask(story, MANY, body).json["evaluations"]
        assert [each["decision"] for each in told] == [
            action in (*held[name]["privileges"], *held[name]["features"]) for name, action in asked
        ]
        assert [each["context"]["plan"] for each in told] == [held[name]["plan"] for name, _ in asked]

    agree()


def test_a_decision_tells_rule_group_and_plan_and_why(story: Story):
    people = company(story)
    found = decided(story, question(people["standard"], "analytics.predictive"))
    assert found["decision"] is False
    context = found["context"]
    assert (context["plan"], context["rule"], context["groups"]) == ("standard", "standard", [])
    assert "analytics.predictive" in context["reason_admin"]["en"]
    assert context["reason_user"]["en"].startswith("Your plan does not include this")
    assert decided(story, question(people["premium"], "analytics.predictive"))["decision"] is True
    told = decided(story, question(people["left"], "export"))
    assert told["decision"] is False
    assert "not active" in told["context"]["reason_admin"]["en"]
    assert "no rule" in decided(story, question(people["nobody"], "export"))["context"]["reason_admin"]["en"]


def test_a_limit_is_counted_with_what_the_product_tells(story: Story):
    people = company(story)
    for wanted, allowed in ((1000, True), (1001, False)):
        told = {"limit": "export_rows_per_month", "used": 9000, "wanted": wanted}
        in_context = question(people["standard"], "export", context=told)
        resource = {"type": "report", "id": "7", "properties": told}
        for body in (in_context, question(people["standard"], "export", resource=resource)):
            assert decided(story, body)["decision"] is allowed


def test_whoever_is_deactivated_is_denied_from_the_next_question_on(story: Story):
    """No worker has run since."""
    people = company(story)
    assert decided(story, question(people["premium"], "export"))["decision"] is True
    story.leaves("premium", at="09-01 12:00")
    assert decided(story, question(people["premium"], "export"))["decision"] is False


def test_a_person_is_named_by_user_name_or_external_id_at_a_connection(story: Story):
    company(story)
    here = story.api("GET", "/connections")["items"][0]["id"]
    other = story.api("POST", "/connections", {"name": "Entra", "kind": "entra"})["id"]
    asked = [
        (called("PREMIUM@lindqvist.example", here), True),
        (called("ext-premium", here, "externalId"), True),
        (called("EXT-PREMIUM", here, "externalId"), False),
        (called("ext-premium", here), False),
        (called("premium@lindqvist.example", here, "externalId"), False),
        (called("premium@lindqvist.example", other), False),
        (called("premium@lindqvist.example", "no such"), False),
        (called("standard@lindqvist.example", here), False),
        (called("x" * 1024, here), False),
        ({"type": "person", "id": story.people["premium"]}, True),
        ({"type": "user", "id": "premium@lindqvist.example"}, False),
    ]
    body = {**question("", "analytics.predictive"), "evaluations": [{"subject": each} for each, _ in asked]}
    told = ask(story, MANY, body).json["evaluations"]
    assert [each["decision"] for each in told] == [allowed for _, allowed in asked]
    for (subject, _), each in zip(asked, told, strict=True):
        alone = decided(story, {**question("", "analytics.predictive"), "subject": subject})
        assert alone == each


def test_a_person_of_another_tenant_is_not_known(story: Story):
    people = company(story)
    stranger = add_customer(story.running, "Okonkwo")
    told = ask(story, ONE, question(people["admin"], "export"), key=stranger.key)
    assert told.json == ask(story, ONE, question("no-such-person", "export"), key=stranger.key).json
    assert told.json["decision"] is False


def test_roles_of_the_tenants_own_count_from_when_they_are_applied(story: Story):
    people = company(story)
    asked = question(people["standard"], "tours:write")
    assert decided(story, asked)["decision"] is False
    for privileges, allowed in ((["tours:write"], True), (["tours:read"], False)):
        own = {"analyst": {"name": "Analyst", "privileges": privileges}}
        story.api("POST", "/roles", own)
        assert decided(story, asked)["decision"] is allowed


@pytest.mark.parametrize(
    ("semantic", "told"),
    [
        ("execute_all", [True, False, True, False]), ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)  # fmt: skip
@on_sqlite
def test_several_questions_stop_where_the_semantic_says(story: Story, semantic: str, told: list[bool]):
    people = company(story)
    names = ("premium", "standard", "premium", "nobody")
    body = {
        **question("", "analytics.predictive"),
        "evaluations": [{"subject": {"type": "user", "id": people[name]}} for name in names],
        "options": {"evaluations_semantic": semantic},
    }
    assert [each["decision"] for each in ask(story, MANY, body).json["evaluations"]] == told


@on_sqlite
def test_a_question_that_is_none_is_told_in_its_place(story: Story):
    body = {**question("x", "export"), "evaluations": [{"subject": {"type": "user"}}, {}]}
    first, second = ask(story, MANY, body).json["evaluations"]
    assert (first["decision"], first["context"]["error"]["status"]) == (False, 400)
    assert "subject.id" in first["context"]["error"]["message"]
    assert "error" not in second["context"]
    alone = ask(story, MANY, question("x", "export"))
    assert alone.json == ask(story, ONE, question("x", "export")).json


@on_sqlite
@pytest.mark.parametrize("path", [ONE, MANY])
def test_what_is_no_question_is_refused_in_words(story: Story, path: str):
    client, key = story.running.client, story.customer.key
    bearer = {"Authorization": f"Bearer {key}"}
    for data, content_type in (
        (b"", "application/json"), (b"[]", "application/json"), (b"{", "application/json"),
        (b"{}", "application/json"), (b"{}", "text/plain"),
        (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "application/json"),
    ):  # fmt: skip
        answer = client.post(path, headers=bearer, data=data, content_type=content_type)
        assert answer.status_code == 400
        assert answer.mimetype == "text/plain"
    large = b'{"x":"' + b"x" * 1_048_576 + b'"}'
    assert client.post(path, headers=bearer, data=large, content_type="application/json").status_code == 413
    assert ask(story, MANY, question("x", "y", evaluations=[{}] * 101)).status_code == 400


def without(body: dict[str, Any], part: str, name: str | None = None) -> dict[str, Any]:
    """The question without a part of it, or without one member of that part."""
    if name is None:
        return {each: value for each, value in body.items() if each != part}
    return {**body, part: {each: value for each, value in body[part].items() if each != name}}


@on_sqlite
@pytest.mark.parametrize("path", [ONE, MANY])
def test_what_lacks_a_required_part_is_a_bad_request(story: Story, path: str):
    """The parts of sections 5 and 6, as the certification of decision points asks for them."""
    whole = question("x", "export")
    lacking = [without(whole, part) for part in ("subject", "action", "resource")]
    members = (
        ("subject", "type"),
        ("subject", "id"),
        ("action", "name"),
        ("resource", "type"),
        ("resource", "id"),
    )
    lacking += [without(whole, part, name) for part, name in members]
    wrong = [{**whole, "subject": "x"}, {**whole, "action": {"name": 123}}, {**whole, "context": []}]
    wrong.append({**whole, "subject": {"type": "robot"}})
    for body in (*lacking, *wrong):
        answer = ask(story, path, body)
        assert (answer.status_code, answer.mimetype) == (400, "text/plain"), body
    more = {**whole, "foo": "bar", "later": {"nested": True}, "evaluations": []}
    assert ask(story, path, more).status_code == 200


@on_sqlite
def test_a_batch_answers_each_question_though_one_lacks_a_part(story: Story):
    whole = question("x", "export")
    resource = whole.pop("resource")
    semantic = {"evaluations_semantic": "execute_all", "another_option": "value"}
    body = {**whole, "options": semantic, "evaluations": [{"resource": resource}, {}, {"resource": resource}]}
    answer = ask(story, MANY, body)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert set(answer.json) == {"evaluations"}
    told = [(each["decision"], "error" in each["context"]) for each in answer.json["evaluations"]]
    assert told == [(False, False), (False, True), (False, False)]


@on_sqlite
def test_a_machine_is_denied_and_no_error(story: Story):
    people = company(story)
    asked = question(people["premium"], "export", subject={"type": "robot", "id": people["premium"]})
    found = decided(story, asked)
    assert (found["decision"], "only people" in found["context"]["reason_admin"]["en"]) == (False, True)
    body = {**asked, "evaluations": [{}, {"subject": {"type": "user", "id": people["premium"]}}]}
    assert [each["decision"] for each in ask(story, MANY, body).json["evaluations"]] == [False, True]


@on_sqlite
def test_decisions_need_a_scope_of_their_own(story: Story):
    def key(*scopes: str) -> str:
        with story.running.database.write(story.customer.tenant_id) as session:
            return grant_api_key(
                session,
                scopes=scopes,
                seal=story.running.parts.seal,
                lifetime=None,
                cause=CAUSE,
                now=SEPTEMBER,
            ).secret

    body = question("x", "export")
    assert ask(story, ONE, body, key=key("read", "sessions:read")).status_code == 403
    assert ask(story, ONE, body, key=key("access:evaluate")).status_code == 200
    refused = ask(story, ONE, body, key="nonsense")
    assert (refused.status_code, refused.mimetype) == (401, "text/plain")
    assert "WWW-Authenticate" in refused.headers


@on_sqlite
def test_the_clients_id_of_a_request_comes_back(story: Story):
    body = question("x", "export")
    for path, sent in ((ONE, body), (MANY, body), (ONE, {})):
        for own in ("bfe9eb29-ab87", "any text; of one line", "x" * 512):
            answer = ask(story, path, sent, **{"X-Request-ID": own})
            assert answer.headers.getlist("X-Request-ID") == [own]
    for unusable in ("x" * 513, ""):
        [own] = ask(story, ONE, body, **{"X-Request-ID": unusable}).headers.getlist("X-Request-ID")
        assert own != unusable


@on_sqlite
def test_the_decision_point_describes_itself(running: Running):
    told = running.client.get("/.well-known/authzen-configuration", base_url="https://bridge.example").json
    assert told == {
        "policy_decision_point": "https://bridge.example",
        "access_evaluation_endpoint": "https://bridge.example/access/v1/evaluation",
        "access_evaluations_endpoint": "https://bridge.example/access/v1/evaluations",
    }


def test_a_key_that_has_just_ended_opens_nothing_though_it_was_good_a_moment_ago(story: Story):
    made = story.api("POST", "/api-keys", {"scopes": ["access:evaluate"], "expires_in_days": 1})
    body = question("x", "export")
    assert ask(story, ONE, body, key=made["secret"]).status_code == 200
    assert ask(story, ONE, body, key=made["secret"]).status_code == 200
    story.api("DELETE", f"/api-keys/{made['id']}", status=204)
    for _ in range(2):
        refused = ask(story, ONE, body, key=made["secret"])
        assert (refused.status_code, "revoked" in refused.get_data(as_text=True)) == (401, True)


def test_a_key_expires_between_two_questions(story: Story):
    made = story.api("POST", "/api-keys", {"scopes": ["access:evaluate"], "expires_in_days": 1})
    body = question("x", "export")
    story.running.set_clock(SEPTEMBER + timedelta(days=1, seconds=-1))
    assert ask(story, ONE, body, key=made["secret"]).status_code == 200
    story.running.set_clock(SEPTEMBER + timedelta(days=1))
    assert ask(story, ONE, body, key=made["secret"]).status_code == 401


def test_a_personal_key_asks_until_its_person_leaves(story: Story):
    people = company(story)
    body = {"scopes": ["access:evaluate"], "person_id": people["premium"]}
    key = story.api("POST", "/api-keys", body)["secret"]
    asked = question(people["standard"], "export")
    assert [ask(story, ONE, asked, key=key).status_code for _ in range(2)] == [200, 200]
    story.leaves("premium", at="09-01 12:00")
    assert ask(story, ONE, asked, key=key).status_code == 401
