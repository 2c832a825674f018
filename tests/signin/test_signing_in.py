from datetime import timedelta

import pytest

from bridge.access.tables import Session
from bridge.directory.tables import Person
from bridge.journal.tables import JournalEntry
from bridge.signin.tables import Identity, SignInAttempt
from bridge.usage.tables import SignIn
from bridge.web.cookies import SESSION
from tests.signin.conftest import NOW
from tests.signin.malicious import CLIENT, half_hash
from tests.signin.signing import ec, ed, public


def test_whoever_was_provisioned_signs_in_and_arrives_where_they_wanted(play):
    begun = play.start("?return_to=/admin%3Fa=b")
    assert begun["response_type"] == "code"
    assert begun["code_challenge_method"] == "S256"
    assert begun["client_id"] == CLIENT
    assert begun["scope"] == "openid profile email"
    assert begun["redirect_uri"] == f"https://bridge.example/login/{play.connection}/callback"
    answer = play.back(state=begun["state"], code=play.provider.code(begun))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin?a=b")
    cookies = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{SESSION}=")]
    assert "Secure" in cookies[0]
    assert "HttpOnly" in cookies[0]
    assert "SameSite=Lax" in cookies[0]
    assert answer.headers["Cache-Control"] == "no-store"
    [opened] = [row for row in play.rows(Session) if row.provider_issuer == play.provider.issuer]
    assert opened.person_id == play.customer.ids["ada"]
    assert opened.provider_session == f"sid-{play.provider.issuers}"


def test_the_identity_is_linked_once_and_each_sign_in_is_counted_once(play):
    assert play.sign_in().status_code == 303
    assert play.sign_in().status_code == 303
    [identity] = [row for row in play.rows(Identity) if row.issuer == play.provider.issuer]
    assert (identity.person_id, identity.linked_by) == (play.customer.ids["ada"], "external_id")
    sessions = [row for row in play.rows(Session) if row.provider_issuer == play.provider.issuer]
    assert len(sessions) == 2


def test_a_providers_session_is_one_sign_in_and_another_one_another(play):
    before = len(play.rows(SignIn))
    play.sign_in()
    play.sign_in()
    assert len(play.rows(SignIn)) == before + 1
    play.provider.claims = {"sid": None, "jti": "t-1"}
    play.sign_in()
    play.sign_in()
    assert len(play.rows(SignIn)) == before + 2
    play.provider.claims = {"sid": None}
    play.sign_in()
    play.sign_in()
    assert len(play.rows(SignIn)) == before + 4


@pytest.mark.parametrize(("alg", "key", "hash_"), [("ES256", ec(), "sha256"), ("EdDSA", ed(), "sha512")])
def test_other_keys_and_a_hash_of_the_access_token_are_understood(play, alg, key, hash_):
    play.provider.keys = [public(key)]
    play.provider.key, play.provider.alg = key, alg
    play.provider.claims = {"at_hash": half_hash("at-1", hash_), "azp": CLIENT, "aud": [CLIENT]}
    assert play.sign_in().status_code == 303


def test_a_provider_may_name_itself_in_its_answer(play):
    play.provider.metadata = {"authorization_response_iss_parameter_supported": True}
    assert play.sign_in(iss=play.provider.issuer).status_code == 303


def test_whoever_returns_in_the_last_second_is_in_time(play):
    begun = play.start()
    play.set_clock(NOW + timedelta(minutes=9, seconds=59))
    assert play.back(state=begun["state"], code=play.provider.code(begun)).status_code == 303


def test_two_tabs_do_not_take_each_others_sign_in(play):
    one, two = play.start(), play.start()
    for begun in (one, two):
        assert play.back(state=begun["state"], code=play.provider.code(begun)).status_code == 303


def test_those_who_never_return_are_forgotten(play):
    play.start()
    play.set_clock(NOW + timedelta(minutes=10))
    play.start()
    assert len(play.rows(SignInAttempt)) == 1


@pytest.mark.parametrize("proof", ["client_secret_basic", "client_secret_post"])
def test_the_secret_is_shown_as_the_provider_asks(play, proof):
    play.provider.metadata = {"token_endpoint_auth_methods_supported": [proof]}
    assert play.sign_in().status_code == 303
    [asked] = [each for each in play.provider.site.asked if each.path == f"/{play.provider.issuers}/token"]
    if proof == "client_secret_post":
        assert asked.form["client_secret"] == "s3cret+/="
        assert "Authorization" not in asked.headers
    else:
        assert asked.headers["Authorization"].startswith("Basic ")
        assert "client_secret" not in asked.form


def test_a_public_client_shows_none(play):
    play.set_oidc(client_secret=None, public_client=True)
    assert play.sign_in().status_code == 303
    asked = play.provider.site.asked[-2]
    assert asked.form["client_id"] == CLIENT
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize(("key", "alg"), [("rsa", "RS256"), ("ec", "ES256")])
def test_a_private_key_signs_instead_of_a_secret(play, key, alg):
    from tests.signin import signing  # noqa: PLC0415 - by name

    pem = getattr(signing, key)().as_pem(private=True).decode()
    play.set_oidc(client_secret=None, private_key=pem)
    assert play.sign_in().status_code == 303
    [asked] = [each for each in play.provider.site.asked if each.path == f"/{play.provider.issuers}/token"]
    header = signing.decoded_header(asked.form["client_assertion"])
    assert header["alg"] == alg


