"""Whom Okta issues no token because of their groups, and what is told of it."""

import pytest

from tests.signin.provider_double import Told

TOO_MANY = "The groups claim matched too many groups and must be configured to match fewer groups."
EVALUATED = "The 'groups' user claim could not be evaluated."


@pytest.fixture
def reason(play):
    """Tell why the last one was refused."""
    known = {each["id"] for each in play.refused()}

    def why():
        [new] = [each for each in play.refused() if each["id"] not in known]
        known.add(new["id"])
        return new["reason"]

    return why


@pytest.mark.parametrize("said", [TOO_MANY, EVALUATED])
def test_the_administrator_is_told_that_somebody_is_in_too_many_groups(play, reason, said):
    refusal = {"error": "server_error", "error_description": said}
    play.provider.told["token"] = Told(refusal, 400)
    answer = play.sign_in()
    assert (answer.status_code, "more than 100 groups" in answer.text) == (502, True)
    assert reason() == "too_many_groups"
    begun = play.start()
    answer = play.back(state=begun["state"], **refusal)
    assert (answer.status_code, "more than 100 groups" in answer.text) == (403, True)
    assert reason() == "too_many_groups"
    assert said not in answer.text


@pytest.mark.parametrize(
    ("settings", "is_told"), [({}, True), ({"group_claim": ""}, False), ({"preset": "generic"}, False)]
)
def test_a_refusal_without_a_reason_is_told_with_what_it_may_be_at_okta_alone(
    play, reason, settings, is_told
):
    play.set_oidc(**settings)
    play.provider.told["token"] = Told({"error": "server_error"}, 400)
    answer = play.sign_in()
    assert (answer.status_code, "more than 100 groups" in answer.text) == (502, is_told)
    assert reason() == "provider_answer"
    begun = play.start()
    answer = play.back(state=begun["state"], error="server_error")
    assert (answer.status_code, "more than 100 groups" in answer.text) == (403, is_told)
    assert reason() == "provider_said_other"


def test_other_refusals_say_nothing_of_groups(play, reason):
    begun = play.start()
    answer = play.back(state=begun["state"], error="access_denied", error_description="no claim to it")
    assert "100 groups" not in answer.text
    assert reason() == "provider_said_access_denied"
