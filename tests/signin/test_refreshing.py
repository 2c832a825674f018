"""Sessions that are in use, asked for again at their provider when its tokens run out."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bridge.access.refreshes import ask_no_more, end_refused, hold_due, keep_rotated, note_refreshed
from bridge.access.tables import Session
from bridge.signin.key_sets import known_providers
from bridge.signin.refresh_times import until_refresh, until_retry
from bridge.tenants.secrets import Seal
from config.settings import Settings
from tests.signin.conftest import NOW
from tests.signin.provider_double import Told
from tests.signin.stay import (
    DUE,
    IDLE,
    LEASE,
    WORKER,
    asked,
    is_signed_in,
    kept,
    refresh,
    refresh_token,
    sessions,
    told,
)


def test_a_session_is_asked_for_again_when_its_access_token_runs_out_and_the_new_tokens_are_kept(stay):
    assert refresh(stay, now=DUE - timedelta(microseconds=1)) == 0
    assert refresh(stay) == 1
    first = f"rt-{stay.provider.issuers}"
    assert (asked(stay), refresh_token(stay)) == ([first], f"{first}+")
    row = kept(stay)
    assert (row.refreshed_at, row.refresh_at) == (DUE, DUE + timedelta(minutes=10))
    assert is_signed_in(stay)
    assert refresh(stay) == 0
    stay.set_clock(DUE + timedelta(minutes=10))
    assert refresh(stay) == 1
    assert asked(stay)[1:] == [f"{first}+"]


def test_a_provider_that_replaces_no_refresh_token_is_asked_with_the_same(stay):
    stay.provider.rotates = False
    for minutes in (10, 20):
        stay.set_clock(NOW + timedelta(minutes=minutes))
        assert refresh(stay) == 1
    assert asked(stay) == [f"rt-{stay.provider.issuers}"] * 2


@pytest.mark.parametrize(
    ("expires_in", "minutes"), [(None, 60), ("300", 5), (0, 1), (86_400, 60), (True, 60), ("soon", 60)]
)
def test_the_access_tokens_life_decides_within_the_settings(alone, expires_in, minutes):
    alone.provider.good_refresh, alone.provider.answer = {"rt"}, {"expires_in": expires_in}
    alone.sign_in()
    assert kept(alone).refresh_at == NOW + timedelta(minutes=minutes)


def test_a_session_without_a_refresh_token_is_asked_for_by_nobody(alone):
    alone.sign_in()
    assert kept(alone).refresh_at is None
    assert refresh(alone, now=NOW + timedelta(minutes=59)) == 0


def test_a_session_at_rest_is_not_asked_for_and_its_tokens_are_not_kept(stay):
    stay.set_clock(NOW + timedelta(hours=1))
    assert refresh(stay) == 0
    row = kept(stay)
    assert (row.refresh_at, row.refresh_token, row.id_token, row.ended_at) == (None, None, None, None)


def test_a_session_past_its_end_is_not_asked_for(stay):
    stay.set_clock(kept(stay).expires_at)
    assert refresh(stay) == 0
    assert kept(stay).refresh_token is None


@pytest.mark.parametrize("error", ["invalid_grant", "interaction_required", "login_required"])
def test_a_refusal_ends_the_session_with_the_reason(stay, error):
    stay.provider.told["token"] = Told({"error": error}, status=400)
    assert refresh(stay) == 1
    row = kept(stay)
    assert (row.ended_at, row.ended_because, row.refresh_token) == (DUE, "refused_refresh", None)
    assert told(stay, "access:session:end") == ["refused_refresh"]
    assert not is_signed_in(stay)
    assert refresh(stay) == 0


@pytest.mark.parametrize(
    "answer",
    [
        Told({"error": "server_error"}, status=500),
        Told(b"busy", status=503),
        Told({"error": "slow_down"}, status=429),
        Told({"error": "invalid_client"}, status=401),
        Told({"error": "unauthorized_client"}, status=400),
        Told(b"<html>"),
    ],
    ids=["500", "503", "429", "client", "unauthorized", "page"],
)
def test_a_failure_of_the_provider_ends_no_session_and_is_tried_again_ever_later(stay, answer):
    stay.provider.told["token"] = answer
    for minutes in (10, 11, 13, 17):
        stay.set_clock(NOW + timedelta(minutes=minutes))
        assert refresh(stay, now=stay.provider.now - timedelta(microseconds=1)) == 0
        assert refresh(stay) == 1
    assert is_signed_in(stay)
    assert kept(stay).refresh_failures == 4
    del stay.provider.told["token"]
    stay.set_clock(NOW + timedelta(minutes=25))
    assert refresh(stay) == 1
    assert (kept(stay).refresh_failures, kept(stay).refreshed_at) == (0, stay.provider.now)


def test_a_provider_that_cannot_be_reached_ends_no_session_but_its_refusal_afterwards_does(stay):
    stay.provider.told[".well-known/openid-configuration"] = Told(b"", status=500)
    stay.set_clock(NOW + timedelta(minutes=59))
    known_providers(stay.running.parts.settings).__init__(stay.running.parts.settings)
    assert refresh(stay) == 1
    assert asked(stay) == []
    stay.provider.told = {"token": Told({"error": "invalid_grant"}, status=400)}
    stay.visit("/session/me")
    stay.set_clock(NOW + timedelta(minutes=60))
    assert refresh(stay) == 1
    assert kept(stay).ended_because == "refused_refresh"


def dies_between_the_answer_and_the_commit(play):
    with play.running.database.write(play.customer.tenant_id) as session:
        [held] = hold_due(session, most=10, idle=IDLE, lease=LEASE, now=DUE)
    play.provider.good_refresh = {f"rt-{play.provider.issuers}+"}
    play.set_clock(DUE + LEASE)
    return held


def test_a_lost_answer_of_a_provider_that_takes_the_former_token_again_costs_nothing(stay):
    dies_between_the_answer_and_the_commit(stay)
    stay.provider.good_refresh |= {f"rt-{stay.provider.issuers}"}
    assert refresh(stay, now=DUE + LEASE - timedelta(microseconds=1)) == 0
    assert refresh(stay) == 1
    assert (kept(stay).refreshed_at, kept(stay).refresh_unsure) == (DUE + LEASE, False)


def test_a_lost_answer_signs_nobody_out_but_they_are_asked_for_no_more(stay):
    dies_between_the_answer_and_the_commit(stay)
    assert refresh(stay) == 1
    assert is_signed_in(stay)
    assert (kept(stay).refresh_at, kept(stay).refresh_token) == (None, None)
    assert told(stay, "access:session:unrefreshed") == ["refresh_token_lost"]
    assert refresh(stay, now=DUE + timedelta(minutes=30)) == 0


def test_a_refusal_after_a_lost_answer_that_was_made_up_for_ends_the_session(stay):
    stay.provider.told["token"] = Told(b"", status=503)
    assert refresh(stay) == 1
    assert kept(stay).refresh_unsure
    stay.provider.told = {}
    stay.set_clock(DUE + timedelta(minutes=1))
    assert refresh(stay) == 1
    stay.provider.good_refresh = set()
    stay.set_clock(DUE + timedelta(minutes=11))
    assert refresh(stay) == 1
    assert kept(stay).ended_because == "refused_refresh"


def test_one_asks_at_a_time_and_who_comes_back_too_late_changes_nothing(stay):
    database, tenant_id, seal = stay.running.database, stay.customer.tenant_id, stay.running.parts.seal
    with database.write(tenant_id) as session:
        [late] = hold_due(session, most=10, idle=IDLE, lease=LEASE, now=DUE)
    assert refresh(stay) == 0
    stay.set_clock(DUE + LEASE)
    assert refresh(stay) == 1
    before = kept(stay)
    with database.write(tenant_id) as session:
        assert keep_rotated(session, late, "late", seal=seal) is False
        assert note_refreshed(session, late, id_token="x", again_at=DUE, seal=seal, now=DUE) is False
        assert end_refused(session, late, because="late", cause=WORKER, now=DUE) is False
        assert ask_no_more(session, late, because="late", cause=WORKER, now=DUE) is False
    assert refresh_token(stay) == f"rt-{stay.provider.issuers}+"
    assert kept(stay).refresh_at == before.refresh_at


def test_a_session_that_ends_while_its_provider_is_asked_stays_ended(stay):
    database, tenant_id = stay.running.database, stay.customer.tenant_id
    with database.write(tenant_id) as session:
        [held] = hold_due(session, most=10, idle=IDLE, lease=LEASE, now=DUE)
    path = f"/sessions/{held.session_id}"
    assert stay.running.api(stay.customer, "DELETE", path).status_code == 204
    with database.write(tenant_id) as session:
        assert keep_rotated(session, held, "late", seal=stay.running.parts.seal) is False
    assert kept(stay).refresh_token is None


def test_a_provider_that_is_out_is_not_asked_for_each_session(alone):
    alone.provider.good_refresh, alone.provider.rotates = {"rt"}, False
    for _ in range(6):
        alone.sign_in()
    alone.set_clock(DUE)
    alone.provider.told["token"] = Told(b"", status=500)
    assert refresh(alone) == 6
    assert len(asked(alone)) == 3
    assert all(row.ended_at is None and row.refresh_at > DUE for row in sessions(alone))
    assert sum(row.refresh_unsure for row in sessions(alone)) == 3
    alone.provider.told = {}
    alone.set_clock(DUE + timedelta(minutes=1))
    assert refresh(alone) == 6
    assert {row.refreshed_at for row in sessions(alone)} == {alone.provider.now}


def test_a_refresh_token_is_shown_to_nobody_but_who_issued_it(stay):
    issuer = stay.provider.issuer
    stay.provider.issuers += 1_000_000
    stay.set_oidc()
    assert refresh(stay) == 1
    assert asked(stay) == []
    [row] = [each for each in stay.rows(Session) if each.provider_issuer == issuer]
    assert (row.refresh_at, row.refresh_token, row.ended_at) == (None, None, None)


def test_what_nobody_foresaw_keeps_no_other_session_from_being_asked_for(alone, capsys):
    alone.provider.good_refresh, alone.provider.rotates = {"rt"}, False
    alone.sign_in()
    broken = kept(alone).id
    alone.sign_in()
    no_text = alone.running.parts.seal.seal(b"\xff")
    with alone.running.database.write(alone.customer.tenant_id) as session:
        session.execute(update(Session).where(Session.id == broken).values(refresh_token=no_text))
    alone.set_clock(DUE)
    assert refresh(alone) == 2
    assert {row.id == broken: row.refreshed_at for row in sessions(alone)} == {True: None, False: DUE}
    assert all(row.ended_at is None for row in sessions(alone))
    assert "refresh.surprise" in capsys.readouterr().err


def test_a_token_that_was_sealed_with_a_key_that_is_gone_ends_no_session(stay):
    stranger = Seal(["x" * 32]).seal(b"rt")
    with stay.running.database.write(stay.customer.tenant_id) as session:
        session.execute(update(Session).where(Session.ended_at.is_(None)).values(refresh_token=stranger))
    assert refresh(stay) == 1
    assert (kept(stay).refresh_failures, kept(stay).refresh_unsure, is_signed_in(stay)) == (1, False, True)


CHOSEN = Settings(secret_key="k" * 32)


@given(st.none() | st.integers(0, 10**9))
def test_a_question_is_neither_too_soon_nor_too_late(expires_in):
    wait = until_refresh(expires_in, CHOSEN)
    assert timedelta(minutes=1) <= wait <= timedelta(hours=1)
    assert expires_in is None or expires_in < 60 or wait <= timedelta(seconds=expires_in)


@given(st.integers(0, 10**6))
def test_pauses_grow_up_to_the_longest(failures):
    assert until_retry(0, CHOSEN) <= until_retry(failures, CHOSEN) <= until_retry(failures + 1, CHOSEN)
    assert until_retry(failures, CHOSEN) <= timedelta(hours=1)
