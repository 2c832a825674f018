"""The application and the identity provider that these tests share."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.scim_http.speaking import Speaker, add_speaker, application


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    with application(database_url) as app:
        yield app


@pytest.fixture
def idp(app: Flask) -> Speaker:
    return add_speaker(app)
