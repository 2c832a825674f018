"""Sealing, digesting, the form of tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import Misconfigured
from bridge.tenants.secrets import Seal
from bridge.tenants.tokens import is_well_formed, new_token

OLD, NEW = "o" * 32, "n" * 32


@given(st.binary(max_size=200))
def test_what_was_sealed_is_opened_again(plain: bytes):
    sealed = Seal([NEW]).seal(plain)
    assert plain not in sealed or len(plain) < 8
    assert Seal([NEW]).open(sealed) == plain


def test_a_key_that_was_rotated_still_opens_and_finds():
    sealed, digest = Seal([OLD]).seal(b"client secret"), Seal([OLD]).digest("token")
    rotated = Seal([NEW, OLD])
    assert rotated.open(sealed) == b"client secret"
    assert digest in rotated.digests("token")
    assert rotated.digest("token") != digest


def test_what_an_old_key_sealed_is_renewed_under_the_newest():
    sealed = Seal([OLD]).seal(b"client secret")
    renewed = Seal([NEW, OLD]).renewed(sealed)
    assert renewed is not None
    assert Seal([NEW]).open(renewed) == b"client secret"
    assert Seal([NEW, OLD]).renewed(renewed) is None
    with pytest.raises(Misconfigured, match="BRIDGE_SECRET_KEY"):
        Seal([NEW]).renewed(sealed)


def test_a_key_that_was_taken_away_is_named_as_the_cause():
    sealed = Seal([OLD]).seal(b"client secret")
    with pytest.raises(Misconfigured, match="BRIDGE_SECRET_KEY"):
        Seal([NEW]).open(sealed)
    with pytest.raises(Misconfigured, match="BRIDGE_SECRET_KEY"):
        Seal([])


@pytest.mark.parametrize("kind", ["scim_token", "api_key"])
def test_a_token_is_known_by_its_form_and_by_its_kind_alone(kind: str):
    token = new_token(kind)
    other = {"scim_token": "api_key", "api_key": "scim_token"}[kind]
    assert is_well_formed(token, kind)
    assert not is_well_formed(token, other)
    assert not is_well_formed(token[:-1], kind)
    assert not is_well_formed(token[:20] + "!" + token[21:], kind)
    assert not is_well_formed("", kind)
    assert not is_well_formed("ü" * 40, kind)
    assert new_token(kind) != token
