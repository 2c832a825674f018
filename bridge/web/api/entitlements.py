"""The route that tells what a person may do."""

import orjson
from flask import Response, request

from bridge.entitlements.read_entitlements import read_entitlements
from bridge.web.api.operations import JSON, Call, operation
from bridge.web.api.parameters import instant
from bridge.web.api.usage_schemas import ENTITLEMENTS

#: An application may keep the answer, and asks with the entity tag whether it still holds.
ASK_AGAIN = "private, no-cache"


@operation(
    "GET", "/people/{person_id}/entitlements", "Tell what a person may do, since when, why",
    scope="read", answer=ENTITLEMENTS,
    query=(instant("at", "The instant that is asked about; default: now"),),
)  # fmt: skip
def show_entitlements(call: Call, person_id: str) -> Response:
    with call.database.read(call.tenant_id) as session:
        found = read_entitlements(session, person_id, at=call.query["at"] or call.now)
    response = Response(orjson.dumps(found.document()), content_type=JSON)
    response.set_etag(found.etag)
    response.headers["Cache-Control"] = ASK_AGAIN
    response.make_conditional(request)
    return response
