"""A provider has all end that somebody has open: who may ask for it, and for whom."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bridge.access.tables import Session
from bridge.signin.events.tables import ReceivedEvent
from tests.events.signals import Signals, shared_address
from tests.events.test_applying import minute
from tests.signin.signing import rsa, signed


def test_universal_logout_ends_every_session_of_the_person_at_once(signals: Signals):
    firm = signals.firm
    for at in (1, 2):
        firm.sign_in("ada", at=minute(at))
    other = firm.sign_in("bob", at=minute(1))
    answer = signals.log_out(signals.by_sub("ada"), at=minute(3))
    assert (answer.status_code, answer.data) == (204, b"")
    assert firm.open_sessions() == {other}
    because = {
        row.ended_because
        for row in firm.read(select(Session.ended_because).where(Session.ended_at.is_not(None)))
    }
    assert because == {"universal_logout"}
    assert firm.active()["ada"] is True
    again = signals.log_out({"format": "email", "email": "ada@lindqvist.example"}, at=minute(4))
    assert again.status_code == 204
    kept = firm.read(select(ReceivedEvent.source, ReceivedEvent.outcome).order_by(ReceivedEvent.received_at))
    assert [tuple(row) for row in kept] == [
        ("universal_logout", "applied"),
        ("universal_logout", "unchanged"),
    ]


def test_a_token_ends_sessions_once(signals: Signals):
    token = signed(signals.logout_claims(minute(1)), typ="global-token-revocation+jwt")
    assert signals.log_out(signals.by_sub("ada"), at=minute(1), token=token).status_code == 204
    opened = signals.firm.sign_in("ada", at=minute(2))
    answer = signals.log_out(signals.by_sub("ada"), at=minute(3), token=token)
    assert (answer.status_code, signals.firm.open_sessions()) == (401, {opened})


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"aud": "http://localhost/events/other/global-token-revocation"}, {}),
        ({"iss": "https://other.example"}, {}),
        ({"exp": None}, {}),
        ({"exp": int(minute(-60).timestamp())}, {}),
        ({"jti": None}, {}),
        ({"jti": 7}, {}),
        ({"sub": "client-2"}, {}),
        ({"aud": "client-1"}, {}),
        ({}, {"typ": "JWT"}),
        ({}, {"typ": "secevent+jwt"}),
        ({}, {"key": rsa("two"), "kid": "one"}),
    ],
)
def test_a_bad_token_logs_nobody_out(signals: Signals, claims: dict, header: dict):
    opened = signals.firm.sign_in("ada", at=minute(0))
    told = {"typ": "global-token-revocation+jwt"} | header
    token = signed(signals.logout_claims(minute(1), **claims), **told)
    answer = signals.log_out(signals.by_sub("ada"), at=minute(1), token=token)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert signals.firm.open_sessions() == {opened}


def test_a_token_that_asked_in_vain_is_used_up_as_well(signals: Signals):
    """It names nobody itself: whoever finds it could ask for anybody."""
    token = signed(signals.logout_claims(minute(1)), typ="global-token-revocation+jwt")
    assert signals.log_out(signals.by_sub("eve"), at=minute(1), token=token).status_code == 404
    opened = signals.firm.sign_in("ada", at=minute(1))
    assert signals.log_out(signals.by_sub("ada"), at=minute(2), token=token).status_code == 401
    assert signals.firm.open_sessions() == {opened}
    [kept] = signals.firm.read(select(ReceivedEvent.outcome, ReceivedEvent.person_id))
    assert tuple(kept) == ("unknown_person", None)


def test_a_token_is_good_for_an_hour_however_late_it_expires(signals: Signals):
    """Which tokens were used is forgotten one day."""
    for issued, status in ((minute(1), 204), (minute(1) - timedelta(seconds=61), 401)):
        claims = signals.logout_claims(issued, exp=int(minute(10_000).timestamp()))
        token = signed(claims, typ="global-token-revocation+jwt")
        assert signals.log_out(signals.by_sub("ada"), at=minute(61), token=token).status_code == status


def test_a_person_may_be_named_by_their_id_here(signals: Signals):
    """So does Okta where it provisions the people of the software."""
    for opaque in (True, False):
        signals.firm.sign_in("ada", at=minute(1))
        own = signals.firm.people["ada"]
        iss_sub = {"format": "iss_sub", "iss": signals.issuer, "sub": own}
        subject = {"format": "opaque", "id": own} if opaque else iss_sub
        assert signals.log_out(subject, at=minute(2)).status_code == 204
        assert signals.firm.open_sessions() == set()


def test_without_a_bearer_nobody_is_logged_out(signals: Signals):
    address = signals.address("global-token-revocation")
    for shown in (None, "", "Bearer", "Basic eDp5", signals.firm.secret):
        headers = {} if shown is None else {"Authorization": shown}
        assert signals.firm.running.client.post(address, json={}, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "body",
    [[], {}, {"sub_id": None}, {"sub_id": "ext-ada"}, {"sub_id": {"format": "aliases"}},
     {"sub_id": {"format": "email"}}, {"sub_id": {"format": "email", "email": "@"}}],
)  # fmt: skip
def test_a_subject_that_cannot_be_understood_is_a_bad_request(signals: Signals, body: object):
    assert signals.log_out(None, at=minute(1), body=body).status_code == 400


def test_other_issuers_people_strangers_and_shared_addresses_are_told_apart(signals: Signals):
    opened = signals.firm.sign_in("ada", at=minute(0))
    others = {"format": "iss_sub", "iss": "https://other.example", "sub": "ext-ada"}
    assert signals.log_out(others, at=minute(1)).status_code == 403
    assert signals.log_out(signals.by_sub("eve"), at=minute(1)).status_code == 404
    assert signals.log_out(shared_address(signals), at=minute(1)).status_code == 422
    assert signals.firm.open_sessions() == {opened}
