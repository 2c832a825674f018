"""The versions of a tenant's rules, each with the time in which it is in force."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from bridge.database.prepared import prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.mapping.rule_document import stored_rules
from bridge.mapping.rules import DatedRules, RuleSetRules
from bridge.mapping.tables import RuleSet
from bridge.tenants.extension_schemas import user_schema

#: Compiled rule sets by tenant and id; a document never changes under its id. The oldest makes room.
_kept: dict[tuple[str, str], RuleSetRules] = {}
_MOST_KEPT = 256

_SET = table_of(RuleSet).c
_LISTED = prepared(select(_SET.id, _SET.version, _SET.effective_from, _SET.cause_id))


@dataclass(frozen=True, slots=True)
class RuleSetVersion:
    """A version as stored, in force from ``start`` until ``end``."""

    id: str
    version: int
    start: datetime
    end: datetime | None
    document: Mapping[str, Any]
    cause_id: str


def rule_sets_in_force(session: TenantSession) -> tuple[DatedRules, ...]:
    """Return the compiled rules of the tenant in order of time, without gap or overlap.

    Versions lie on a calendar: each begins on its effective date and lasts until the next effective date,
    whichever was applied first. So a change planned for June stays planned when the rules of today are
    corrected, and a version backdated to February ends where the one that began in March begins. Of two
    versions with the same effective date the later applied one replaces the other.
    """
    ordered = in_order(_listed(session))
    rules = _compiled(session, [each.id for each in ordered])
    return tuple(
        DatedRules(each.id, each.version, each.start, each.end, rules[each.id], each.cause_id)
        for each in ordered
    )


def versions(session: TenantSession) -> tuple[RuleSetVersion, ...]:
    """Return the versions with their documents in order of time, and last those that were replaced."""
    columns = (RuleSet.id, RuleSet.version, RuleSet.effective_from, RuleSet.cause_id, RuleSet.document)
    rows = [
        RuleSetVersion(id_, version, start, None, document, cause_id)
        for id_, version, start, cause_id, document in session.execute(select(*columns))
    ]
    dated = in_order(rows)
    in_force = {each.id for each in dated}
    return (*dated, *(each for each in rows if each.id not in in_force))


def in_order(found: Iterable[RuleSetVersion]) -> tuple[RuleSetVersion, ...]:
    """Return the versions that are ever in force, in order of time, each with its end."""
    by_start: dict[datetime, RuleSetVersion] = {}
    for each in sorted(found, key=lambda each: each.version):
        by_start[each.start] = each
    ordered = [by_start[start] for start in sorted(by_start)]
    ended = [replace(each, end=following.start) for each, following in pairwise(ordered)]
    return (*ended, *(replace(last, end=None) for last in ordered[-1:]))


def version_at(found: Sequence[RuleSetVersion], instant: datetime) -> RuleSetVersion | None:
    """Return the version that is in force at the instant."""
    begun = [each for each in in_order(found) if each.start <= instant]
    return begun[-1] if begun else None


def _listed(session: TenantSession) -> list[RuleSetVersion]:
    """Return the versions without their documents, which are read only when they are not yet compiled."""
    return [
        RuleSetVersion(id_, version, start, None, {}, cause_id)
        for id_, version, start, cause_id in session.run(_LISTED)
    ]


def _compiled(session: TenantSession, wanted: Iterable[str]) -> dict[str, RuleSetRules]:
    """Return the compiled rules of these ids; documents that are not yet compiled are read at once."""
    keys = {id_: (session.tenant_id, id_) for id_ in wanted}
    found = {id_: _kept[key] for id_, key in keys.items() if key in _kept}
    missing = keys.keys() - found.keys()
    if missing:
        rows = session.execute(select(RuleSet.id, RuleSet.document).where(RuleSet.id.in_(missing)))
        # A tenant's schemas only ever grow, so that rules compiled earlier stay right.
        schema = user_schema(session)
        for id_, document in rows:
            found[id_] = _kept[keys[id_]] = stored_rules(document, schema)
    while len(_kept) > _MOST_KEPT:
        _kept.pop(next(iter(_kept)), None)
    return found
