"""How PostgreSQL lays out tables that it would else write at needless cost."""

from sqlalchemy import text
from sqlalchemy.engine import Connection

#: The pages of people of invoices and credit notes, by table: a hundred kilobytes each, a thousand a month.
LARGE_TEXTS = {"invoice_people": "shares", "credit_note_people": "shares"}

_HAS_LZ4 = text("SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
_IS_LZ4 = text(
    "SELECT attcompression = 'l' FROM pg_attribute "
    "WHERE attrelid = CAST(:table AS regclass) AND attname = :name"
)


#: How full pages are made of tables whose rows change in columns that no index has: a changed row that finds
#: room beside the old one costs its indexes nothing.
PERCENT_FULL = {"people": 85, "groups": 85}

_OPTIONS = text("SELECT reloptions FROM pg_class WHERE oid = CAST(:table AS regclass)")


def lay_out(connection: Connection) -> None:
    """Set what differs from PostgreSQL's own choice; twice changes nothing."""
    _compress_with_lz4(connection)
    for table, percent in PERCENT_FULL.items():
        wanted = f"fillfactor={percent}"
        if wanted not in (connection.scalar(_OPTIONS, {"table": table}) or ()):
            connection.exec_driver_sql(f"ALTER TABLE {table} SET ({wanted})")


def _compress_with_lz4(connection: Connection) -> None:
    """Have PostgreSQL compress large texts with lz4, where it was built with it.

    Its own method took nearly half of PostgreSQL's time when a large tenant's month was closed.
    """
    if not connection.scalar(_HAS_LZ4):
        return
    for table, name in LARGE_TEXTS.items():
        if not connection.scalar(_IS_LZ4, {"table": table, "name": name}):
            connection.exec_driver_sql(f"ALTER TABLE {table} ALTER COLUMN {name} SET COMPRESSION lz4")
