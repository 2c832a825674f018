"""One running bridge on each database for all tests of a module; its clock is driven, its provider near."""

from collections.abc import Iterator

import pytest

from tests.api.customers import Running
from tests.api.running_bridge import running_bridge
from tests.events.signals import Signals
from tests.signin.provider_double import Asked, Site, Told, site
from tests.signin.signing import public, rsa


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("events")
    with running_bridge(request, folder, page_most=50, private_providers=True) as bridge:
        yield bridge


@pytest.fixture(scope="module")
def provider() -> Iterator[Site]:
    """A provider of one key, which publishes where it is."""

    def answers(asked: Asked) -> Told:
        url = there.url
        if asked.path == "/.well-known/openid-configuration":
            ends = {f"{name}_endpoint": f"{url}/{name}" for name in ("authorization", "token")}
            return Told({"issuer": url, "jwks_uri": f"{url}/keys", **ends})
        return Told({"keys": [public(rsa())]}) if asked.path == "/keys" else Told(status=404)

    with site(answers) as there:
        yield there


@pytest.fixture
def signals(running: Running, provider: Site) -> Signals:
    return Signals.of(running, provider, "ada", "bob")
