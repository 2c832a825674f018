"""The route of ``/Bulk``: many operations in one request (RFC 7644 section 3.7)."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from sqlalchemy.exc import OperationalError

from bridge.provisioning.bulk import Outcome, made_by, perform_bulk
from bridge.provisioning.replay_bulk import replay_bulk
from bridge.provisioning.request_log import FailedOperation
from bridge.scim.bulk import read_bulk_request
from bridge.scim.messages import bulk_response, error_message, version_tag
from bridge.web.bodies import json_body
from bridge.web.context import bridge
from bridge.web.recording import observed
from bridge.web.scim.answers import CREATED, NO_CONTENT, answer
from bridge.web.scim.entrance import blueprint, root, writing
from bridge.web.scim.refusals import status_of

#: A bulk request and others that change the same resources may wait for each other. PostgreSQL ends one of
#: them, of which nothing is left: it is begun again.
ATTEMPTS = 5
DEADLOCK = "40P01"

STATUS = {"POST": CREATED, "DELETE": NO_CONTENT}


@blueprint.post("/Bulk", provide_automatic_options=False)
def bulk() -> Response:
    """Do many operations, and answer how each ended."""
    body = json_body(most_bytes=bridge().settings.bulk_bytes)
    outcomes = _performed(body)
    _note(outcomes)
    return answer(bulk_response([_document(each) for each in outcomes]))


def _performed(body: object) -> list[Outcome]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _attempt(body)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != DEADLOCK or attempt == ATTEMPTS:
                raise
    raise AssertionError  # the last attempt returns or raises


def _attempt(body: object) -> list[Outcome]:
    most = bridge().settings.bulk_operations
    with writing() as (session, client):
        request = read_bulk_request(body, most=most, tolerances=client.dialect.tolerances)
        seen = observed()
        if seen.replay is None:
            return perform_bulk(session, request, client=client, now=seen.at)
        return replay_bulk(session, seen.replay, request, client=client, replay_id=seen.id, now=seen.at)


def _note(outcomes: Sequence[Outcome]) -> None:
    """Tell the provisioning log which operations failed, and what the others created."""
    seen = observed()
    seen.tolerances = tuple(dict.fromkeys(name for each in outcomes for name in each.tolerances))
    seen.failures = tuple(
        FailedOperation(operation.index, operation.method, status_of(error), error.detail)
        for operation, error in ((each.operation, each.error) for each in outcomes)
        if error is not None
    )
    seen.made = {name: made for each in outcomes for name, made in made_by(each).items()}


def _document(outcome: Outcome) -> dict[str, Any]:
    operation, error = outcome.operation, outcome.error
    status = status_of(error) if error else STATUS.get(operation.method, 200)
    document: dict[str, Any] = {"method": operation.method, "status": str(status)}
    if operation.bulk_id is not None:
        document["bulkId"] = operation.bulk_id
    if outcome.resource_id is not None and operation.place:
        document["location"] = f"{root()}/{operation.place}/{outcome.resource_id}"
    if outcome.version is not None:
        document["version"] = version_tag(outcome.version)
    if error is not None:
        document["response"] = error_message(status, error.detail, error.scim_type)
    return document
