"""The route that tells where decisions are asked for."""

import orjson
from flask import Response

from bridge.web.access.entrance import JSON, blueprint
from bridge.web.context import bridge
from bridge.web.recording import observed


@blueprint.get("/.well-known/authzen-configuration", provide_automatic_options=False)
def describe() -> Response:
    """Describe this decision point (section 9)."""
    request = observed().request
    root = (bridge().settings.public_url or f"{request.scheme}://{request.host}").rstrip("/")
    described = {
        "policy_decision_point": root,
        "access_evaluation_endpoint": f"{root}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{root}/access/v1/evaluations",
    }
    return Response(orjson.dumps(described), content_type=JSON)
