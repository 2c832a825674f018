"""What an event of Okta is taken for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidValue
from bridge.signin.events.identity_events import EFFECTS, NOTE
from bridge.signin.events.okta_events import OF_ACTOR, OF_TARGET, read_okta_event
from tests.events.org import lifecycle, log_event, membership, sign_in, user

AT = datetime(2026, 10, 2, 7, 0, 0, 379_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("verb", "effect"),
    [
        ("activate", "activate"),
        ("reactivate", "activate"),
        ("unsuspend", "activate"),
        ("deactivate", "deactivate"),
        ("suspend", "deactivate"),
        ("delete.initiated", "deactivate"),
    ],
)
def test_a_change_of_someones_life_cycle_is_about_the_target(verb: str, effect: str):
    event = read_okta_event(lifecycle(verb, "00uAda", AT))
    assert (event.effect, event.subject, event.at) == (effect, "00uAda", AT)


@pytest.mark.parametrize(("verb", "effect"), [("add", "join_group"), ("remove", "leave_group")])
def test_a_membership_is_of_the_user_in_the_group_whichever_comes_first(verb: str, effect: str):
    told = membership(verb, "00uAda", ("00gSales", "Sales"), AT)
    for target in (told["target"], told["target"][::-1]):
        event = read_okta_event({**told, "target": target})
        assert (event.effect, event.subject) == (effect, "00uAda")
        assert (event.group_id, event.group_name) == ("00gSales", "Sales")


def test_a_sign_in_is_of_who_acts_and_names_the_application():
    event = read_okta_event(sign_in("00uAda", "0oaCockpit", AT))
    assert (event.effect, event.subject, event.app_ids) == ("sign_in", "00uAda", ("0oaCockpit",))


@pytest.mark.parametrize(
    "told",
    [
        log_event("user.account.update_profile", AT, target=[user("00uAda")]),
        log_event("application.lifecycle.create", AT),
        lifecycle("deactivate", "00uAda", AT, result="FAILURE"),
        lifecycle("deactivate", "00uAda", AT, result="SKIPPED"),
        lifecycle("deactivate", "00uAda", AT) | {"target": None},
        lifecycle("deactivate", "00uAda", AT) | {"target": [user("00uAda"), user("00uBob")]},
        lifecycle("deactivate", "00uAda", AT) | {"target": [user("00uAda") | {"id": None}]},
        lifecycle("deactivate", "00uAda", AT) | {"target": [user("00uAda") | {"type": 7}]},
        lifecycle("deactivate", "00uAda", AT) | {"target": "00uAda"},
        membership("add", "00uAda", ("00g", "Sales"), AT) | {"target": [user("00uAda")]},
        sign_in("00uAda", "0oa", AT, result="FAILURE"),
        sign_in("00uAda", "0oa", AT) | {"actor": {"id": "0oaService", "type": "PublicClientApp"}},
        sign_in("00uAda", "0oa", AT) | {"actor": user("")},
        sign_in("00uAda", "0oa", AT) | {"actor": None},
    ],
)
def test_what_has_no_effect_here_is_a_note_that_names_nobody(told: dict):
    event = read_okta_event(told)
    assert (event.effect, event.subject, event.id) == (NOTE, None, told["uuid"])


@pytest.mark.parametrize("outcome", [None, {"result": "ALLOW"}])
def test_an_outcome_that_says_nothing_else_means_it_happened(outcome: object):
    assert read_okta_event(lifecycle("suspend", "00uAda", AT) | {"outcome": outcome}).effect == "deactivate"


@pytest.mark.parametrize(
    "changed",
    [
        {"uuid": None}, {"uuid": ""}, {"uuid": 7}, {"uuid": "x" * 257}, {"uuid": "a\0b"},
        {"eventType": None}, {"eventType": ["user.lifecycle.suspend"]},
        {"published": None}, {"published": "2026-10-02"}, {"published": "2026-10-02T07:00:00"},
        {"published": "2026-02-29T07:00:00Z"}, {"published": 1_790_000_000},
    ],
)  # fmt: skip
def test_an_event_without_name_kind_or_time_is_none(changed: dict):
    with pytest.raises(InvalidValue):
        read_okta_event(lifecycle("suspend", "00uAda", AT) | changed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "type", "result", "User", "displayName", "x"]), inner, max_size=3
    ),
    max_leaves=8,
)  # fmt: skip


@given(
    type_=st.sampled_from(sorted({*OF_TARGET, *OF_ACTOR, "user.account.lock"})),
    target=JSON
    | st.lists(st.sampled_from([user("00uAda"), user("00uBob"), {"type": "UserGroup", "id": "g"}])),
    actor=JSON | st.just(user("00uAda")),
    outcome=JSON,
)
def test_whatever_stands_in_an_event_is_an_effect_on_one_person_or_none(type_, target, actor, outcome):
    event = read_okta_event(log_event(type_, AT) | {"target": target, "actor": actor, "outcome": outcome})
    assert event.effect in EFFECTS
    assert (event.subject is None) == (event.effect == NOTE)


@given(JSON)
def test_whatever_comes_instead_of_an_event_is_refused(value: object):
    with pytest.raises(InvalidValue):
        read_okta_event(value)


def test_an_event_of_the_future_is_refused_beyond_what_clocks_may_differ():
    event = read_okta_event(lifecycle("suspend", "00uAda", AT))
    event.check_time(AT - timedelta(seconds=300), ahead_seconds=300)
    with pytest.raises(InvalidValue, match="yet to come"):
        event.check_time(AT - timedelta(seconds=300, milliseconds=1), ahead_seconds=300)
