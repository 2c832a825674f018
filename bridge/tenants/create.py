"""Making of tenants with their connections."""

import re
import zoneinfo
from datetime import datetime
from functools import cache

from sqlalchemy import select

from bridge.database.ids import new_id
from bridge.database.sessions import TenantSession
from bridge.errors import InvalidValue, NotFound, Uniqueness
from bridge.journal.record import Cause, Subject, record
from bridge.scim.dialects import DIALECTS
from bridge.tenants.nights import next_night
from bridge.tenants.tables import Connection, ConnectionDoor, DueTenant, Tenant

NAME_CHARACTERS = 200

#: The identity providers a connection can be of; the dialect of each has the same name.
KINDS = ("okta", "entra", "google", "onelogin", "ping", "jumpcloud", "generic")

CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


@cache
def _known_timezones() -> frozenset[str]:
    """Return the names that this machine knows; to find them, 600 files are opened.

    Without the files that some machines have beside the zones: pricing refuses them, as they would price
    the same days differently elsewhere.
    """
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


def create_tenant(
    session: TenantSession, *, name: str, currency: str, timezone: str, cause: Cause, now: datetime
) -> Tenant:
    """Make the tenant that the session is bound to, with the row by which its nightly work is found.

    The caller chose the session's tenant id, and knows that ``currency`` is in use (ISO 4217); here its form
    is checked. ``timezone`` is a name of the IANA time zone database. Raises ``InvalidValue`` with a pointer.
    """
    _check_name(name)
    if not CURRENCY.fullmatch(currency):
        raise InvalidValue(
            f"found {currency[:20]!r}, allowed an ISO 4217 currency code such as USD", pointer="/currency"
        )
    if timezone not in _known_timezones():
        raise InvalidValue(
            f"found {timezone[:60]!r}, allowed an IANA time zone such as Europe/Berlin", pointer="/timezone"
        )
    tenant = Tenant(name=name, currency=currency, timezone=timezone, created_at=now)
    session.add(tenant)
    session.add(
        DueTenant(
            id=new_id(now),
            tenant_id=session.tenant_id,
            cause="nightly",
            wake_at=next_night(timezone, now),
        )
    )
    session.flush()
    details = {"currency": currency, "timezone": timezone}
    record(
        session,
        "tenants:tenant:create",
        Subject("tenant", session.tenant_id),
        cause=cause,
        at=now,
        details=details,
    )
    return tenant


def create_connection(
    session: TenantSession,
    *,
    name: str,
    kind: str,
    dialect: str | None,
    live: bool,
    cause: Cause,
    now: datetime,
) -> Connection:
    """Make a connection; ``live`` bills its people from now on, otherwise they are only observed.

    Without a ``dialect`` it speaks the one of its kind. Raises ``InvalidValue`` with a pointer,
    ``Uniqueness`` when the tenant has a connection of that name, ``NotFound`` when there is no such tenant.
    """
    _check_name(name)
    _known(kind, KINDS, "/kind")
    spoken = _known(dialect or kind, tuple(DIALECTS), "/dialect")
    # Two requests for one name wait for each other here, so that the second is told rather than failing.
    if session.scalar(select(Tenant.tenant_id).with_for_update()) is None:
        raise NotFound(f"there is no tenant {session.tenant_id}")
    if session.scalar(select(Connection.id).where(Connection.name == name)) is not None:
        raise Uniqueness(f"this tenant has a connection named {name!r}: choose another name", pointer="/name")
    connection = Connection(
        id=new_id(now),
        name=name,
        kind=kind,
        dialect=spoken,
        live_from=now if live else None,
        created_at=now,
    )
    session.add_all((connection, ConnectionDoor(connection_id=connection.id, tenant_id=session.tenant_id)))
    session.flush()
    details = {"kind": kind, "dialect": spoken, "live": live}
    subject = Subject("connection", connection.id)
    record(session, "tenants:connection:create", subject, cause=cause, at=now, details=details)
    return connection


def _check_name(name: str) -> None:
    """Refuse the name of a tenant or connection that nobody could read."""
    if not name.strip() or len(name) > NAME_CHARACTERS or not name.isprintable():
        raise InvalidValue(
            f"found a name of {len(name)} characters, allowed 1 to {NAME_CHARACTERS} printable ones",
            pointer="/name",
        )


def _known(word: str, words: tuple[str, ...], pointer: str) -> str:
    if word not in words:
        raise InvalidValue(f"found {word[:60]!r}, allowed one of {', '.join(words)}", pointer=pointer)
    return word
