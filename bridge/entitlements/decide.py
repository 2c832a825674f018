"""Answering whether people may do something, from one look into the database."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select

from bridge.database.one_of import one_of, texts
from bridge.database.prepared import TENANT, Prepared
from bridge.database.rows import table_of
from bridge.database.sessions import TenantSession
from bridge.directory.names import KEY_BYTES
from bridge.directory.tables import Join, Person
from bridge.entitlements.decisions import Decision, decide
from bridge.entitlements.evaluation_document import SUBJECT_TYPES, Evaluation, Item, Named
from bridge.entitlements.grants import Grants, granted
from bridge.entitlements.read_entitlements import NOT_ACTIVE, NOTHING_HELD, read_entitlements
from bridge.mapping.role_catalogues import roles_of
from bridge.mapping.rules import NO_PLAN
from bridge.mapping.tables import RoleCatalogue
from bridge.scim.text import fold
from bridge.seats.tables import Seat
from bridge.tenants.tables import Connection
from config.catalogue import Role, plans, roles

BAD_REQUEST = 400

#: Every id is made here; what cannot be one is not looked up.
ID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)

_PEOPLE, _SEATS, _JOINS = table_of(Person).c, table_of(Seat).c, table_of(Join).c
_CONNECTIONS, _CATALOGUES = table_of(Connection).c, table_of(RoleCatalogue).c

_HELD = and_(
    _SEATS.tenant_id == _PEOPLE.tenant_id,
    _SEATS.person_id == _PEOPLE.id,
    _SEATS.start <= bindparam("at"),
    or_(_SEATS.end.is_(None), _SEATS.end > bindparam("at")),
)
_JOINED = exists().where(
    _JOINS.tenant_id == _PEOPLE.tenant_id,
    or_(_JOINS.account_id == _PEOPLE.id, _JOINS.person_id == _PEOPLE.id),
)
_NEWEST = (
    select(func.max(_CATALOGUES.version))
    .where(_CATALOGUES.tenant_id == bindparam(TENANT), _CATALOGUES.created_at <= bindparam("at"))
    .scalar_subquery()
)
_HOLDINGS = (
    select(
        _PEOPLE.id, _PEOPLE.connection_id, _PEOPLE.user_name_key, _PEOPLE.external_id, _PEOPLE.active,
        _CONNECTIONS.live_from, _SEATS.plan, _SEATS.roles, _SEATS.rule, _SEATS.group_ids, _SEATS.storm_id,
        _JOINED.label("joined"), _NEWEST.label("catalogue"),
    )
    .select_from(
        table_of(Person)
        .join(
            table_of(Connection),
            and_(_CONNECTIONS.tenant_id == _PEOPLE.tenant_id, _CONNECTIONS.id == _PEOPLE.connection_id),
        )
        .outerjoin(table_of(Seat), _HELD)
    )
    .where(_PEOPLE.tenant_id == bindparam(TENANT))
)  # fmt: skip
BY_ID = Prepared(_HOLDINGS.where(one_of(_PEOPLE.id, texts("ids"))))
BY_NAME = Prepared(
    _HOLDINGS.where(
        _PEOPLE.deleted_at.is_(None),
        one_of(_PEOPLE.connection_id, texts("connections")),
        or_(one_of(_PEOPLE.user_name_key, texts("names")), one_of(_PEOPLE.external_id, texts("externals"))),
    )
)

#: Roles by tenant and version of its catalogue; what belongs to a version never changes.
_kept: dict[tuple[str, int], Mapping[str, Role]] = {}
_MOST_KEPT = 1024


def decide_all(session: TenantSession, items: Sequence[Item], *, at: datetime) -> list[Decision]:
    """Return the decision on each question, or why it is none, in their order.

    Where nobody was ever joined and no storm holds anything, that is one statement for all ids and one for
    all names; the others are read as their entitlements are. Whoever is inactive may do nothing at all.
    """
    asked = [each for each in items if isinstance(each, Evaluation)]
    known = _known(session, {each.subject for each in asked if each.subject is not None}, at=at)
    held = {subject: _held(session, row, at=at) for subject, row in known.items()}
    return [_decided(each, held) for each in items]


def privileges_of(session: TenantSession, person_id: str, *, at: datetime) -> frozenset[str]:
    """Return the privileges that a person's roles bring, whatever the plan: also one for looking only."""
    row = session.run(BY_ID, ids=[person_id], at=at).one_or_none()
    if row is None:
        return frozenset()
    grants = _held(session, row, at=at)[0]
    known = _roles(session, row.catalogue, at=at)
    return frozenset(granted(NO_PLAN, grants.roles, plans={}, known_roles=known).privileges)


