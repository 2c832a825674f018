import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from bridge.access.tables import Session
from bridge.signin.back_channel import EVENT
from bridge.signin.tables import SpentToken
from tests.signin.conftest import NOW
from tests.signin.malicious import CLIENT
from tests.signin.signing import rsa, signed, symmetric
from tests.signin.stage import HOST

SECONDS = int(NOW.timestamp())


def claims(play, **changed):
    good = {
        "iss": play.provider.issuer, "aud": CLIENT, "iat": SECONDS, "exp": SECONDS + 120,
        "jti": f"out-{play.provider.issuers}", "sid": f"sid-{play.provider.issuers}", "events": {EVENT: {}},
    } | changed  # fmt: skip
    return {name: value for name, value in good.items() if value is not None}


def send(play, token):
    path = f"/login/{play.connection}/backchannel-logout"
    return play.browser.post(path, data={} if token is None else {"logout_token": token}, base_url=HOST)


def log_out(play, *, key=None, typ="logout+jwt", kid="one", **changed):
    return send(play, signed(claims(play, **changed), key, typ=typ, kid=kid))


def open_here(play):
    rows = [row for row in play.rows(Session) if row.provider_issuer == play.provider.issuer]
    return [row.ended_at is None for row in rows]


@pytest.mark.parametrize(
    "named",
    [{}, {"sub": "00u1", "sid": None}, {"sub": "00u1"}, {"aud": [CLIENT]}],
    ids=["session", "person", "both", "list"],
)
def test_the_session_that_the_provider_names_ends_at_once(play, named):
    play.sign_in()
    assert play.browser.get("/session/me", base_url=HOST).status_code == 200
    answer = log_out(play, **named)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert open_here(play) == [False]
    assert play.browser.get("/session/me", base_url=HOST).status_code == 401


@pytest.mark.parametrize("named", [{"sid": "another"}, {"sub": "00u2"}, {"sub": "00u2", "sid": None}])
def test_nobody_elses_session_ends(play, named):
    play.sign_in()
    assert log_out(play, **named).status_code == 200
    assert open_here(play) == [True]


REFUSED = {
    "the token is an ID token": ("wrong_type", {"typ": "JWT"}),
    "the token has no type": ("wrong_type", {"typ": None}),
    "the token is a security event": ("wrong_type", {"typ": "secevent+jwt"}),
    "the token has a nonce": ("has_nonce", {"nonce": "n"}),
    "the token has no event": ("no_logout_event", {"events": None}),
    "the token's events are a list": ("no_logout_event", {"events": [EVENT]}),
    "the token tells of another event": ("no_logout_event", {"events": {"other": {}}}),
    "the token's event is no object": ("no_logout_event", {"events": {EVENT: "yes"}}),
    "the token names nobody": ("names_nobody", {"sid": None}),
    "the token's subject is empty": ("bad_sub", {"sub": ""}),
    "the token's session is a list": ("bad_sid", {"sid": ["a"]}),
    "the token has no id": ("bad_jti", {"jti": None}),
    "the token is for another client": ("wrong_audience", {"aud": "other"}),
    "the token is for others as well": ("wrong_audience", {"aud": [CLIENT, "other"]}),
    "the token is another issuer's": ("wrong_issuer", {"iss": "https://evil.example"}),
    "the token has expired": ("expired_token", {"exp": SECONDS - 61}),
    "the token never expires": ("bad_exp", {"exp": None}),
    "the token has no time": ("bad_iat", {"iat": None}),
    "the token is old": ("old_token", {"iat": SECONDS - 661}),
    "the token is of the future": ("not_yet_valid", {"iat": SECONDS + 61}),
    "the token is signed by a stranger": ("bad_signature", {"key": rsa("stranger")}),
    "the token names an unknown key": ("unknown_key", {"kid": "nobody's"}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_ends_when(play, case, capsys):
    reason, changed = REFUSED[case]
    play.sign_in()
    answer = log_out(play, **changed)
    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_request"
    assert f'"reason":"{reason}"' in capsys.readouterr().err
    assert open_here(play) == [True]


@pytest.mark.parametrize("token", [None, "", "a.b.c", "x" * 100])
def test_what_is_no_token_is_refused(play, token):
    assert send(play, token).status_code == 400


def test_a_token_of_the_shared_secret_is_refused(play):
    play.sign_in()
    assert send(play, symmetric(claims(play), b"s3cret+/=", "HS256")).status_code == 400
    assert open_here(play) == [True]


def test_a_token_is_taken_once_until_it_is_too_old_for_that(play):
    play.sign_in()
    assert log_out(play).status_code == 200
    play.sign_in()
    assert log_out(play).status_code == 400
    assert sorted(open_here(play)) == [False, True]
    play.set_clock(NOW + timedelta(minutes=12))
    later = SECONDS + 720
    assert log_out(play, jti="later", iat=later, exp=later + 60, sid="x").status_code == 200
    assert len(play.rows(SpentToken)) == 1


def test_a_provider_that_fails_ends_nothing(play):
    token = signed(claims(play, iss="http://127.0.0.1:1"), typ="logout+jwt")
    play.set_oidc(issuer="http://127.0.0.1:1")
    assert send(play, token).status_code == 400


def test_an_unknown_connection_takes_no_token(play):
    answer = play.browser.post("/login/nobody/backchannel-logout", data={"logout_token": "a"}, base_url=HOST)
    assert answer.status_code == 404


def leave(play):
    page = play.browser.get("/logout", base_url=HOST).text
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    return play.browser.post("/logout", data={"token": token}, base_url=HOST)


@pytest.mark.parametrize("query", ["", "?tenant=1"])
def test_whoever_signs_out_here_signs_out_at_the_provider(play, query):
    play.provider.metadata = {"end_session_endpoint": f"{play.provider.issuer}/end{query}"}
    play.sign_in()
    answer = leave(play)
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["Location"])
    asked = dict(parse_qsl(parts.query))
    assert answer.headers["Location"].startswith(f"{play.provider.issuer}/end?")
    assert asked["client_id"] == CLIENT
    assert asked["post_logout_redirect_uri"] == f"{HOST}/logout"
    assert asked["id_token_hint"].count(".") == 2
    assert open_here(play) == [False]


def test_a_provider_without_a_logout_leaves_the_person_on_our_page(play):
    play.sign_in()
    assert leave(play).headers["Location"] == "/logout"
    assert open_here(play) == [False]


def test_a_provider_that_cannot_be_asked_any_more_keeps_nobody_signed_in(play):
    play.sign_in()
    play.set_oidc(issuer="http://127.0.0.1:1")
    assert leave(play).headers["Location"] == "/logout"
    assert open_here(play) == [False]
