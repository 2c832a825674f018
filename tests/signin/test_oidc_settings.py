import pytest

from bridge.database.sessions import Database
from bridge.signin.forget import forget_identities
from bridge.signin.oidc_settings import import_private_key
from bridge.signin.tables import Identity, OidcSetting, RefusedSignIn
from tests.signin.malicious import CLIENT, SECRET
from tests.signin.signing import ec, ed, rsa

ENTRA = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"


def put(play, **changed):
    good = {"issuer": "https://idp.example", "client_id": CLIENT, "client_secret": SECRET}
    body = {name: value for name, value in (good | changed).items() if value is not ...}
    return play.running.api(play.customer, "PUT", f"/connections/{play.connection}/oidc", body)


def test_settings_are_shown_without_their_secret(play):
    answer = put(play, jit="link-only", scopes=["openid", "groups"])
    shown = play.running.api(play.customer, "GET", f"/connections/{play.connection}/oidc")
    assert shown.json == answer.json
    assert shown.json["proof"] == "secret"
    assert shown.json["preset"] == "okta"
    assert shown.json["redirect_uri"].endswith(f"/login/{play.connection}/callback")
    assert SECRET not in shown.text
    [row] = play.rows(OidcSetting)
    assert SECRET.encode() not in row.sealed


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"issuer": "ftp://idp.example"}, "/issuer"),
        ({"issuer": "https://idp.example?a"}, "/issuer"),
        ({"issuer": "https://idp.example/#a"}, "/issuer"),
        ({"issuer": ""}, "/issuer"),
        ({"issuer": f"https://idp.example/{'x' * 500}"}, "/issuer"),
        ({"preset": "entra", "issuer": "https://login.microsoftonline.com/common/v2.0"}, "/issuer"),
        ({"preset": "entra", "issuer": f"{ENTRA}/"}, "/issuer"),
        ({"preset": "google"}, "/organisations"),
        ({"preset": "acme"}, "/preset"),
        ({"jit": "always"}, "/jit"),
        ({"client_id": ""}, "/client_id"),
        ({"client_id": "a\nb"}, "/client_id"),
        ({"client_id": "x" * 501}, "/client_id"),
        ({"scopes": ["profile"]}, "/scopes"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["openid", "a b"]}, "/scopes"),
        ({"scopes": ["openid"] * 51}, "/scopes"),
        ({"organisations": ["a b"]}, "/organisations"),
        ({"client_secret": ""}, "/client_secret"),
        ({"client_secret": "a\nb"}, "/client_secret"),
        ({"private_key": "PEM"}, "/client_secret"),
        ({"client_secret": ..., "private_key": "PEM"}, "/private_key"),
        ({"client_secret": "a", "public_client": True}, "/client_secret"),
    ],
)
def test_settings_that_nobody_could_sign_in_with_are_refused(play, changed, pointer):
    before = play.rows(OidcSetting)[0].issuer
    answer = put(play, **changed)
    assert answer.status_code == 422
    assert answer.json["pointer"] == pointer
    assert play.rows(OidcSetting)[0].issuer == before


def test_entras_issuer_names_the_one_directory_that_is_let_in(play):
    assert put(play, preset="entra", issuer=ENTRA).json["organisations"] == [ENTRA.split("/")[3]]


def test_the_secret_stays_while_nothing_else_changes_and_is_told_to_no_other_issuer(play):
    put(play)
    assert put(play, client_secret=..., jit="create").json["proof"] == "secret"
    for changed in ({"issuer": "https://evil.example"}, {"client_id": "other"}):
        assert put(play, client_secret=..., **changed).status_code == 422
    assert put(play, client_secret=..., public_client=True).json["proof"] == "none"
    assert put(play, client_secret=..., issuer="https://idp2.example").json["proof"] == "none"


def test_a_connection_that_is_not_there_has_no_settings(play):
    for method, body in (("GET", None), ("PUT", {"issuer": "https://idp.example", "client_id": "a"})):
        answer = play.running.api(play.customer, method, "/connections/nobody/oidc", body)
        assert answer.status_code == 404


def test_only_keys_that_can_sign_alone_are_taken():
    assert import_private_key(rsa().as_pem(private=True).decode())
    assert import_private_key(ec().as_pem(private=True).decode())
    for key in (rsa().as_pem(private=False), ec().as_pem(private=False), ed().as_pem(private=True), b"x"):
        assert import_private_key(key.decode()) is None
    assert import_private_key(ec("c", "P-521").as_pem(private=True).decode()) is None


def test_whoever_is_erased_leaves_no_identity(play):
    database: Database = play.running.database
    play.sign_in()
    play.set_oidc(jit="link-only")
    play.provider.claims = {"sub": "later-linked"}
    play.sign_in()
    ada, path = play.customer.ids["ada"], f"/people/{play.customer.ids['ada']}/identities"
    play.running.api(
        play.customer, "POST", path, {"connection_id": play.connection, "subject": "later-linked"}
    )
    with database.write(play.customer.tenant_id) as session:
        forget_identities(session, [ada])
    assert not [row for row in play.rows(Identity) if row.person_id == ada]
    rows = play.rows(RefusedSignIn)
    assert rows
    assert not [row for row in rows if "later-linked" in (row.subject or "") or row.person_id == ada]
