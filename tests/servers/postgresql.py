"""A PostgreSQL cluster of the tests' own, thrown away afterwards."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers.kept import Recipe, ServerFailed, kept, program

SUPERUSER = "postgres"
# The account the bridge signs in with. It owns its databases and is no superuser, so that forced row-level
# security binds it as it does in production; a superuser would pass every policy.
OWNER = "bridge"
# What is lost in a crash is thrown away anyway, so nothing waits for the disk.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a long TMPDIR would pass the 107 bytes of a socket's path
}


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running cluster, with what it takes to make and drop databases in it.

    To connect costs as much as most that is done here, so the superuser stays connected.
    """

    port: int
    superuser: psycopg.Connection = field(repr=False, compare=False)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{OWNER}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template0") -> str:
        """Make a database as a copy of ``template``, which nobody may be connected to, and give its URL.

        Files are copied as they are: written to the log, as by default, they would cost three times as much.
        """
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY")
        self.run(statement.format(*map(sql.Identifier, (database, OWNER, template))))
        return self.url(database)

    def drop(self, database: str) -> None:
        self.run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def rename(self, database: str, name: str) -> str:
        """Give a database that nobody is connected to another name, and its URL."""
        statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        self.run(statement.format(*map(sql.Identifier, (database, name))))
        return self.url(name)

    def run(self, statement: sql.Composed | sql.SQL) -> None:
        self.superuser.execute(statement)


@contextmanager
def running(settings: Mapping[str, str] = SETTINGS) -> Iterator[PostgreSQL]:
    """Run a cluster whose only databases are PostgreSQL's own."""
    recipe = Recipe(
        user=unprivileged_user(),
        stop_signal=signal.SIGQUIT,
        prepare=initialise,
        command=lambda folder, port: command(folder, port, settings),
        answers=answers,
    )
    with kept(recipe) as port, connection(port) as superuser:
        server = PostgreSQL(port, superuser)
        server.run(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(sql.Identifier(OWNER)))
        yield server


def unprivileged_user() -> str:
    """Name the account to run as: PostgreSQL refuses root, so root lends it another."""
    if os.geteuid() != 0:
        return ""
    known = {account.pw_name for account in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def initialise(folder: Path) -> None:
    user = unprivileged_user()
    as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    options = ["--auth=trust", "--no-sync", "--no-locale", "--encoding=UTF8", f"--username={SUPERUSER}"]
    done = subprocess.run(  # noqa: S603 - our own arguments
        [program("initdb"), *options, f"--pgdata={folder / 'cluster'}"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        **as_user,
    )
    if done.returncode != 0:
        raise ServerFailed(f"initdb did not finish:\n{done.stdout}{done.stderr}")


def command(folder: Path, port: int, settings: Mapping[str, str]) -> list[str]:
    chosen = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [program("postgres"), "-D", str(folder / "cluster"), "-p", str(port), *chosen]


def answers(port: int) -> bool:
    try:
        with connection(port):
            return True
    except psycopg.OperationalError:
        return False


def connection(port: int, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(host="127.0.0.1", port=port, user=SUPERUSER, dbname=database, autocommit=True)
