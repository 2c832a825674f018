from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import Untrusted
from bridge.signin.key_sets import read_keys
from bridge.signin.signed_tokens import Expected, TokenLimits, instant_claim, text_claim, verified
from tests.signin.signing import (
    AUDIENCE,
    ISSUER,
    NOW,
    claims,
    ec,
    ed,
    encoded,
    joined,
    public,
    rsa,
    signed,
    symmetric,
)

EXPECTED = Expected(ISSUER, AUDIENCE, types=("jwt", ""))
LIMITS = TokenLimits(most_bytes=65_536, leeway=timedelta(seconds=60))


def keys_of(*published):
    keys = read_keys({"keys": list(published)}, most=100)

    def find(key_id):
        if key_id in keys.doubled:
            raise Untrusted("doubled_key", "")
        if key_id not in keys.keys:
            raise Untrusted("unknown_key", "")
        return keys.keys[key_id]

    return find


FIND = keys_of(public(rsa()), public(ec()), public(ed()))


def read(token, *, expected=EXPECTED, find=FIND, now=NOW):
    return verified(token, find, expected, LIMITS, now=now)


def refusal(token, **given_):
    with pytest.raises(Untrusted) as refused:
        read(token, **given_)
    return refused.value.reason


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [(name, rsa()) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")]
    + [("ES256", ec()), ("EdDSA", ed()), ("Ed25519", ed())],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_good_token_of_each_allowed_algorithm_is_believed(algorithm, key):
    found = read(signed(claims(), key, alg=algorithm))
    assert (found.algorithm, found.claims["sub"]) == (algorithm, "00u1")


def test_headers_that_nobody_here_knows_are_passed_over():
    assert read(signed(claims(), x5t="abc", ver="1")).claims["sub"] == "00u1"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "RS256", "jwk": public(rsa("other"))}, "forbidden_header"),
        ({"jku": "https://evil.example/keys"}, "forbidden_header"),
        ({"x5u": "https://evil.example/cert"}, "forbidden_header"),
        ({"x5c": ["MII="]}, "forbidden_header"),
        ({"crit": ["exp"], "exp": 1}, "forbidden_header"),
        ({"b64": True}, "forbidden_header"),
        ({"zip": "DEF"}, "forbidden_header"),
        ({"typ": "at+jwt"}, "wrong_type"),
        ({"typ": "logout+jwt"}, "wrong_type"),
        ({"typ": 7}, "wrong_type"),
        ({"kid": "nobody's"}, "unknown_key"),
        ({"kid": None}, "unknown_key"),
        ({"kid": ""}, "unknown_key"),
        ({"kid": 7}, "unknown_key"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else each,
)
def test_a_header_that_asks_for_anything_unusual_is_refused(header, reason):
    assert refusal(signed(claims(), **header)) == reason


def test_a_type_counts_in_any_case_and_with_its_long_name():
    assert read(signed(claims(), typ="application/JWT")).claims
    assert read(signed(claims(), typ=None)).claims


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "nOnE", "", None, 7, ["RS256"], "HS256", "RS1", "ES256K"]
)
def test_no_other_algorithm_is_taken_whatever_the_signature(algorithm):
    assert refusal(joined({"alg": algorithm, "kid": "one"}, claims(), b"x")) == "forbidden_algorithm"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_token_that_takes_the_public_key_for_a_shared_secret_is_refused(algorithm):
    secret = rsa().as_pem(private=False)
    assert refusal(symmetric(claims(), secret, algorithm)) == "forbidden_algorithm"


@pytest.mark.parametrize(("algorithm", "key_id"), [("RS256", "curve"), ("ES256", "one"), ("EdDSA", "curve")])
def test_a_key_of_another_kind_than_the_algorithm_verifies_nothing(algorithm, key_id):
    key = {"RS256": rsa(), "ES256": ec(), "EdDSA": ed()}[algorithm]
    assert refusal(signed(claims(), key, alg=algorithm, kid=key_id)) == "bad_signature"


def test_a_key_that_is_published_for_one_algorithm_verifies_no_other():
    find = keys_of(public(rsa(), alg="PS256"))
    assert refusal(signed(claims()), find=find) == "bad_signature"
    assert read(signed(claims(), alg="PS256"), find=find).claims


def test_a_token_of_another_key_under_a_known_id_is_refused():
    assert refusal(signed(claims(), rsa("stranger"), kid="one")) == "bad_signature"


def test_two_keys_of_one_id_verify_nothing():
    find = keys_of(public(rsa()), public(rsa("stranger"), kid="one"))
    assert refusal(signed(claims()), find=find) == "doubled_key"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "é.b.c",
        "eyJ.e30.x",
        "e30=.e30.AA",
        " e30.e30.AA",
        "e30.e30.",
        "bnVsbA.e30.AA",
        "W10.e30.AA",
    ],
)
def test_what_is_no_token_is_told_to_be_none(token):
    assert refusal(token) in {"malformed_token", "forbidden_algorithm"}


def test_a_token_in_a_second_encoding_of_the_same_bytes_is_refused():
    token = signed(claims())
    assert token[-1] in "AQgw"
    other = chr(ord(token[-1]) + 1)
    assert refusal(token[:-1] + other) == "malformed_token"


