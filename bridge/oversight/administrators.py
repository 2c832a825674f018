"""Who administers a tenant: people whose roles let them assign roles."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import chain

from sqlalchemy import Text, cast, or_, select

from bridge.database.sessions import TenantSession
from bridge.directory.browse import everybody
from bridge.errors import Conflict
from bridge.mapping.role_catalogues import roles_of
from bridge.oversight.effects import Held, held_at
from bridge.seats.compute import compute
from bridge.seats.line_up import let_wait
from bridge.seats.tables import Seat
from config.catalogue import Role

#: Whoever may assign roles can let everybody else in again; nothing less can, nothing more is needed.
ADMINISTERS = "roles:assign"

#: People whose timelines are computed at once when nobody of the present administrators is left.
_AT_ONCE = 5_000


def administering(roles: Mapping[str, Role]) -> frozenset[str]:
    """Return the keys of the roles that make their holder an administrator."""
    return frozenset(key for key, role in roles.items() if ADMINISTERS in role.privileges)


def administrators(held: Mapping[str, Held], roles: frozenset[str]) -> list[str]:
    """Return the ids of those who hold one of these roles, in order."""
    return sorted(person_id for person_id, each in held.items() if not roles.isdisjoint(each.roles))


def administrators_at(session: TenantSession, at: datetime | None) -> list[str]:
    """Return the ids of those who administer the tenant at an instant; None: whoever ever did or will."""
    keys = administering(roles_of(session))
    named = [cast(Seat.roles, Text).contains(f'"{key}"', autoescape=True) for key in sorted(keys)]
    if not named:
        return []
    rows = select(Seat.person_id).distinct().where(or_(*named)).order_by(Seat.person_id)
    if at is not None:
        rows = rows.where(Seat.start <= at, or_(Seat.end.is_(None), Seat.end > at))
    return list(session.scalars(rows))


def refuse_lock_out(session: TenantSession, before: Collection[str], *, at: datetime) -> None:
    """Refuse what this transaction has changed, should nobody be left at an instant to assign roles.

    ``before`` are the administrators until now: where there were none, there is nothing to lose. Their
    timelines are computed with the change; everybody else's only where none of them stays one. Raises
    ``Conflict``, which undoes the transaction.
    """
    if not before:
        return
    keys = administering(roles_of(session))
    for people in chain([before], everybody(session, at_once=_AT_ONCE)):
        if _anyone_holds(session, people, keys, at):
            return
    raise Conflict(
        f"nobody would be left who may assign roles: {len(before)} people may now, by the roles "
        f"{', '.join(sorted(keys)) or 'that this would remove'}; give such a role to somebody first, for "
        "instance by an override"
    )


def _anyone_holds(
    session: TenantSession, people: Collection[str], keys: frozenset[str], at: datetime
) -> bool:
    if not keys:
        return False
    computed = compute(session, people)
    let_wait(session, computed)
    spans: Iterable[Held] = (held_at(each, at) for each in computed.spans.values())
    return any(not keys.isdisjoint(held.roles) for held in spans)
