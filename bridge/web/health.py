"""What operators' machines ask: is the process alive, is it ready, how is it doing."""

from typing import Any

import orjson
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from bridge.web.context import bridge

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz", provide_automatic_options=False)
def healthz() -> Response:
    """Tell that the process answers; a failing database is no reason to start it again."""
    return _answer({"status": "ok"}, 200)


@blueprint.get("/readyz", provide_automatic_options=False)
def readyz() -> Response:
    """Tell whether requests can be served: the database answers and has the newest tables."""
    from bridge.database.migrate import is_current  # noqa: PLC0415 (Alembic; no other request needs it)

    try:
        current = is_current(bridge().database.engine)
    except SQLAlchemyError:
        return _answer({"status": "not ready", "reason": "the database does not answer"}, 503)
    if not current:
        return _answer({"status": "not ready", "reason": "the database awaits its migrations"}, 503)
    return _answer({"status": "ready"}, 200)


@blueprint.get("/metrics", provide_automatic_options=False)
def metrics() -> Response:
    """Show this process's measurements in Prometheus' text format; they name no tenant and no person."""
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _answer(value: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(value), status, content_type="application/json")
