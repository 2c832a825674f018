"""One running bridge on each database for all tests of a module; its clock is driven, its provider near."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

import config.settings
from bridge.app import create_app
from config.settings import Settings
from tests.api.conftest import CLOCK
from tests.api.customers import SEPTEMBER, Running
from tests.events.signals import Signals
from tests.servers import migrated_copies
from tests.signin.provider_double import Asked, Site, Told, site
from tests.signin.signing import public, rsa


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("events")
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = migrated_copies.fresh_sqlite(
                request.getfixturevalue("migrated_sqlite"), folder / "database"
            )
        else:
            server = request.getfixturevalue("postgresql_server")
            template = request.getfixturevalue("migrated_postgresql")
            url = stack.enter_context(migrated_copies.fresh_postgresql(server, template=template))
        os.environ[CLOCK] = str(folder / "clock")
        config.settings.settings.cache_clear()
        chosen = Settings(
            var=folder, database_url=url, secret_key="k" * 32, page_most=50, private_providers=True
        )
        bridge = Running(create_app(chosen), folder / "clock")
        bridge.set_clock(SEPTEMBER)
        yield bridge
        bridge.parts.request_log.close()
        bridge.database.dispose()
        del os.environ[CLOCK]
        config.settings.settings.cache_clear()


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
