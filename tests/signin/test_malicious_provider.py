"""Each case is one lie, or one theft; all are refused, and nobody is made or changed by it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from tests.signin.conftest import NOW
from tests.signin.lies import (
    answering,
    changed_after_signing,
    encrypted,
    headed,
    lying,
    returning,
    telling,
    unsigned,
    unsigned_and_cut,
    with_a_strangers_key,
    with_its_own_key,
    with_the_client_secret,
    with_the_public_key_as_a_secret,
    with_token,
)
from tests.signin.malicious import CLIENT, half_hash
from tests.signin.provider_double import Told
from tests.signin.signing import ec, public, rsa
from tests.signin.stage import Play

Case = tuple[str, Callable[[Play], TestResponse]]

SECONDS = int(NOW.timestamp())


def two_keys_of_one_id(play: Play) -> TestResponse:
    play.provider.keys = [public(rsa()), public(rsa("stranger"), kid="one")]
    return play.sign_in()


def a_withdrawn_key(play: Play) -> TestResponse:
    play.start()
    play.provider.keys = [public(ec())]
    play.set_clock(NOW + timedelta(hours=1))
    return play.sign_in()


def a_key_for_encryption(play: Play) -> TestResponse:
    play.provider.keys = [public(rsa(), use="enc")]
    return play.sign_in()


def no_keys(play: Play) -> TestResponse:
    play.provider.keys = []
    return play.sign_in()


def a_state_twice(play: Play) -> TestResponse:
    begun = play.start()
    play.back(state=begun["state"], error="access_denied")
    return play.back(state=begun["state"], code=play.provider.code(begun))


def a_code_twice(play: Play) -> TestResponse:
    one, two = play.start(), play.start()
    code = play.provider.code(one)
    play.provider.codes.pop(code)
    return play.back(state=two["state"], code=code)


def a_code_of_another_sign_in(play: Play) -> TestResponse:
    one, two = play.start(), play.start()
    return play.back(state=two["state"], code=play.provider.code(one))


def another_browser(play: Play) -> TestResponse:
    begun = play.start()
    play.browser = play.running.app.test_client()
    return play.back(state=begun["state"], code=play.provider.code(begun))


def a_cookie_of_another_sign_in(play: Play) -> TestResponse:
    begun, other = play.start(), play.running.app.test_client()
    mine = Play(play.running, play.customer, play.provider, other)
    names = [each.key for each in play.browser._cookies.values() if "sign_in" in each.key]
    mine.start()
    value = next(each.value for each in other._cookies.values() if "sign_in" in each.key)
    other.set_cookie(names[-1], value, domain="bridge.example", secure=True)
    return mine.back(state=begun["state"], code=play.provider.code(begun))


def too_late(play: Play) -> TestResponse:
    begun = play.start()
    play.set_clock(NOW + timedelta(minutes=10))
    return play.back(state=begun["state"], code=play.provider.code(begun))


def a_doubled(name: str) -> Callable[[Play], TestResponse]:
    def play_it(play: Play) -> TestResponse:
        begun = play.start()
        query = f"state={begun['state']}&code={play.provider.code(begun)}&{name}=a&{name}=b"
        return play.visit(f"/login/{play.connection}/callback?{query}")

    return play_it


def no_name_in_the_answer(play: Play) -> TestResponse:
    play.provider.metadata = {"authorization_response_iss_parameter_supported": True}
    return play.sign_in()


def another_subject_in_userinfo(play: Play) -> TestResponse:
    play.provider.userinfo = {"sub": "00u2"}
    return play.sign_in()


def no_subject_in_userinfo(play: Play) -> TestResponse:
    begun = play.start()
    play.provider.told = {"me": Told({"email": "ada@lindqvist.example"})}
    return play.back(state=begun["state"], code=play.provider.code(begun))


def preset(name: str, **changed: object) -> Callable[[Play], TestResponse]:
    def play_it(play: Play) -> TestResponse:
        play.set_oidc(preset=name, organisations=["lindqvist.example"])
        play.provider.claims = changed
        return play.sign_in()

    return play_it


def created_with(**profile: object) -> Callable[[Play], TestResponse]:
    """Let whoever is unknown be made, and have the provider vouch for somebody whose names are another's."""

    def play_it(play: Play) -> TestResponse:
        play.set_oidc(jit="create")
        play.provider.claims = {"sub": f"thief-{play.provider.issuers}"} | profile
        return play.sign_in()

    return play_it


