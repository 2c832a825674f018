"""Okta's token inline hook: what tokens are told of a person."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidValue
from bridge.signin.events.token_hook import commands, read_token_request
from tests.api.customers import OCTOBER, Running, rules
from tests.events.firm import Firm
from tests.events.org import token_request

IDENTITY = {"sub": "ext-ada", "name": "Ada"}


def ask(firm: Firm, body: object, secret: str | None = None):
    firm.running.set_clock(OCTOBER + timedelta(minutes=5))
    return firm.running.client.post(
        f"/events/{firm.connection_id}/okta/token",
        json=body,
        headers={"Authorization": firm.secret if secret is None else secret},
    )


def seated(running: Running) -> Firm:
    """A firm where Ada is in a group that gives the standard plan, and Bob in none."""
    from workers.assignments import drain  # noqa: PLC0415 (reads the settings when imported)

    firm = Firm.of(running, "ada", "bob", groups=["Sales"])
    firm.scim("PUT", f"/Groups/{firm.groups['Sales']}", {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Sales",
        "members": [{"value": firm.people["ada"]}],
    })  # fmt: skip
    assert running.api(firm.customer, "POST", "/rule-sets", rules(firm.groups["Sales"])).status_code == 201
    drain(running.database, firm.customer.tenant_id)
    return firm


def test_plan_and_roles_are_written_into_the_tokens_that_are_asked_for(running: Running):
    firm = seated(running)
    answer = ask(
        firm, token_request("ext-ada", identity={**IDENTITY, "plan": "old"}, access={"uid": "ext-ada"})
    )
    assert answer.status_code == 200
    assert answer.json == {
        "commands": [
            {
                "type": "com.okta.identity.patch",
                "value": [
                    {"op": "replace", "path": "/claims/plan", "value": "standard"},
                    {"op": "add", "path": "/claims/roles", "value": []},
                ],
            },
            {
                "type": "com.okta.access.patch",
                "value": [
                    {"op": "add", "path": "/claims/plan", "value": "standard"},
                    {"op": "add", "path": "/claims/roles", "value": []},
                ],
            },
        ]
    }
    only = ask(firm, token_request("ext-ada", access={})).json["commands"]
    assert [each["type"] for each in only] == ["com.okta.access.patch"]


def test_who_holds_nothing_is_told_so(running: Running):
    told = ask(seated(running), token_request("ext-bob", identity=IDENTITY)).json["commands"]
    assert told[0]["value"][0] == {"op": "add", "path": "/claims/plan", "value": "none"}


def test_only_the_claims_and_tokens_that_were_chosen_are_written(running: Running):
    firm = seated(running)
    chosen = {"roles_claim": "held", "tokens": ["identity"]}
    assert (
        running.api(firm.customer, "PUT", f"/connections/{firm.connection_id}/okta-hooks", chosen).status_code
        == 200
    )
    told = ask(firm, token_request("ext-ada", identity=IDENTITY, access={})).json["commands"]
    assert told == [
        {"type": "com.okta.identity.patch", "value": [{"op": "add", "path": "/claims/held", "value": []}]}
    ]
    assert (
        running.api(firm.customer, "PUT", f"/connections/{firm.connection_id}/okta-hooks", {}).status_code
        == 200
    )
    assert ask(firm, token_request("ext-ada", identity=IDENTITY)).json == {"commands": []}


@pytest.mark.parametrize("okta_id", ["ext-eve", "ada@lindqvist.example", None])
def test_of_whom_the_connection_does_not_know_nothing_is_told(running: Running, okta_id: str | None):
    assert ask(seated(running), token_request(okta_id, identity=IDENTITY)).json == {"commands": []}


def test_another_firms_person_or_secret_tells_nothing(running: Running):
    firm, other = seated(running), Firm.of(running, "eve")
    assert ask(firm, token_request("ext-eve", identity={})).json == {"commands": []}
    assert ask(firm, token_request("ext-ada", identity={}), secret=other.secret).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        [], {}, {"eventType": "com.okta.saml.tokens.transform", "data": {}},
        {**token_request("ext-ada"), "data": None}, {**token_request("ext-ada"), "data": {"context": []}},
        token_request("x" * 300), {**token_request("ext-ada"), "data": {"context": {"user": {"id": 7}}}},
        {**token_request("ext-ada"), "data": {"context": {}, "identity": {"claims": []}}},
    ],
)  # fmt: skip
def test_what_is_no_request_of_the_hook_is_refused(running: Running, body: object):
    assert ask(Firm.of(running, "ada"), body).status_code == 400


NAMES = st.sampled_from(["plan", "roles", "name", "x"])


@given(
    st.dictionaries(NAMES, st.text(), max_size=2),
    st.none() | st.dictionaries(NAMES, st.integers()),
    st.none() | st.dictionaries(NAMES, st.integers()),
    st.sets(st.sampled_from(["identity", "access"])),
)
def test_the_commands_leave_each_token_with_the_claims_and_all_others_as_they_were(
    claims, identity, access, tokens
):
    """Applied as Okta applies them: adding what is there, or replacing what is not, fails."""
    issued = {
        name: dict(held) for name, held in (("identity", identity), ("access", access)) if held is not None
    }
    before = {name: dict(held) for name, held in issued.items()}
    told = commands(
        read_token_request(token_request("u", identity=identity, access=access)), claims, sorted(tokens)
    )
    for command in told:
        held = issued[command["type"].split(".")[2]]
        for change in command["value"]:
            name = change["path"].removeprefix("/claims/")
            assert (change["op"] == "replace") == (name in held)
            held[name] = change["value"]
    for name, held in issued.items():
        assert held == ({**before[name], **claims} if name in tokens else before[name])


def test_a_member_that_is_no_object_is_refused():
    with pytest.raises(InvalidValue):
        read_token_request({**token_request("u"), "data": {"context": {"user": "u"}}})
