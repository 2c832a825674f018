"""Where the bridge is measured: a durable PostgreSQL, a Redis, a migrated database, a service's settings."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import psutil
import psycopg

from bridge.app import put_together
from bridge.database.migrate import upgrade
from bridge.web.context import Bridge
from config.settings import Settings
from tests.bench.servers import Server, granian, keeper_of, python_path, running
from tests.servers import postgresql, redis_server

SCIM = "/scim/v2"
#: As delivered, apart from the memory: what a commit has promised is on the disk.
DURABLE = {
    "shared_buffers": "256MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
}
#: Rows about speed keep the limits in place, set so high that they refuse nothing.
UNHINDERED = {
    f"BRIDGE_{name}": "1000000"
    for name in (
        "SCIM_READS_PER_SECOND",
        "SCIM_READS_BURST",
        "SCIM_WRITES_PER_SECOND",
        "SCIM_WRITES_BURST",
        "EVALUATIONS_PER_SECOND",
        "EVALUATIONS_BURST",
    )
}


@dataclass(slots=True)
class Stage:
    """The servers behind the bridge, with its own parts in this process to prepare customers with."""

    postgresql: postgresql.PostgreSQL
    database_server: Server
    database_url: str
    broker_url: str
    bridge: Bridge
    kept: dict[str, object] = field(default_factory=dict)

    def web(
        self, *, workers: int = 1, limits: Mapping[str, str] = UNHINDERED
    ) -> AbstractContextManager[Server]:
        """Serve the bridge; ``workers`` is the number of web processes."""
        command = granian("bridge.app:create_app", workers=workers)
        return running(command, {**limits, **python_path()}, path="/healthz")

    def superuser(self) -> psycopg.Connection:
        """Connect past row-level security, to look on."""
        port, database = self.postgresql.port, self.database_url.rsplit("/", 1)[1]
        user = postgresql.SUPERUSER
        return psycopg.connect(host="127.0.0.1", port=port, user=user, dbname=database, autocommit=True)

    def tidy(self) -> None:
        """Have PostgreSQL look at what was filled in, and write it down, as it does by itself in time."""
        with self.superuser() as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Start what the bridge needs. The environment of this process becomes that of the service."""
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as folder, redis_server.running() as broker_url:
        before = set(psutil.Process().children())
        with postgresql.running(DURABLE) as server:
            own = Server(server.port, keeper_of(before))
            url = server.create("bridge")
            os.environ |= {
                "BRIDGE_ENV": "production",
                "BRIDGE_VAR": folder,
                "BRIDGE_DATABASE_URL": url,
                "BRIDGE_BROKER_URL": broker_url,
                "BRIDGE_SECRET_KEY": "a key of the bench with thirty-two characters or more",
            }
            settings = Settings()
            upgrade(settings.database, settings.database_role)
            bridge = put_together(settings)
            try:
                yield Stage(server, own, url, broker_url, bridge)
            finally:
                bridge.request_log.close()
                bridge.database.dispose()