def test_just_in_time_people_are_made_marked_and_in_the_list_for_the_provider_to_take_over(play):
    play.set_oidc(jit="create")
    play.provider.claims = {"sub": f"new-{play.provider.issuers}", "email": "ada@lindqvist.example"}
    play.provider.userinfo = {"preferred_username": f"kim-{play.provider.issuers}", "given_name": "Kim"}
    assert play.sign_in().status_code == 303
    name = f"kim-{play.provider.issuers}"
    answer = play.running.scim(play.customer, "GET", f'/Users?filter=userName eq "{name}"')
    [found] = answer.json["Resources"]
    assert found["userType"] == "just-in-time"
    assert found["externalId"] == f"new-{play.provider.issuers}"
    assert found["id"] != play.customer.ids["ada"]
    assert play.sign_in().status_code == 303
    [row] = [row for row in play.rows(Identity) if row.person_id == found["id"]]
    assert row.linked_by == "created"
    assert play.rows(JournalEntry)


def test_an_administrator_links_and_unlinks(play):
    play.provider.claims = {"sub": "stranger"}
    assert play.sign_in().status_code == 403
    path = f"/people/{play.customer.ids['grace']}/identities"
    body = {"connection_id": play.connection, "subject": "stranger"}
    for _ in range(2):
        assert play.running.api(play.customer, "POST", path, body).status_code == 201
    assert play.sign_in().status_code == 303
    other = f"/people/{play.customer.ids['ada']}/identities"
    assert play.running.api(play.customer, "POST", other, body).status_code == 409
    assert play.running.api(play.customer, "DELETE", path).status_code == 204
    assert play.running.api(play.customer, "GET", path).json == {"items": []}
    assert play.sign_in().status_code == 403


@pytest.mark.parametrize(("path", "body", "status"), [
    ("ada", {"subject": ""}, 422), ("ada", {"subject": "a\nb"}, 422), ("ada", {"subject": "x" * 256}, 422),
    ("eve", {"subject": "x"}, 404), ("nobody", {"subject": "x"}, 404),
])  # fmt: skip
def test_what_is_no_subject_or_nobody_of_the_connection_is_not_linked(play, path, body, status):
    person_id = play.customer.ids.get(path, path)
    whole = {"connection_id": play.connection, **body}
    answer = play.running.api(play.customer, "POST", f"/people/{person_id}/identities", whole)
    assert answer.status_code == status


def test_the_subject_is_kept_for_the_administrator_only_where_the_policy_is_to_link(play):
    play.provider.claims = {"sub": f"unknown-{play.provider.issuers}"}
    play.sign_in()
    assert {each["subject"] for each in play.refused()} == {None}
    play.set_oidc(jit="link-only")
    play.sign_in()
    assert f"unknown-{play.provider.issuers}" in {each["subject"] for each in play.refused()}


def test_a_persons_own_name_decides_nothing_when_the_external_id_is_theirs(play):
    play.provider.claims = {"sub": "00u2", "email": "ada@lindqvist.example", "email_verified": True}
    play.sign_in()
    [opened] = [row for row in play.rows(Session) if row.provider_issuer == play.provider.issuer]
    assert opened.person_id == play.customer.ids["grace"]
    names = {row.id: row.user_name for row in play.rows(Person)}
    assert names[play.customer.ids["grace"]] == "grace@lindqvist.example"


def entra(play, **claims):
    play.provider.entra = True
    play.set_oidc(preset="entra")
    tid = play.provider.path.partition("/")[0]
    play.provider.claims = {"sub": f"pairwise-{play.provider.issuers}", "oid": "00u1", "tid": tid} | claims
    return play.sign_in()


def test_people_of_entra_are_known_by_their_object_id(play):
    assert entra(play).status_code == 303
    [row] = [row for row in play.rows(Identity) if row.issuer == play.provider.issuer]
    assert (row.subject, row.person_id) == (f"pairwise-{play.provider.issuers}", play.customer.ids["ada"])


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"tid": "11111111-2222-3333-4444-999999999999"}, "other_organisation"),
        ({"tid": None}, "other_organisation"),
        ({"oid": None}, "bad_oid"),
        ({"oid": "", "sub": "00u1"}, "bad_oid"),
        ({"oid": "somebody", "sub": "00u1"}, "unknown_person"),
    ],
)
def test_people_of_another_directory_or_without_an_object_id_are_refused(play, claims, reason):
    before = play.known()
    answer = entra(play, **claims)
    assert answer.status_code == 403
    assert [row["reason"] for row in play.refused() if row["id"] == answer.headers["X-Request-Id"]] == [
        reason
    ]
    assert play.known() == before


def test_somebody_of_the_right_organisation_signs_in_at_google(play):
    play.set_oidc(preset="google", organisations=["Lindqvist.example"])
    play.provider.claims = {"hd": "lindqvist.example"}
    assert play.sign_in().status_code == 303


def test_whoever_is_deactivated_is_signed_out_at_once(play):
    assert play.sign_in().status_code == 303
    ada = play.customer.ids["ada"]
    for active in (False, True):
        change = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "active", "value": active}],
        }
        assert play.running.scim(play.customer, "PATCH", f"/Users/{ada}", change).status_code == 200
        assert not [row for row in play.rows(Session) if row.person_id == ada and row.ended_at is None]
        assert play.sign_in().status_code == (303 if active else 403)
