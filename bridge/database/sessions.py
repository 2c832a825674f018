"""Sessions bound to one tenant: no statement of theirs sees or writes another tenant's row."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from sqlalchemy import ClauseElement, Dialect, Select, Table, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine import Row as ResultRow
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, with_loader_criteria
from sqlalchemy.sql.visitors import iterate

from bridge.database.direct import execute
from bridge.database.lanes import Lanes, lanes_of
from bridge.database.many_rows import delete_rows, insert_into, insert_missing, put_rows
from bridge.database.pipeline import Waiting, execute_first, execute_last, execute_together
from bridge.database.prepared import TENANT, Ask, Prepared
from bridge.database.results import Rows
from bridge.database.rows import Row, TenantRow
from bridge.database.transactions import begin, beginning_of, end, roll_back
from bridge.errors import Inconsistent

#: Key of ``session.info`` that asks for the workers to be woken after the commit.
WAKE = "wake_workers"

#: Tells in our own words what the database refused, or nothing where it knows no better.
Explanation = Callable[[IntegrityError], Exception | None]


class TenantSession(Session):
    """A session in one tenant. Selects, updates and deletes are filtered by it, inserts are checked.

    Its transaction begins with the first statement, and ``Database`` ends it. Prepared statements and held
    changes go past the ORM, whose own bookkeeping begins with its first use.
    """

    def __init__(
        self, engine: Engine, tenant_id: str, *, lanes: Lanes | None = None, only_reads: bool = False
    ) -> None:
        super().__init__(autoflush=False, expire_on_commit=False)
        self.tenant_id = tenant_id
        self.only_reads = only_reads
        self._engine = engine
        self._lanes = lanes
        self._present: Connection | None = None
        self._ahead: tuple[Ask, Rows] | None = None
        self._held: list[Waiting] = []
        self._held_tables: set[str] = set()
        self._explanations: list[Explanation] = []

    def run(self, prepared: Prepared, **values: object) -> Rows:
        """Execute a prepared statement in this tenant."""
        known = self._foreseen(prepared, values)
        if known is not None:
            return known
        if not prepared.tables.isdisjoint(self._held_tables):
            self.write_held()
        return execute(self.present(), prepared.statement, {TENANT: self.tenant_id, **values})

    def run_last(self, prepared: Prepared, **values: object) -> Rows:
        """Execute a prepared statement and end the transaction with it, in one round trip where that can be.

        For what only reads and needs no more; what is asked for afterwards is read in another transaction.
        """
        known = self._foreseen(prepared, values)
        if known is not None:
            return known
        present, given = self.present(), {TENANT: self.tenant_id, **values}
        is_ours = self.only_reads and not present.in_transaction()
        known = execute_last(present, prepared.statement, given) if is_ours else None
        if known is None:
            return execute(present, prepared.statement, given)
        self._give_back()
        return known

    @property
    def dialect(self) -> Dialect:
        """What is spoken to the database, known without beginning a transaction."""
        return self._engine.dialect

    @property
    def is_postgresql(self) -> bool:
        """Whether the database is PostgreSQL, else SQLite."""
        return self._engine.dialect.name == "postgresql"

    def begin_by(self, prepared: Prepared, ahead: Ask | None = None, /, **values: object) -> Rows:
        """Begin the transaction and execute its first statement in one round trip where that can be.

        ``ahead`` goes with it: if it is what ``run`` or ``run_last`` is asked for next, that has its answer.
        """
        connection, given = self._begun(), {TENANT: self.tenant_id, **values}
        asked: list[Waiting] = [(prepared.statement, given)]
        if ahead is not None:
            asked.append((ahead.prepared.statement, {TENANT: self.tenant_id, **ahead.values}))
        beginning = beginning_of(self.tenant_id, only_reads=self.only_reads)
        ends = ahead is not None and ahead.last and self.only_reads
        found = execute_first(connection, beginning, asked, commit=ends)
        if found is None:
            begin(connection, self.tenant_id, only_reads=self.only_reads)
            return execute(connection, prepared.statement, given)
        if ends:
            self._give_back()
        if ahead is not None:
            self._ahead = ahead, found[1]
        return found[0]

    def _foreseen(self, prepared: Prepared, values: dict[str, object]) -> Rows | None:
        """Return the answer to what was sent ahead if it is this, and nothing was done since."""
        if self._ahead is None or self._held:
            return None
        (ask, found), self._ahead = self._ahead, None
        return found if ask.prepared is prepared and ask.values == values else None

    def present(self) -> Connection:
        """Return the transaction's connection, begun in the tenant."""
        self._ahead = None
        if self._present is None:
            begin(self._begun(), self.tenant_id, only_reads=self.only_reads)
        return cast("Connection", self._present)

    def _begun(self) -> Connection:
        if self._lanes is None:
            self._present = self._engine.connect()
            self._present.begin()
        else:
            self._present = self._lanes.take(self._engine)
        return self._present

    def get_bind(self, *_args: object, **_options: object) -> Connection:
        """Have the ORM work on the transaction's connection, whatever it is about."""
        present = self.present()
        if not present.in_transaction():
            present.begin()  # of which PostgreSQL is not told: it has begun
        return present

    def connection(self, *_arguments: object, **_options: object) -> Connection:
        """Return the connection to whoever works on it directly; what is held is written before."""
        self.write_held()
        return super().connection()

    def begin_nested(self) -> SessionTransaction:
        """Begin a savepoint at once; what is held does not belong to it."""
        self.write_held()
        savepoint = super().begin_nested()
        self.connection()
        return savepoint

    def finish(self) -> None:
        """Write what waits, of the ORM's objects and of what is held, and commit."""
        if self.in_transaction():
            self.commit()
        self.write_held(commit=True)
        if self._present is None:
            return
        if self._present.in_transaction():
            self._present.commit()
        else:
            end(self._present, b"COMMIT")

    def close(self) -> None:
        """Roll back what is not committed and give the connection back."""
        if self.in_transaction() or self.identity_map:
            super().close()
        self._drop_held()
        if self._present is not None and self._lanes is not None:
            roll_back(self._present)
        self._give_back()

    def _give_back(self) -> None:
        present, self._present = self._present, None
        if present is None:
            return
        if self._lanes is None:
            present.close()
        else:
            self._lanes.give(present)

    def add_rows(self, row: type[Row], values: Sequence[dict[str, Any]]) -> None:
        """Insert rows of one table in one statement, which costs a fraction of the ORM's insert.

        Raises ``Inconsistent`` for a row of another tenant.
        """
        self.hold_rows(row, values)
        self.write_held()

    def add_missing_rows(self, row: type[Row], values: Sequence[dict[str, Any]]) -> None:
        """Insert rows like ``add_rows``, leaving out those whose key exists already."""
        _check_inserted(values, self.tenant_id)
        self.write_held()
        insert_missing(self.present(), row, values)

    def put_rows(self, row: type[Row], values: Sequence[dict[str, Any]]) -> None:
        """Insert rows like ``add_rows``; those whose key exists already become as they are given."""
        _check_inserted(values, self.tenant_id)
        self.write_held()
        put_rows(self.present(), row, values)

    def delete_rows(self, row: type[TenantRow], keys: Sequence[dict[str, Any]]) -> None:
        """Delete this tenant's rows of these keys in one statement."""
        self.write_held()
        if keys:
            delete_rows(self.present(), row, [{**each, "tenant_id": self.tenant_id} for each in keys])

    def hold_rows(self, row: type[Row], values: Sequence[dict[str, Any]]) -> None:
        """Insert rows like ``add_rows``, but together with those that follow.

        They are written before any statement that could miss them, and before a commit or a savepoint.
        """
        if issubclass(row, TenantRow):
            _check_inserted(values, self.tenant_id)
        statement = insert_into(row)
        self._held += [(statement, each) for each in values]
        self._held_tables.add(row.__tablename__)

    def explain(self, explanation: Explanation) -> None:
        """Have what the database may refuse of what is held told in words that whoever asked understands."""
        self._explanations.append(explanation)

    def hold(self, prepared: Prepared, **values: object) -> None:
        """Execute a prepared change, of which nothing is read, together with the rows that are held."""
        self._held.append((prepared.statement, {TENANT: self.tenant_id, **values}))
        self._held_tables |= prepared.tables

    def write_held(self, *, commit: bool = False) -> None:
        """Write what is held, in the order in which it came; with ``commit`` perhaps that as well."""
        held, explanations = self._held, self._explanations
        if not held:
            return
        self._drop_held()
        try:
            execute_together(self.present(), held, commit=commit)
        except IntegrityError as error:
            told = [explanation(error) for explanation in explanations]
            for each in filter(None, told):
                raise each from error
            raise

    def _drop_held(self) -> None:
        self._held, self._held_tables, self._explanations = [], set(), []