def linked_already(play: Play) -> TestResponse:
    body = {"connection_id": play.connection, "subject": "somebody"}
    path = f"/people/{play.customer.ids['ada']}/identities"
    assert play.running.api(play.customer, "POST", path, body).status_code == 201
    return play.sign_in()


def deactivated_after_linking(play: Play) -> TestResponse:
    body = {"connection_id": play.connection, "subject": "bob-at-home"}
    path = f"/people/{play.customer.ids['bob']}/identities"
    assert play.running.api(play.customer, "POST", path, body).status_code == 201
    play.provider.claims = {"sub": "bob-at-home"}
    return play.sign_in()


def deleted_and_back_by_signing_in(play: Play) -> TestResponse:
    play.set_oidc(jit="create")
    play.provider.claims = {"sub": "00u4", "preferred_username": "eve2"}
    return play.sign_in()


CASES: dict[str, Case] = {
    "the token is for another client": ("wrong_audience", lying(aud="other")),
    "the token is for another client and names us as its party": (
        "wrong_audience",
        lying(aud="other", azp=CLIENT),
    ),
    "the token is for a list without us": ("wrong_audience", lying(aud=["a", "b"], azp=CLIENT)),
    "the token is for us and for others": ("wrong_audience", lying(aud=[CLIENT, "b"], azp=CLIENT)),
    "the token is for nobody": ("wrong_audience", lying(aud=None)),
    "the token is for an empty list": ("wrong_audience", lying(aud=[])),
    "the token was issued to another party": ("wrong_party", lying(azp="other")),
    "the token's party is a list": ("wrong_party", lying(azp=[CLIENT])),
    "the token's issuer is another": ("wrong_issuer", lying(iss="https://evil.example")),
    "the token's issuer is missing": ("wrong_issuer", lying(iss=None)),
    "the token has no subject": ("bad_sub", lying(sub=None)),
    "the token's subject is empty": ("bad_sub", lying(sub="")),
    "the token's subject is a number": ("bad_sub", lying(sub=7)),
    "the token's subject is too long": ("bad_sub", lying(sub="x" * 256)),
    "the token's subject holds a NUL": ("bad_sub", lying(sub="00u1\0")),
    "the token has no nonce": ("wrong_nonce", lying(nonce=None)),
    "the token's nonce is another": ("wrong_nonce", lying(nonce="another")),
    "the token's nonce is no text": ("wrong_nonce", lying(nonce=7)),
    "the token never expires": ("bad_exp", lying(exp=None)),
    "the token's expiry is no instant": ("bad_exp", lying(exp="tomorrow")),
    "the token has expired": ("expired_token", lying(exp=SECONDS - 61)),
    "the token expired within what a bare library allows": ("expired_token", lying(exp=SECONDS - 110)),
    "the token does not say when it was issued": ("bad_iat", lying(iat=None)),
    "the token is a year old": ("old_token", lying(iat=SECONDS - 365 * 86_400)),
    "the token was issued before it was asked for": ("old_token", lying(iat=SECONDS - 61)),
    "the token is of the future": ("not_yet_valid", lying(iat=SECONDS + 61)),
    "the token is not valid yet": ("not_yet_valid", lying(nbf=SECONDS + 61)),
    "the token belongs to another access token": ("wrong_at_hash", lying(at_hash=half_hash("at-2"))),
    "the token's hash is of another algorithm": ("wrong_at_hash", lying(at_hash=half_hash("at-1", "sha512"))),
    "the token's hash is no text": ("wrong_at_hash", lying(at_hash=7)),
    "the token's session is no identifier": ("bad_sid", lying(sid=["a"])),
    "the token is not signed": ("malformed_token", with_token(unsigned_and_cut)),
    "the token says that it is not signed": ("forbidden_algorithm", with_token(unsigned)),
    "the token is signed with the public key as a secret": (
        "forbidden_algorithm",
        with_token(with_the_public_key_as_a_secret),
    ),
    "the token is signed with the client's secret": (
        "forbidden_algorithm",
        with_token(with_the_client_secret),
    ),
    "the token brings its own key": ("forbidden_header", with_token(with_its_own_key)),
    "the token says where its key is": ("forbidden_header", headed(jku="https://evil.example/keys")),
    "the token says where its certificate is": ("forbidden_header", headed(x5u="https://evil.example/")),
    "the token brings its certificate": ("forbidden_header", headed(x5c=["MII="])),
    "the token makes a header critical": ("forbidden_header", headed(crit=["exp"], exp=1)),
    "the token is signed with a stranger's key": ("bad_signature", with_token(with_a_strangers_key)),
    "the token was changed after it was signed": ("bad_signature", with_token(changed_after_signing)),
    "the token is encrypted": ("malformed_token", with_token(encrypted)),
    "the token names an unknown key": ("unknown_key", headed(kid="nobody's")),
    "the token names no key": ("unknown_key", headed(kid=None)),
    "the token is an access token": ("wrong_type", headed(typ="at+jwt")),
    "the token is a logout token": ("wrong_type", headed(typ="logout+jwt")),
    "the token is a security event": ("wrong_type", headed(typ="secevent+jwt")),
    "two keys have one id": ("doubled_key", two_keys_of_one_id),
    "the key was withdrawn": ("unknown_key", a_withdrawn_key),
    "the key is for encryption": ("unknown_key", a_key_for_encryption),
    "there is no key": ("unknown_key", no_keys),
    "the answer has no ID token": ("no_id_token", answering(id_token=None)),
    "the answer's ID token is no text": ("no_id_token", answering(id_token=["a"])),
    "the answer has no access token": ("no_access_token", answering(access_token=None)),
    "the answer's access token would break a header": (
        "no_access_token",
        answering(access_token="a\r\nX: y"),
    ),
    "the answer's access token is of another type": ("no_access_token", answering(token_type="mac")),
    "the answer is an error with a token": ("provider_answer", answering(error="server_error")),
    "the answer's lifetime is a list": ("provider_answer", answering(expires_in=[1])),
    "the token endpoint answers with no object": ("provider_status", telling("token", Told([]))),
    "the token endpoint fails": ("provider_status", telling("token", Told({}, 503))),
    "the token endpoint redirects": (
        "provider_redirects",
        telling("token", Told({}, 307, {"Location": "/x"})),
    ),
    "the token endpoint answers too much": ("provider_answer", telling("token", Told(b" " * 1_100_000))),
    "the client is refused": ("refused_client", telling("token", Told({"error": "invalid_client"}, 401))),
    "the code was used before": ("refused_code", a_code_twice),
    "the code is of another sign-in": ("refused_code", a_code_of_another_sign_in),
    "the code is made up": ("refused_code", returning(code="made-up")),
    "there is no code": ("no_code", returning(code=None)),
    "the code is empty": ("no_code", returning(code="")),
    "the code is endless": ("no_code", returning(code="x" * 4097)),
    "there is no state": ("unknown_state", returning(state=None)),
    "the state is made up": ("unknown_state", returning(state="made-up")),
    "the state was used before": ("unknown_state", a_state_twice),
    "the state is too old": ("expired_state", too_late),
    "another browser returns": ("other_browser", another_browser),
    "a browser returns with the cookie of another sign-in": ("other_browser", a_cookie_of_another_sign_in),
    "the state is given twice": ("doubled_parameter", a_doubled("state")),
    "the code is given twice": ("doubled_parameter", a_doubled("code")),
    "the answer names another issuer": ("wrong_answer_issuer", returning(iss="https://evil.example")),
    "the answer does not name its issuer although it must": ("wrong_answer_issuer", no_name_in_the_answer),
    "the provider says that the person refused": (
        "provider_said_access_denied",
        returning(error="access_denied", code=None),
    ),
    "the provider says something nobody knows": (
        "provider_said_other",
        returning(error="<script>", code=None),
    ),
    "the userinfo is about somebody else": ("other_userinfo", another_subject_in_userinfo),
    "the userinfo does not say whom it is about": ("other_userinfo", no_subject_in_userinfo),
    "the userinfo fails": ("provider_status", telling("me", Told({}, 500))),
    "the userinfo is no object": ("provider_answer", telling("me", Told([]))),
    "somebody of no organisation signs in at Google": ("other_organisation", preset("google")),
    "somebody of another organisation signs in at Google": (
        "other_organisation",
        preset("google", hd="evil.example"),
    ),
    "nobody here is known by this account": ("unknown_person", lying(sub="stranger")),
    "the stranger's e-mail address is somebody's": (
        "unknown_person",
        lying(sub="stranger", email="ada@lindqvist.example", email_verified=True),
    ),
    "the stranger's name is somebody's": (
        "unknown_person",
        lying(sub="stranger", preferred_username="ada@lindqvist.example"),
    ),
    "the stranger's subject is somebody's name": ("unknown_person", lying(sub="ada@lindqvist.example")),
    "the stranger's external id is in other letters": ("unknown_person", lying(sub="00U1")),
    "a newcomer's name is somebody's": (
        "name_taken",
        created_with(preferred_username="ada@lindqvist.example"),
    ),
    "a newcomer's name is somebody's in other letters": (
        "name_taken",
        created_with(preferred_username="ADA@Lindqvist.Example"),
    ),
    "a newcomer's address is somebody's name": ("name_taken", created_with(email="ada@lindqvist.example")),
    "a newcomer's name is that of somebody who was deactivated": (
        "name_taken",
        created_with(preferred_username="bob@lindqvist.example"),
    ),
    "somebody who was deleted comes back by signing in": ("person_deleted", deleted_and_back_by_signing_in),
    "a newcomer's name cannot be stored": ("bad_profile", created_with(preferred_username="x" * 10_000)),
    "a newcomer's name is too long to be one": ("bad_profile", created_with(preferred_username="x" * 4000)),
    "somebody was deactivated": ("person_inactive", lying(sub="00u3")),
    "somebody was deactivated after they were linked": ("person_inactive", deactivated_after_linking),
    "the person is linked to another account": ("linked_otherwise", linked_already),
}


