"""The command that prices a document without a tenant or a database."""

import json
from typing import BinaryIO

import click

from bridge.billing.quote import answer_quote


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
def quote(file: BinaryIO) -> None:
    """Print the invoices of the period that FILE describes (default: standard input)."""
    answer = json.dumps(answer_quote(file.read()), indent=2, ensure_ascii=False)
    click.echo(answer.encode())  # JSON is UTF-8, whatever the terminal speaks (RFC 8259 section 8.1)
