"""The routes that answer whether people may do something."""

from functools import cache

import orjson
from flask import Response

from bridge.entitlements.decide import decide_all
from bridge.entitlements.evaluation_document import parse_evaluation, parse_evaluations, told_until
from bridge.web.access.entrance import JSON, blueprint, caller, document
from bridge.web.context import bridge
from bridge.web.recording import observed
from config.catalogue import plans


@blueprint.post("/access/v1/evaluation", provide_automatic_options=False)
def evaluate() -> Response:
    """Answer one question (section 6)."""
    return _one(caller().tenant_id, document())


@blueprint.post("/access/v1/evaluations", provide_automatic_options=False)
def evaluate_many() -> Response:
    """Answer several questions (section 7); without any of its own the document is a single one."""
    tenant_id, asked, parts = caller().tenant_id, document(), bridge()
    batch = parse_evaluations(asked, limits=_limits(), most=parts.settings.evaluations)
    if batch is None:
        return _one(tenant_id, asked)
    parts.rate_limits.admit(tenant_id, "evaluations", count=len(batch.items))
    decisions = decide_all(parts.database, tenant_id, batch.items, at=observed().at)
    told = [each.document() for each in told_until(decisions, batch.semantic)]
    return Response(orjson.dumps({"evaluations": told}), content_type=JSON)


def _one(tenant_id: str, asked: dict[str, object]) -> Response:
    parts = bridge()
    evaluation = parse_evaluation(asked, limits=_limits())
    parts.rate_limits.admit(tenant_id, "evaluations")
    [decided] = decide_all(parts.database, tenant_id, [evaluation], at=observed().at)
    return Response(orjson.dumps(decided.document()), content_type=JSON)


@cache
def _limits() -> frozenset[str]:
    """Return every limit that some plan has."""
    return frozenset(name for plan in plans().values() for name in plan.limits)
