"""One running bridge on each database for all tests of a module, beside a malicious provider."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete

from bridge.access.tables import Session
from tests.api.customers import SEPTEMBER, Customer, Running, add_customer
from tests.api.running_bridge import running_bridge
from tests.signin.malicious import Malicious, site
from tests.signin.stage import Play

NOW = SEPTEMBER + timedelta(hours=2)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("signin")
    most = {"logins_burst": 100_000, "api_requests_burst": 100_000}
    with running_bridge(request, folder, private_providers=True, **most) as bridge:
        yield bridge


def person(name: str, external_id: str) -> dict[str, object]:
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": f"{name}@lindqvist.example",
        "externalId": external_id,
        "emails": [{"value": f"{name}@lindqvist.example", "primary": True}],
        "active": True,
    }


@pytest.fixture(scope="module")
def customer(running: Running) -> Customer:
    made = add_customer(running, "Lindqvist Freight")
    for name, external_id in (("ada", "00u1"), ("grace", "00u2"), ("bob", "00u3"), ("eve", "00u4")):
        answer = running.scim(made, "POST", "/Users", person(name, external_id))
        assert answer.status_code == 201, answer.json
        made.ids[name] = answer.json["id"]
    gone = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
    gone["Operations"] = [{"op": "replace", "path": "active", "value": False}]
    assert running.scim(made, "PATCH", f"/Users/{made.ids['bob']}", gone).status_code == 200
    assert running.scim(made, "DELETE", f"/Users/{made.ids['eve']}").status_code == 204
    return made


@pytest.fixture(scope="module")
def provider() -> Iterator[Malicious]:
    liar = Malicious(NOW)
    with site(liar) as there:
        liar.site = there
        yield liar


@pytest.fixture
def play(running: Running, customer: Customer, provider: Malicious) -> Play:
    provider.begin(NOW)
    running.set_clock(NOW)
    made = Play(running, customer, provider, running.app.test_client())
    made.set_oidc()
    return made


@pytest.fixture
def alone(play: Play) -> Play:
    """Nobody is signed in yet, unlike after the tests before."""
    with play.running.database.write(play.customer.tenant_id) as session:
        session.execute(delete(Session))
    return play


@pytest.fixture
def stay(alone: Play) -> Play:
    """Somebody, and nobody else, who signed in at a provider with refresh tokens, ten minutes ago."""
    alone.provider.good_refresh = {f"rt-{alone.provider.issuers}"}
    assert alone.sign_in().status_code == 303
    alone.set_clock(NOW + timedelta(minutes=10))
    return alone
