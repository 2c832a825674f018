"""What a provider says of a session that is asked for again, believed or not (OpenID Connect Core 12.2)."""

from datetime import timedelta

import pytest

from tests.signin.malicious import CLIENT, half_hash
from tests.signin.provider_double import Told
from tests.signin.signing import rsa
from tests.signin.stay import (
    DUE,
    SECONDS,
    is_signed_in,
    kept,
    refresh,
    refresh_token,
)

REFUSED = {
    "somebody else": ("other_subject", {"sub": "00u2"}),
    "nobody": ("bad_sub", {"sub": None}),
    "another issuer": ("wrong_issuer", {"iss": "https://evil.example"}),
    "another client": ("wrong_audience", {"aud": "other"}),
    "others as well": ("wrong_audience", {"aud": [CLIENT, "other"]}),
    "another nonce": ("wrong_nonce", {"nonce": "stolen"}),
    "a party that was not there": ("wrong_party", {"azp": CLIENT}),
    "a later sign-in": ("wrong_auth_time", {"auth_time": SECONDS + 300}),
    "no time": ("bad_iat", {"iat": None}),
    "an earlier time": ("old_token", {"iat": SECONDS + 600 - 61}),
    "another access token": ("wrong_at_hash", {"at_hash": half_hash("other")}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refreshed_token_ends_the_session_if_it_tells_of(stay, case):
    reason, stay.provider.refreshed = REFUSED[case]
    assert refresh(stay) == 1
    assert (kept(stay).ended_because, is_signed_in(stay)) == (reason, False)


@pytest.mark.parametrize(
    "claims",
    [{"azp": CLIENT}, {"auth_time": SECONDS - 3600}, {"at_hash": None}, {"nonce": None}],
    ids=["party", "time", "hash", "nonce"],
)
def test_a_refreshed_token_that_agrees_with_the_first_is_good(alone, claims):
    alone.provider.claims, alone.provider.good_refresh = {**claims, "nonce": "n"}, {"rt"}
    begun = alone.start()
    alone.provider.claims["nonce"] = begun["nonce"]
    alone.back(state=begun["state"], code=alone.provider.code(begun))
    alone.set_clock(DUE)
    if "nonce" in claims:
        del alone.provider.claims["nonce"]
    alone.provider.refreshed = {"at_hash": half_hash("at-2")} if "at_hash" in claims else {}
    assert refresh(alone) == 1
    assert kept(alone).refreshed_at == DUE
    changed = {"azp": "other", "auth_time": SECONDS - 3599, "at_hash": half_hash("at-1"), "nonce": "other"}
    [name] = claims
    alone.provider.refreshed = {name: changed[name]}
    alone.set_clock(DUE + timedelta(minutes=10))
    assert refresh(alone) == 1
    assert kept(alone).ended_at == alone.provider.now


@pytest.mark.parametrize("case", ["unknown key", "early", "expired", "userinfo"])
def test_what_passes_keeps_the_session_and_the_token_that_came(stay, case):
    if case == "unknown key":
        stay.provider.header = {"kid": "new"}
    elif case == "userinfo":
        stay.provider.told["me"] = Told(b"", status=500)
    else:
        ahead = 700 if case == "early" else -300
        stay.provider.refreshed = {"iat": SECONDS + ahead + 600, "exp": SECONDS + ahead + 800}
        if case == "expired":
            stay.provider.refreshed["iat"] = SECONDS + 600
    assert refresh(stay) == 1
    assert is_signed_in(stay)
    assert refresh_token(stay).endswith("+")
    assert kept(stay).refresh_failures == 1
    stay.provider.header, stay.provider.refreshed, stay.provider.told = {}, {}, {}
    stay.set_clock(DUE + timedelta(minutes=1))
    assert refresh(stay) == 1
    assert kept(stay).refreshed_at == stay.provider.now


def test_userinfo_about_somebody_else_ends_the_session(stay):
    stay.provider.userinfo = {"sub": "00u2"}
    stay.provider.answer = {"id_token": None}
    assert refresh(stay) == 1
    assert kept(stay).ended_because == "other_userinfo"


def test_an_answer_without_an_id_token_or_an_access_token_is_one(stay):
    stay.provider.answer = {"id_token": None, "access_token": None}
    assert refresh(stay) == 1
    assert kept(stay).refreshed_at == DUE


def test_a_key_that_signs_is_enough_to_be_believed_again(stay):
    stay.provider.key = rsa("new")
    stay.provider.header = {"kid": "new"}
    stay.provider.keys = [stay.provider.keys[0], rsa("new").as_dict(private=False)]
    stay.set_clock(DUE + timedelta(minutes=1))
    assert refresh(stay) == 1
    assert kept(stay).refreshed_at == stay.provider.now