class Transaction:
    """A session's transaction, as a context: it ends well, or is abandoned when something is raised."""

    __slots__ = ("_after_due", "session")

    def __init__(self, session: TenantSession, after_due: Callable[[str], None]) -> None:
        self.session = session
        self._after_due = after_due

    def __enter__(self) -> TenantSession:
        return self.session

    def __exit__(self, error: type[BaseException] | None, *_raised: object) -> None:
        if error is not None:
            self.abandon()
            return
        try:
            if not self.session.only_reads:
                self.session.finish()
        finally:
            self.abandon()
        if self.session.info.get(WAKE):
            self._after_due(self.session.tenant_id)

    def abandon(self) -> None:
        """Give the connection back; what is not committed is rolled back."""
        self.session.close()


class UnscopedSession(Session):
    """A session outside any tenant: it may touch impersonal tables only."""

    def __init__(self, bind: Engine) -> None:
        super().__init__(bind, autoflush=False, expire_on_commit=False)


class Database:
    """Where sessions come from.

    ``after_due(tenant_id)`` is called after each commit that left work for the workers; it may not fail.
    """

    def __init__(self, engine: Engine, *, after_due: Callable[[str], None] = lambda _tenant_id: None) -> None:
        self.engine = engine
        self.is_postgresql = engine.dialect.name == "postgresql"
        self._lanes = lanes_of(engine)
        self._writer = engine.execution_options(bridge_writes=True)
        # One statement needs no BEGIN and ROLLBACK, which on PostgreSQL are a round trip each.
        alone = {"isolation_level": "AUTOCOMMIT"} if self.is_postgresql else {}
        self._lookups = engine.execution_options(**alone)
        self._after_due = after_due

    def read(self, tenant_id: str) -> "Transaction":
        """Open a transaction of one tenant that changes nothing; PostgreSQL refuses it any change."""
        return Transaction(self._session(self.engine, tenant_id, only_reads=True), self._after_due)

    def write(self, tenant_id: str) -> "Transaction":
        """Open a transaction of one tenant that commits at the end, or changes nothing when it raises."""
        return Transaction(self._session(self._writer, tenant_id), self._after_due)

    def _session(self, engine: Engine, tenant_id: str, *, only_reads: bool = False) -> TenantSession:
        return TenantSession(engine, tenant_id, lanes=self._lanes, only_reads=only_reads)

    @contextmanager
    def unscoped(self) -> Iterator[UnscopedSession]:
        """Open a transaction on the impersonal tables that commits at the end."""
        with UnscopedSession(self._writer) as session:
            yield session
            session.commit()

    @contextmanager
    def unscoped_read(self) -> Iterator[UnscopedSession]:
        """Open a transaction on the impersonal tables that is rolled back at the end."""
        with UnscopedSession(self.engine) as session:
            yield session

    def look_up(
        self, statement: Select[*tuple[Any, ...]], values: dict[str, object]
    ) -> ResultRow[*tuple[Any, ...]] | None:
        """Read at most one impersonal row past the ORM, as every request does."""
        with self._lookups.connect() as connection:
            return connection.execute(statement, values).one_or_none()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def leave_to_parent(self) -> None:
        """Forget all connections without closing them: in a child, whose parent goes on using them."""
        if self._lanes is not None:
            self._lanes.forget()
        self.engine.dispose(close=False)
        self._lanes = lanes_of(self.engine)


