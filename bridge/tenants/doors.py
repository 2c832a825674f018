"""The way from a connection's id, which is all that a public address names, to the tenant whose it is."""

from sqlalchemy import bindparam, select

from bridge.database.rows import table_of
from bridge.database.sessions import Database
from bridge.errors import NotFound
from bridge.tenants.tables import ConnectionDoor

#: No id made here is longer; what is longer is not looked up.
ID_CHARACTERS = 64

_DOORS = table_of(ConnectionDoor).c
#: Past the ORM: whoever stands at a public address asks this first.
BY_CONNECTION = select(_DOORS.tenant_id).where(_DOORS.connection_id == bindparam("connection_id"))


def tenant_of_connection(database: Database, connection_id: str) -> str:
    """Return the id of the tenant whose connection this is. Raises ``NotFound``."""
    # PostgreSQL takes no NUL in a text, so that nothing can be found under one.
    if len(connection_id) <= ID_CHARACTERS and "\0" not in connection_id:
        row = database.look_up(BY_CONNECTION, {"connection_id": connection_id})
        if row is not None:
            return str(row.tenant_id)
    raise NotFound("there is no such connection: check the address")
