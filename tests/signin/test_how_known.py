"""How a provider knew somebody, as the fact of their sign-in tells it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.signin.forget import forget_identities
from bridge.signin.how_known import how_known
from bridge.usage.events import parse_sign_in
from bridge.usage.tables import SignIn
from tests.signin.conftest import NOW

FACT = {"connection": "c", "id": "1", "person": "p", "at": "2026-09-01T00:00:00Z"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


def listed(play, query=""):
    path = f"/people/{play.customer.ids['grace']}/sign-ins{query}"
    answer = play.running.api(play.customer, "GET", path)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_sign_in_tells_how_and_when_the_provider_knew_who_it_was(play):
    when = int((NOW - timedelta(minutes=5)).timestamp())
    play.provider.claims = {
        "sub": "00u2", "amr": ["pwd", "mfa", "pwd"], "acr": "urn:okta:loa:2fa:any", "auth_time": when,
    }  # fmt: skip
    assert play.sign_in().status_code == 303
    play.provider.claims |= {"amr": ["otp"]}
    assert play.sign_in().status_code == 303  # of the same session of the provider: the same fact
    [fact] = listed(play)["items"]
    assert (fact["connection"], fact["person"]) == (play.connection, play.customer.ids["grace"])
    assert (fact["amr"], fact["acr"]) == (["pwd", "mfa"], "urn:okta:loa:2fa:any")
    assert datetime.fromisoformat(fact["auth_time"]) == NOW - timedelta(minutes=5)
    play.set_clock(NOW + timedelta(hours=1))
    play.provider.claims |= {"sid": "another", "amr": None, "acr": None, "auth_time": None}
    assert play.sign_in().status_code == 303
    first = listed(play, "?limit=1")
    second = listed(play, f"?limit=1&after={first['next_after']}")
    assert [each["items"][0]["amr"] for each in (first, second)] == [None, ["pwd", "mfa"]]
    assert second["next_after"] is None
    with play.running.database.write(play.customer.tenant_id) as session:
        forget_identities(session, [play.customer.ids["grace"]])
    facts = [row for row in play.rows(SignIn) if row.person_id == play.customer.ids["grace"]]
    assert {(row.amr, row.acr, row.auth_time) for row in facts} == {(None, None, None)}
    assert len(facts) == 2


def test_the_products_own_sign_ins_may_tell_it_too(play):
    ids = {"connection": play.connection, "person": play.customer.ids["ada"], "at": NOW.isoformat()}
    good = {**ids, "id": "own", "amr": ["hwk"], "acr": "2", "auth_time": NOW.isoformat()}
    wrong = [
        {**ids, "id": "w1", "amr": "pwd"}, {**ids, "id": "w2", "amr": ["pwd", 3]},
        {**ids, "id": "w3", "acr": ""}, {**ids, "id": "w4", "auth_time": "yesterday"},
        {**ids, "id": "w5", "amr": ["pwd"] * 21},
    ]  # fmt: skip
    answer = play.running.api(play.customer, "POST", "/sign-ins", {"sign_ins": [good, *wrong]})
    assert answer.json["accepted"] == 1
    pointers = ["/amr", "/amr/1", "/acr", "/auth_time", "/amr"]
    assert [each["pointer"] for each in answer.json["rejected"]] == pointers
    [kept] = [row for row in play.rows(SignIn) if row.id == "own"]
    assert (kept.amr, kept.acr, kept.auth_time) == (["hwk"], "2", NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {"amr": []}, {"amr": {}}, {"amr": [1, None, "", "a\0b", "x" * 257]}, {"acr": 3}, {"acr": "\ud800"},
        {"auth_time": True}, {"auth_time": -1}, {"auth_time": 1e300}, {"auth_time": float("nan")},
        {"auth_time": "now"},
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_left_out_and_refuses_nobody(claims):
    assert how_known(claims) == {}


def test_a_single_way_may_come_as_a_text_and_too_many_are_cut():
    assert how_known({"amr": "pwd"}) == {"amr": ["pwd"]}
    assert len(how_known({"amr": [str(each) for each in range(30)]})["amr"]) == 20


@given(st.fixed_dictionaries({}, optional={"amr": JSON, "acr": JSON, "auth_time": JSON}))
def test_whatever_is_told_is_a_fact_that_can_be_taken(claims):
    parse_sign_in({**FACT, **how_known(claims)})
