"""What was measured, for the terminal, for docs/performance.md and for machines."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tests.bench.figures import Figure, Outcome, Remark
from tests.bench.servers import ROOT
from tests.bench.sizes import Sizes
from tests.servers.kept import program

LIBRARIES = ("flask", "sqlalchemy", "psycopg", "granian", "orjson", "celery", "redis")
MET = {True: "yes", False: "no", None: ""}
MEASURED = """\
`make bench` measures, prints this table and writes this page and `var/bench.json`. Everything below comes
from one run on one machine; compare the ratios, not the absolute figures, with another machine.

- Whatever is compared is measured in turns within each of {rounds} rounds of {seconds:g} s, in an order that
  turns from round to round; a figure is the median of its rounds, a ratio the median of the rounds' ratios.
- One server process with 8 threads each, 4 connections that stay open; only the row of many tenants has 2
  web processes, as the Procfile. The requests come from one process of their own on the same machine, which
  takes its share of the {cores} cores.
- PostgreSQL is durable (fsync and synchronous commits on) and the bridge runs as in production: tokens are
  checked, every request is logged to the provisioning log, writes wake the workers through Redis, rate limits
  are counted. In the rows about speed they are set so high that they refuse nothing; in the row of many
  tenants they are as delivered.
- *bare* is a minimal application on the same Flask, SQLAlchemy Core, psycopg, granian and PostgreSQL: it
  reads one row, or inserts one row and commits (of a PATCH, the change). It asks for no token, checks nothing
  and keeps no journal.
- Large directories are filled by copying the rows of one person who was created by a request, under other
  names, ids and instants, by VACUUM ANALYZE and by a checkpoint; the four requests above are measured among
  people created by requests only.
- Server CPU is the processor time of the server's process tree for each request; PostgreSQL's is its own.
- Other servers run with as little of our own as they need to store people: django-scim2 in the same
  PostgreSQL, scim2-server and SCIMMY in memory, which is lost when they end.
"""


def machine() -> dict[str, str]:
    """Return what was measured on, and with which versions."""
    memory = psutil.virtual_memory().total / 1e9
    postgres = subprocess.run(  # noqa: S603 - asks for its version
        [program("postgres"), "--version"], capture_output=True, check=True, text=True
    )
    found = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} "
        f"{platform.release()}",
        "load before the run": f"{os.getloadavg()[0]:.2f}",
        "bridge": version("provisioning-bridge"),
        "python": platform.python_version(),
        "postgresql": postgres.stdout.split()[2],
        **{name: version(name) for name in LIBRARIES},
    }
    node = shutil.which("node")
    if node:
        asked = subprocess.run(  # noqa: S603 - as above
            [node, "--version"], capture_output=True, check=True, text=True
        )
        found["node"] = asked.stdout.strip()
    return found


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def table(outcomes: Sequence[Outcome]) -> Table:
    """Return the table for a terminal."""
    drawn = Table("row", "figure", "floor", "reached", title="Performance")
    drawn.columns[1].no_wrap = False
    for figure in (each for each in outcomes if isinstance(each, Figure)):
        style = {True: "green", False: "red", None: None}[figure.met]
        drawn.add_row(
            figure.row, f"{figure.name}: {_value(figure)}", figure.floor, MET[figure.met], style=style
        )
    return drawn


def show(console: Console, outcomes: Sequence[Outcome]) -> None:
    console.print(table(outcomes))
    for remark in (each for each in outcomes if isinstance(each, Remark)):
        console.print(f"{remark.row}: {remark.text}")


def write(
    outcomes: Sequence[Outcome], sizes: Sizes, found: Mapping[str, str], *, page: Path, numbers: Path
) -> None:
    """Write the page and the numbers."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_page(outcomes, sizes, found))
    numbers.parent.mkdir(parents=True, exist_ok=True)
    figures = [asdict(each) for each in outcomes if isinstance(each, Figure)]
    remarks = [asdict(each) for each in outcomes if isinstance(each, Remark)]
    document = {"machine": found, "sizes": asdict(sizes), "figures": figures, "remarks": remarks}
    numbers.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _page(outcomes: Sequence[Outcome], sizes: Sizes, found: Mapping[str, str]) -> str:
    rows = [
        f"| {each.row} | {each.name} | {_value(each)} | {each.floor} | {MET[each.met]} |"
        for each in outcomes
        if isinstance(each, Figure)
    ]
    remarks = [f"- {each.row}: {each.text}" for each in outcomes if isinstance(each, Remark)]
    parts = [
        "# Performance",
        "",
        MEASURED.format(rounds=sizes.rounds, seconds=sizes.seconds, cores=os.cpu_count()),
        "\n".join(f"- {name}: {value}" for name, value in found.items()),
        "",
        "| row | figure | value | floor | reached |",
        "|---|---|---|---|---|",
        *rows,
        "",
        *remarks,
    ]
    return "\n".join(parts).rstrip() + "\n"


def _value(figure: Figure) -> str:
    digits = 0 if abs(figure.value) >= 100 else 1 if abs(figure.value) >= 10 else 2
    return f"{figure.value:,.{digits}f} {figure.unit}".strip()


def paths(*, partial: bool, to: Path | None) -> tuple[Path, Path]:
    """Return where page and numbers go; those of a quick run, or of some rows, are not documentation."""
    folder = to or ROOT / "var"
    if partial or to:
        return folder / "bench-partial.md", folder / "bench-partial.json"
    return ROOT / "docs" / "performance.md", folder / "bench.json"
