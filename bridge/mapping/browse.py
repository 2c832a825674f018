"""Looking rule sets up."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import defer

from bridge.database.sessions import TenantSession
from bridge.errors import NotFound
from bridge.mapping.tables import RuleSet


def list_rule_sets(session: TenantSession) -> Sequence[RuleSet]:
    """Return all versions, the newest first, without their documents."""
    rows = select(RuleSet).options(defer(RuleSet.document)).order_by(RuleSet.version.desc())
    return session.scalars(rows).all()


def find_rule_set(session: TenantSession, rule_set_id: str) -> RuleSet:
    """Return a version with its document. Raises ``NotFound``."""
    rule_set = session.scalar(select(RuleSet).where(RuleSet.id == rule_set_id))
    if rule_set is None:
        raise NotFound(f"there is no rule set {rule_set_id} in this tenant")
    return rule_set