def test_there_are_more_than_sixty_ways_to_lie():
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES)
def test_is_refused_when(play: Play, case: str, capsys: pytest.CaptureFixture[str]):
    reason, play_it = CASES[case]
    known_before = play.known()
    capsys.readouterr()
    answer = play_it(play)
    assert answer.status_code == (
        502 if reason.startswith("provider_") and "said" not in reason else 403
    ) or (reason == "refused_client" and answer.status_code == 502)
    page = answer.text
    reference = re.search(r"Reference: <code>([^<]+)</code>", page)[1]
    assert reference == answer.headers["X-Request-Id"]
    assert "administrator" in page or "from the beginning" in page
    assert "<script" not in page
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not [each for each in answer.headers.getlist("Set-Cookie") if "session" in each]
    [row] = [each for each in play.refused() if each["id"] == reference]
    assert row["reason"] == reason
    lines = [line for line in capsys.readouterr().err.splitlines() if "signin.refused" in line]
    assert [line for line in lines if reference in line and f'"reason":"{reason}"' in line]
    assert not re.search(r"lindqvist|00u|at-1|s3cret|eyJ", "".join(lines))
    after = play.known()
    linked_by_hand = case in {
        "the person is linked to another account",
        "somebody was deactivated after they were linked",
    }
    if linked_by_hand:
        known_before.pop("identities"), after.pop("identities")
    assert after == known_before