Held = tuple[Grants, Mapping[str, Any], str | None]


def _decided(item: Item, held: Mapping[Named, Held]) -> Decision:
    if not isinstance(item, Evaluation):
        error = {"status": BAD_REQUEST, "message": item.detail}
        return Decision(allowed=False, admin=item.detail, user="Nobody can tell.", through={"error": error})
    if item.subject is None:
        told = f"only people may do anything here: ask of {' or '.join(SUBJECT_TYPES)}"
        return Decision(allowed=False, admin=told, user="You are not known here.")
    found = held.get(item.subject)
    if found is None:
        told = (
            "the tenant knows nobody of this id" if item.subject.attribute is None else "nobody is called so"
        )
        return Decision(allowed=False, admin=told, user="You are not known here.")
    grants, through, because = found
    decided = decide(grants, item.action, item.use)
    admin = f"{because}; {decided.admin}" if because and not decided.allowed else decided.admin
    return Decision(decided.allowed, admin, decided.user, through)


def _known(session: TenantSession, subjects: set[Named], *, at: datetime) -> dict[Named, Any]:
    """Return the row of each subject who is known."""
    found: dict[Named, Any] = {}
    ids = [each.text for each in subjects if each.attribute is None and ID.fullmatch(each.text)]
    if ids:
        found |= {Named(row.id): row for row in session.run(BY_ID, ids=ids, at=at)}
    named = [each for each in subjects if each.attribute is not None]
    if named:
        keys = {each: _key(each) for each in named}
        rows = session.run(
            BY_NAME,
            connections=sorted({each.connection_id or "" for each in named}),
            names=[keys[each] for each in named if each.attribute == "userName"],
            externals=[keys[each] for each in named if each.attribute == "externalId"],
            at=at,
        )
        by_name: dict[Any, Any] = {(row.connection_id, name): row for row in rows for name in _names(row)}
        for each, key in keys.items():
            row = by_name.get((each.connection_id, (each.attribute, key)))
            if row is not None:
                found[each] = row
    return found


def _key(named: Named) -> str:
    """Return what the name is compared by; one that is too long to be stored is nobody's."""
    key = fold(named.text) if named.attribute == "userName" else named.text
    return key if len(key.encode()) <= KEY_BYTES else ""


def _names(row: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401 (a row of the columns above)
    external = () if row.external_id is None else (("externalId", row.external_id),)
    return (("userName", row.user_name_key), *external)


def _held(session: TenantSession, row: Any, *, at: datetime) -> Held:  # noqa: ANN401 (as above)
    """Return what a person holds, through what, and where that is nothing because of what."""
    if row.joined or row.storm_id is not None:
        found = read_entitlements(session, row.id, at=at)
        groups = [id_ for id_, _ in found.groups]
        return found.grants, _through(found.grants.plan, found.rule, groups), found.because
    if not row.active or row.live_from is None or row.live_from > at:
        return Grants(NO_PLAN), _through(NO_PLAN, None, []), NOT_ACTIVE
    if row.plan is None:
        return Grants(NO_PLAN), _through(NO_PLAN, None, []), NOTHING_HELD
    known = _roles(session, row.catalogue, at=at)
    grants = granted(row.plan, row.roles, plans=plans(), known_roles=known)
    return grants, _through(row.plan, row.rule, row.group_ids), None


def _through(plan: str, rule: str | None, groups: Sequence[str]) -> Mapping[str, Any]:
    return {"plan": plan, "rule": rule, "groups": list(groups)}


def _roles(session: TenantSession, version: int | None, *, at: datetime) -> Mapping[str, Role]:
    if version is None:
        return roles()
    key = session.tenant_id, version
    found = _kept.get(key)
    if found is None:
        found = _kept.setdefault(key, roles_of(session, at=at))
    while len(_kept) > _MOST_KEPT:
        _kept.pop(next(iter(_kept)), None)
    return found
