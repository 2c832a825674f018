"""The parents of all tables: rows of one tenant, and the few rows that no tenant owns."""

from datetime import datetime
from typing import Any

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bridge.database.columns import Document, Instant, Key


class Row(DeclarativeBase):
    """A table. Constraint names are fixed, so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy declares it so)
        str: Key,
        datetime: Instant(),
        dict[str, Any]: Document,
        list[str]: Document,
        list[dict[str, Any]]: Document,
    }


class TenantRow(Row):
    """A row of one tenant. Its key starts with the tenant; sessions and row-level security filter by it."""

    __abstract__ = True

    tenant_id: Mapped[str] = mapped_column(primary_key=True, sort_order=-2)


class UnscopedRow(Row):
    """An impersonal row that must be read before the tenant is known."""

    __abstract__ = True


def table_of(row: type[Row]) -> Table:
    """Return the table of a row's class, for statements that go past the ORM."""
    table = row.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{row.__name__} is not mapped to a table")
    return table
