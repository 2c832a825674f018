"""When the journal is sealed: after each drain, each night."""

from bridge.database.sessions import Database
from bridge.journal.seal import seal
from workers.app import app, database


@app.task(name="bridge.seal_journal")
def seal_journal(tenant_id: str) -> None:
    """Seal what is unsealed in the tenant's journal."""
    seal_all(database(), tenant_id)


def seal_all(database: Database, tenant_id: str) -> None:
    """Seal in steps, each a transaction of its own, until nothing is left."""
    while seal(database, tenant_id):
        pass
