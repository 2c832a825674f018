"""Column types that behave alike on SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import JSON, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB, TEXT


class Instant(TypeDecorator[datetime]):
    """An instant in UTC with microseconds: ``timestamptz`` on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no offset: instants are stored in UTC")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else value.replace(tzinfo=UTC)


#: Text that compares and sorts by code point on both databases, whatever the server's locale.
Key = Text().with_variant(TEXT(collation="C"), "postgresql")

#: A document; ``jsonb`` on PostgreSQL. None is the database's own NULL.
Document: JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

#: A document that is only read whole, kept as it was written: ``json`` on PostgreSQL, which costs less than
#: ``jsonb`` to write and half to read.
Kept: JSON = JSON(none_as_null=True)
