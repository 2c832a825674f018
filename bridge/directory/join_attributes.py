"""The tenant's choice of the attribute that proposes joins, with its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.directory.agreement import Agreement, agreement_in
from bridge.directory.tables import JoinAttribute
from bridge.errors import InvalidValue
from bridge.journal.record import Cause, Subject, record
from bridge.tenants.extension_schemas import user_schema
from bridge.tenants.tables import Connection, Tenant


@dataclass(frozen=True, slots=True)
class Chosen:
    """The version that holds the choice; ``applied`` is false where it was chosen already."""

    id: str
    version: int
    attribute: str | None
    applied: bool


def choose_join_attribute(
    session: TenantSession,
    attribute: str | None,
    connection_ids: Sequence[str],
    *,
    author: str,
    cause: Cause,
    now: datetime,
) -> Chosen:
    """Have accounts of these connections proposed for joining where they agree in the attribute; None: none.

    From now on; joins that were confirmed before stay. Choosing the same once more changes nothing. Raises
    ``InvalidValue`` for an attribute that may not be chosen, an unknown connection, or fewer than two.
    """
    agreement = None if attribute is None else agreement_in(attribute, user_schema(session))
    trusted = [] if agreement is None else sorted(set(connection_ids))
    if agreement is not None:
        _check_connections(session, connection_ids)
    session.scalars(select(Tenant).with_for_update()).one()  # one version number at a time
    current = current_choice(session)
    name = None if agreement is None else agreement.attribute
    if current is not None and (current.attribute, current.connection_ids) == (name, trusted):
        return Chosen(current.id, current.version, name, applied=False)
    version = current.version + 1 if current else 1
    subject = Subject("join_attribute", new_id(now))
    details = {"version": version, "attribute": name, "connections": trusted}
    cause_id = record(
        session, "directory:join_attribute:choose", subject, cause=cause, at=now, details=details
    )
    row = {
        "tenant_id": session.tenant_id,
        "id": subject.id,
        "version": version,
        "attribute": name,
        "case_exact": agreement is None or agreement.case_exact,
        "connection_ids": trusted,
        "author": author,
        "created_at": now,
        "cause_id": cause_id,
    }
    session.add_rows(JoinAttribute, [row])
    return Chosen(subject.id, version, name, applied=True)


def current_choice(session: TenantSession) -> JoinAttribute | None:
    """Return the newest choice, which holds; None where nothing was ever chosen."""
    return session.scalar(select(JoinAttribute).order_by(JoinAttribute.version.desc()).limit(1))


def agreement_of(choice: JoinAttribute | None) -> Agreement | None:
    """Return what accounts have to agree in by this choice; None for nothing, so that nobody is proposed."""
    if choice is None or choice.attribute is None:
        return None
    return Agreement(choice.attribute, choice.case_exact)


def list_choices(session: TenantSession) -> Sequence[JoinAttribute]:
    """Return every choice that the tenant ever made, the newest first."""
    return session.scalars(select(JoinAttribute).order_by(JoinAttribute.version.desc())).all()


def _check_connections(session: TenantSession, connection_ids: Sequence[str]) -> None:
    if len(set(connection_ids)) < 2:  # noqa: PLR2004 (an account of one connection agrees with nobody)
        raise InvalidValue(
            "name the two or more connections whose values you trust to tell who is who",
            pointer="/connections",
        )
    known = set(session.scalars(select(Connection.id).where(Connection.id.in_(connection_ids))))
    for index, connection_id in enumerate(connection_ids):
        if connection_id not in known:
            raise InvalidValue(
                f"there is no connection {connection_id[:60]} in this tenant", pointer=f"/connections/{index}"
            )
