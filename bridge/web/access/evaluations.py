"""The routes that answer whether people may do something."""

from functools import cache
from typing import Any

import orjson
from flask import Response

from bridge.entitlements.decide import decide_all
from bridge.entitlements.evaluation_document import parse_evaluation, parse_evaluations, told_until
from bridge.web.access.entrance import JSON, Asked, asking, blueprint
from bridge.web.context import bridge
from bridge.web.recording import observed
from config.catalogue import plans


@blueprint.post("/access/v1/evaluation", provide_automatic_options=False)
def evaluate() -> Response:
    """Answer one question (section 6)."""
    with asking() as asked:
        return _answer(_one(asked))


@blueprint.post("/access/v1/evaluations", provide_automatic_options=False)
def evaluate_many() -> Response:
    """Answer several questions (section 7); without any of its own the document is a single one."""
    parts = bridge()
    with asking() as asked:
        batch = parse_evaluations(asked.document, limits=_limits(), most=parts.settings.evaluations)
        if batch is None:
            return _answer(_one(asked))
        parts.rate_limits.admit(asked.tenant_id, "evaluations", count=len(batch.items))
        decisions = decide_all(asked.session, batch.items, at=observed().at)
        told = told_until(decisions, batch.semantic)
    return _answer({"evaluations": [each.document() for each in told]})


def _one(asked: Asked) -> dict[str, Any]:
    evaluation = parse_evaluation(asked.document, limits=_limits())
    bridge().rate_limits.admit(asked.tenant_id, "evaluations")
    [decided] = decide_all(asked.session, [evaluation], at=observed().at)
    return decided.document()


def _answer(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), content_type=JSON)


@cache
def _limits() -> frozenset[str]:
    """Return every limit that some plan has."""
    return frozenset(name for plan in plans().values() for name in plan.limits)
