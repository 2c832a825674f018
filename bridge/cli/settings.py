"""The command that documents the settings."""

import click
from rich.console import Console
from rich.table import Column, Table

from config.settings import Settings
from config.settings import settings as read_settings


@click.command()
def settings() -> None:
    """List every setting with its meaning, its default and its present value."""
    present = read_settings()
    table = Table(Column("variable", no_wrap=True), "value", "default", "meaning", show_lines=True)
    for name, field in Settings.model_fields.items():
        value = "(hidden)" if not field.repr else str(getattr(present, name))
        table.add_row(f"BRIDGE_{name.upper()}", value, str(field.default), field.description or "")
    Console().print(table)