@event.listens_for(TenantSession, "before_commit")
def _write_held(session: TenantSession) -> None:
    session.write_held()


@event.listens_for(TenantSession, "after_soft_rollback")
def _drop_held(session: TenantSession, _transaction: SessionTransaction) -> None:
    session._drop_held()  # noqa: SLF001 (a part of the session's own class, as events have it)


@event.listens_for(TenantSession, "do_orm_execute")
def _stay_in_the_tenant(state: ORMExecuteState) -> None:
    """Add the tenant to every statement on tenants' tables; refuse inserts for another one."""
    session = state.session
    assert isinstance(session, TenantSession)  # noqa: S101 (the listener is registered for this class)
    session.write_held()
    if state.is_insert:
        _check_inserted(state.parameters, session.tenant_id)
    elif not state.is_column_load and not state.is_relationship_load:
        tenant_id = session.tenant_id
        state.statement = state.statement.options(
            with_loader_criteria(TenantRow, lambda row: row.tenant_id == tenant_id, include_aliases=True)
        )


def _check_inserted(parameters: Any, tenant_id: str) -> None:  # noqa: ANN401 (SQLAlchemy's own type)
    rows = parameters if isinstance(parameters, list) else [parameters or {}]
    for row in rows:
        if row.get("tenant_id", tenant_id) != tenant_id:
            raise Inconsistent("a row of another tenant was about to be written; nothing was")


@event.listens_for(TenantSession, "before_flush")
def _own_what_is_new(session: TenantSession, _context: object, _instances: object) -> None:
    session.write_held()
    for row in session.new:
        if isinstance(row, TenantRow):
            row.tenant_id = row.tenant_id or session.tenant_id
            _check_inserted({"tenant_id": row.tenant_id}, session.tenant_id)


@event.listens_for(UnscopedSession, "do_orm_execute")
def _touch_impersonal_rows_only(state: ORMExecuteState) -> None:
    """Refuse a statement that reaches a tenant's table in any way: by a column, a join, a subquery."""
    for part in iterate(cast("ClauseElement", state.statement)):
        table = part if isinstance(part, Table) else getattr(part, "table", None)
        if isinstance(table, Table) and table.name in _scoped():
            raise Inconsistent(f"{table.name} was read outside a tenant")


@cache
def _scoped() -> frozenset[str]:
    return frozenset(scoped_tables())


def scoped_tables() -> list[str]:
    """Return the names of all tables whose rows belong to a tenant."""
    return sorted(m.class_.__tablename__ for m in Row.registry.mappers if issubclass(m.class_, TenantRow))
