"""scim2-server's own application with its storage in memory."""

import io
import os

from scim2_models import ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

config = load_default_service_provider_config()
config.authentication_schemes = [*(config.authentication_schemes or []), BEARER_TOKEN_SCHEME]
provider = ScimProvider.from_discovery(
    load_default_schemas().values(), load_default_resource_types().values(), config=config
)
served = BearerTokenApplication(
    InMemoryStorage(),
    provider,
    ScimService(provider, secret="only for the bench, as many characters as it takes"),
    bearer_tokens=[os.environ["BENCH_TOKEN"]],
)


def application(environ, start_response):
    """Give requests without a body an input that may be read to its end, which granian's may not."""
    if not environ.get("CONTENT_LENGTH"):
        environ["wsgi.input"] = io.BytesIO()
    return served(environ, start_response)