def test_claims_that_are_no_object_are_refused():
    assert refusal(signed(["iss", ISSUER])) == "malformed_token"
    assert refusal(signed("iss")) == "malformed_token"


def test_a_token_may_be_as_long_as_the_limit_and_no_longer():
    token = signed(claims())
    fitting = TokenLimits(len(token), timedelta(0))
    assert verified(token, FIND, EXPECTED, fitting, now=NOW)
    with pytest.raises(Untrusted):
        verified(token, FIND, EXPECTED, TokenLimits(len(token) - 1, timedelta(0)), now=NOW)


@pytest.mark.parametrize("issuer", ["https://evil.example", ISSUER + "/", ISSUER.upper(), None, 7, [ISSUER]])
def test_only_the_configured_issuer_letter_by_letter_is_believed(issuer):
    assert refusal(signed(claims(iss=issuer))) == "wrong_issuer"


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "client-2"},
        {"aud": None},
        {"aud": []},
        {"aud": ["client-2"]},
        {"aud": {AUDIENCE: 1}},
        {"aud": 7},
        {"aud": "client-2", "azp": AUDIENCE},
        {"aud": ["client-2"], "azp": AUDIENCE},
    ],
)
def test_a_token_for_somebody_else_is_refused_whoever_it_was_handed_to(changed):
    assert refusal(signed(claims(**changed))) == "wrong_audience"


def test_others_may_be_addressed_only_where_that_is_usual():
    both = signed(claims(aud=[AUDIENCE, "client-2"]))
    assert read(both).claims
    alone = Expected(ISSUER, AUDIENCE, types=("jwt",), sole_audience=True)
    assert refusal(both, expected=alone) == "wrong_audience"
    assert read(signed(claims(aud=[AUDIENCE])), expected=alone).claims


def seconds(count):
    return int(NOW.timestamp()) + count


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iat": None}, "bad_iat"),
        ({"iat": "now"}, "bad_iat"),
        ({"iat": True}, "bad_iat"),
        ({"iat": 1e300}, "bad_iat"),
        ({"iat": seconds(61)}, "not_yet_valid"),
        ({"nbf": seconds(61)}, "not_yet_valid"),
        ({"nbf": "x"}, "bad_nbf"),
        ({"exp": None}, "bad_exp"),
        ({"exp": "later"}, "bad_exp"),
        ({"exp": seconds(-60)}, "expired_token"),
        ({"exp": seconds(-3600)}, "expired_token"),
        ({"exp": 0}, "expired_token"),
    ],
)
def test_a_token_counts_only_within_its_time(changed, reason):
    assert refusal(signed(claims(**changed))) == reason


@pytest.mark.parametrize("changed", [{"iat": seconds(60)}, {"nbf": seconds(60)}, {"exp": seconds(-59)}])
def test_clocks_may_be_a_minute_apart(changed):
    assert read(signed(claims(**changed))).claims


def test_what_is_old_is_refused_where_its_age_matters():
    fresh = Expected(ISSUER, AUDIENCE, types=("jwt",), issued_since=NOW)
    assert read(signed(claims(iat=seconds(-60))), expected=fresh).claims
    assert refusal(signed(claims(iat=seconds(-61))), expected=fresh) == "old_token"
    assert refusal(signed(claims(iat=seconds(-365 * 86_400))), expected=fresh) == "old_token"


def test_a_token_that_need_not_expire_may_still_have_expired():
    lasting = Expected(ISSUER, AUDIENCE, types=("jwt",), must_expire=False)
    assert read(signed(claims(exp=None)), expected=lasting).claims
    assert refusal(signed(claims(exp=seconds(-60))), expected=lasting) == "expired_token"


@pytest.mark.parametrize("subject", [None, "", 7, "a\0b", "a\nb", "x" * 256, ["00u1"]])
def test_a_subject_that_is_no_identifier_is_refused(subject):
    with pytest.raises(Untrusted) as refused:
        text_claim(claims(sub=subject), "sub")
    assert refused.value.reason == "bad_sub"


def test_a_subject_has_up_to_255_characters():
    assert text_claim({"sub": "x" * 255}, "sub") == "x" * 255


def test_an_instant_may_have_a_fraction():
    assert instant_claim({"iat": NOW.timestamp() + 0.5}, "iat") == NOW + timedelta(seconds=0.5)
    assert instant_claim({}, "iat") is None


@given(st.data())
def test_no_token_with_a_changed_byte_is_believed(data):
    token = signed(claims())
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABCabc019-_.=").filter(lambda each: each != token[place]))
    assert refusal(token[:place] + other + token[place + 1 :])


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_bytes_at_all_bring_anything_but_a_refusal(header, payload):
    assert refusal(f"{encoded(header)}.{encoded(payload)}.{encoded(b'x')}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "jwk", "x"]), JSON))
def test_no_header_at_all_brings_anything_but_a_refusal(header):
    assert refusal(f"{encoded(orjson.dumps(header))}.{encoded(orjson.dumps(claims()))}.{encoded(b'x')}")
