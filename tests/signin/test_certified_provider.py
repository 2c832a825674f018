"""Sign-in, refresh, change of keys and both ways of logging out, at a certified OpenID provider over HTTP."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
import requests
from joserfc.jwk import ECKey
from sqlalchemy import delete, select

from bridge.access.sessions import provider_tokens
from bridge.access.tables import Session
from bridge.journal.record import Cause
from bridge.signin.key_sets import known_providers
from bridge.signin.refresh_sessions import Desk, refresh_due
from bridge.usage.tables import SignIn
from tests.api.customers import Customer, Running, add_customer
from tests.api.running_bridge import running_bridge
from tests.signin.certified_provider import HOST, Browser, Certified, certified_provider, served
from tests.signin.conftest import person
from tests.signin.signing import ec, public

SECRET = "s3cret+/=of the certified client"
#: Within what clocks may differ by: the provider goes by this machine's.
LATER = timedelta(seconds=31)
KEPT_SECONDS = 20
#: A machine with much else to do answers late; none of this is about that.
SLOWEST = 30


@dataclass
class Stage:
    """A customer whose people sign in at the certified provider."""

    running: Running
    customer: Customer
    provider: Certified
    address: str

    @property
    def connection(self) -> str:
        return self.customer.ids["connection"]

    def registers(self, **changed: object) -> None:
        """Have the provider know the bridge as a client, and the bridge itself as that client."""
        client = {
            "client_id": "bridge",
            "client_secret": SECRET,
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": [f"{HOST}/login/{self.connection}/callback"],
            "post_logout_redirect_uris": [f"{HOST}/logout"],
            "backchannel_logout_uri": f"{self.address}/login/{self.connection}/backchannel-logout",
            "backchannel_logout_session_required": True,
        } | changed
        client = {name: value for name, value in client.items() if value is not None}
        self.provider.set(clients=[client], publish="first", sign="first")

    def set_oidc(self, **changed: object) -> None:
        body = {
            "issuer": self.provider.issuer, "client_id": "bridge", "client_secret": SECRET,
            "preset": "generic", "scopes": ["openid", "profile", "email", "offline_access"],
        } | changed  # fmt: skip
        answer = self.running.api(self.customer, "PUT", f"/connections/{self.connection}/oidc", body)
        assert answer.status_code == 200, answer.json

    def browser(self) -> Browser:
        return Browser(self.address)

    def set_clock(self, later: timedelta = timedelta()) -> None:
        self.running.set_clock(datetime.now(UTC) + later)

    def sessions(self) -> list[Session]:
        return self.rows(Session)

    def rows(self, table):

        with self.running.database.read(self.customer.tenant_id) as session:
            return list(
                session.scalars(select(table).order_by(table.created_at if table is Session else table.id))
            )

    def refresh(self, later: timedelta) -> int:
        self.set_clock(later)
        parts = self.running.parts
        desk = Desk(parts.database, parts.seal, known_providers(parts.settings), parts.settings)
        now = datetime.now(UTC) + later
        return refresh_due(
            desk, self.customer.tenant_id, cause=Cause("worker", "tests", "request-1"), now=now
        )


@pytest.fixture(scope="module")
def provider() -> Iterator[Certified]:
    with certified_provider() as made:
        yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, provider: Certified
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("certified")
    chosen = {
        "private_providers": True, "public_url": HOST, "logins_burst": 100_000,
        "session_refresh_least_seconds": 1, "provider_keys_seconds": KEPT_SECONDS,
        "provider_refetch_seconds": 5, "provider_seconds": SLOWEST, "token_leeway_seconds": 300,
    }  # fmt: skip
    with running_bridge(request, folder, **chosen) as running:
        running.set_clock(datetime.now(UTC))
        customer = add_customer(running, "Lindqvist Freight")
        for name in ("ada", "grace"):
            answer = running.scim(customer, "POST", "/Users", person(name, name))
            customer.ids[name] = answer.json["id"]
        with served(running.app) as address:
            yield Stage(running, customer, provider, address)


@pytest.fixture
def signing_in(stage: Stage) -> Stage:
    """Nobody is signed in yet, the bridge is a client with a secret, and its keys are read anew."""
    with stage.running.database.write(stage.customer.tenant_id) as session:
        session.execute(delete(Session))
    known_providers(stage.running.parts.settings).__init__(stage.running.parts.settings)
    stage.registers()
    stage.set_clock()
    stage.set_oidc()
    return stage


def key_pair() -> ECKey:
    return ec("the bridge's own")


PROOFS = {
    "a secret in the header": ({}, {}),
    "a private key": (
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "client_secret": None,
            "jwks": {"keys": [public(key_pair())]},
        },
        {"client_secret": None, "private_key": key_pair().as_pem(private=True).decode()},
    ),
    "nothing": (
        {"token_endpoint_auth_method": "none", "client_secret": None},
        {"client_secret": None, "public_client": True},
    ),
}


@pytest.mark.parametrize("proof", PROOFS)
def test_people_sign_in_and_are_asked_for_again_by_a_client_that_proves_itself_by(signing_in, proof):
    stage, (at_provider, here) = signing_in, PROOFS[proof]
    stage.registers(**at_provider)
    stage.set_oidc(**here)
    browser, before = stage.browser(), len(stage.rows(SignIn))
    url, page = browser.sign_in(stage.connection, "ada")
    assert (url, page.status_code) == (f"{HOST}/session/me", 200), page.text
    assert page.json()["person"]["id"] == stage.customer.ids["ada"]
    assert len(stage.rows(SignIn)) == before + 1
    [first] = stage.sessions()
    for times in (1, 2):
        assert stage.refresh(times * LATER) == 1
        [row] = stage.sessions()
        assert (row.ended_at, row.refresh_failures, row.refreshed_at is None) == (None, 0, False)
        assert row.refresh_token != first.refresh_token  # replaced, and it was the new one that was shown
    assert browser.me().status_code == 200
    assert len(stage.rows(SignIn)) == before + 1  # to be asked for is not to sign in


def test_who_is_nobody_here_is_refused_and_it_is_kept(signing_in):
    _url, page = signing_in.browser().sign_in(signing_in.connection, "mallory")
    assert page.status_code == 403
    refused = signing_in.running.api(signing_in.customer, "GET", "/refused-sign-ins").json["items"]
    assert refused[0]["reason"] == "unknown_person"


def test_a_provider_whose_keys_change_goes_on_and_the_old_key_dies(signing_in):
    stage, provider = signing_in, signing_in.provider
    assert stage.browser().sign_in(stage.connection, "ada")[1].status_code == 200
    # Signed with a key that nobody has seen: read once, after a pause; however many unknown ones come.
    provider.set(publish="second", sign="second")
    stage.set_clock(timedelta(seconds=6))
    before = provider.count("/jwks")
    assert stage.browser().sign_in(stage.connection, "ada")[1].status_code == 200
    assert provider.count("/jwks") == before + 1
    provider.set(publish="second", sign="third")
    for _ in range(3):
        assert stage.browser().sign_in(stage.connection, "ada")[1].status_code == 403
    assert provider.count("/jwks") == before + 1
    # The first key is withdrawn: who still signs with it is refused as well.
    provider.set(publish="second", sign="first")
    stage.set_clock(timedelta(seconds=12))
    assert stage.browser().sign_in(stage.connection, "ada")[1].status_code == 403
    assert [row.ended_at for row in stage.sessions()] == [None, None]


def test_a_withdrawn_key_is_believed_until_the_keys_have_been_kept_long_enough(signing_in):
    stage, provider = signing_in, signing_in.provider
    assert stage.browser().sign_in(stage.connection, "ada")[1].status_code == 200
    provider.set(publish="second", sign="first")
    stage.set_clock(timedelta(seconds=KEPT_SECONDS - 10))
    assert stage.browser().sign_in(stage.connection, "ada")[1].status_code == 200
    stage.set_clock(timedelta(seconds=KEPT_SECONDS + 10))
    assert stage.browser().sign_in(stage.connection, "ada")[1].status_code == 403


def test_a_session_outlives_a_change_of_keys(signing_in):
    stage = signing_in
    browser = stage.browser()
    browser.sign_in(stage.connection, "ada")
    stage.provider.set(publish="second", sign="second")
    assert stage.refresh(LATER) == 1
    assert [(row.ended_at, row.refresh_failures) for row in stage.sessions()] == [(None, 0)]
    assert browser.me().status_code == 200


def test_whoever_signs_out_here_is_signed_out_there_and_comes_back(signing_in):
    stage, browser = signing_in, signing_in.browser()
    browser.sign_in(stage.connection, "ada")
    asking = browser.open(f"{HOST}/logout")
    left = browser.press(f"{HOST}/logout", asking)
    url, page = left
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == stage.provider.issuer, page.text
    told = parse_qs(parts.query)
    assert told["post_logout_redirect_uri"] == [f"{HOST}/logout"]
    assert told["id_token_hint"][0].count(".") == 2
    assert browser.me().status_code == 401
    url, page = browser.press(url, page, logout="yes")
    assert url.partition("?")[0] == f"{HOST}/logout"
    assert page.status_code == 200
    assert "You are signed out" in page.text
    # There is no session at the provider any more: it asks who they are.
    url, _page = browser.follow(f"{HOST}/login/{stage.connection}")
    assert "/interaction/" in url


def end_at_provider(stage, browser):
    url, page = browser.follow(f"{stage.provider.issuer}/session/end?client_id=bridge")
    return browser.press(url, page, logout="yes")


def test_a_provider_that_ends_its_session_ends_exactly_that_one_here(signing_in):
    stage = signing_in
    here, elsewhere, colleague = stage.browser(), stage.browser(), stage.browser()
    for browser, name in ((here, "ada"), (elsewhere, "ada"), (colleague, "grace")):
        assert browser.sign_in(stage.connection, name)[1].status_code == 200
    end_at_provider(stage, here)
    assert [each.me().status_code for each in (here, elsewhere, colleague)] == [401, 200, 200]
    assert Counter(row.ended_because for row in stage.sessions()) == {"provider_signed_out": 1, None: 2}


def test_a_grant_that_the_provider_takes_back_ends_the_session_when_it_is_asked_for(signing_in):
    stage, browser = signing_in, signing_in.browser()
    browser.sign_in(stage.connection, "ada")
    [row] = stage.sessions()
    with stage.running.database.read(stage.customer.tenant_id) as session:
        token = provider_tokens(session, row.id, seal=stage.running.parts.seal).refresh_token
    client = ("bridge", quote_plus(SECRET))
    revoked = requests.post(
        f"{stage.provider.issuer}/token/revocation", data={"token": token}, auth=client, timeout=SLOWEST
    )
    assert revoked.status_code == 200, revoked.text
    assert browser.me().status_code == 200
    assert stage.refresh(LATER) == 1
    assert [row.ended_because for row in stage.sessions()] == ["refused_refresh"]
    assert browser.me().status_code == 401


def test_the_software_has_the_provider_asked_at_once(signing_in):
    stage, browser = signing_in, signing_in.browser()
    _url, page = browser.sign_in(stage.connection, "ada")
    answer = browser.open(f"{HOST}/session/refresh", {"token": page.json()["signed_in_by"]["page_token"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["refreshed_at"]
