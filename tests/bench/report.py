"""What was measured, for the terminal, for docs/performance.md and for machines."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.bench.figures import Figure, Measured, Outcome, Remark
from tests.bench.servers import ROOT
from tests.bench.sizes import Sizes
from tests.servers.kept import program

LIBRARIES = ("flask", "sqlalchemy", "psycopg", "granian", "orjson", "celery", "redis")
MET = {True: "yes", False: "no", None: ""}
MEASURED = """\
`make bench` measures, prints this table and writes this page and `docs/performance.json`. A row measured
alone (`make bench BENCH="--only close"`) takes the place of its older self. Each tells when it was measured,
and how much of the processors the host of the virtual machine kept for others meanwhile: compare ratios, not
absolute figures, and trust little of what was measured while much was taken.

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
- Server CPU is the processor time of the server's process tree for each request, PostgreSQL's is told apart.
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
        "machine": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} "
        f"{platform.release()}",
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


def table(measured: Sequence[Measured]) -> Table:
    """Return the table for a terminal."""
    drawn = Table("row", "figure", "floor", "reached", "taken by the host", title="Performance")
    drawn.columns[1].no_wrap = False
    for row in measured:
        for figure in row.figures:
            style = {True: "green", False: "red", None: None}[figure.met]
            told = f"{figure.name}: {_value(figure)}"
            drawn.add_row(figure.row, told, figure.floor, MET[figure.met], f"{row.taken:.0%}", style=style)
    return drawn


def show(console: Console, measured: Sequence[Measured]) -> None:
    console.print(table(measured))
    for remark in (remark for row in measured for remark in row.remarks):
        console.print(f"{remark.row}: {remark.text}")


def measured_before(numbers: Path) -> dict[str, Measured]:
    """Return the rows that an earlier run has written, by their names."""
    if not numbers.exists():
        return {}
    rows = json.loads(numbers.read_text())["rows"]
    return {name: _as_measured(row) for name, row in rows.items()}


def _as_measured(row: dict[str, Any]) -> Measured:
    figures = [Figure(**{**figure, "rounds": tuple(figure["rounds"])}) for figure in row["figures"]]
    outcomes: list[Outcome] = [*figures, *(Remark(**remark) for remark in row["remarks"])]
    return Measured(row["at"], row["taken"], tuple(outcomes))


def write(
    rows: Mapping[str, Measured], sizes: Sizes, found: Mapping[str, str], *, page: Path, numbers: Path
) -> None:
    """Write the page and the numbers."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_page(rows.values(), sizes, found))
    document = {
        "machine": found,
        "sizes": asdict(sizes),
        "rows": {
            name: {
                "at": row.at,
                "taken": round(row.taken, 4),
                "figures": [asdict(each) for each in row.figures],
                "remarks": [asdict(each) for each in row.remarks],
            }
            for name, row in rows.items()
        },
    }
    numbers.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _page(rows: Iterable[Measured], sizes: Sizes, found: Mapping[str, str]) -> str:
    lines = [
        f"| {each.row} | {each.name} | {_value(each)} | {each.floor} | {MET[each.met]} | {when} |"
        for row in rows
        for when in (f"{row.at} | {row.taken:.0%}",)
        for each in row.figures
    ]
    remarks = [f"- {each.row}: {each.text}" for row in rows for each in row.remarks]
    parts = [
        "# Performance",
        "",
        MEASURED.format(rounds=sizes.rounds, seconds=sizes.seconds, cores=os.cpu_count()),
        "\n".join(f"- {name}: {value}" for name, value in found.items()),
        "",
        "| row | figure | value | floor | reached | measured, UTC | taken by the host |",
        "|---|---|---|---|---|---|---|",
        *lines,
        "",
        *remarks,
    ]
    return "\n".join(parts).rstrip() + "\n"


def _value(figure: Figure) -> str:
    digits = 0 if abs(figure.value) >= 100 else 1 if abs(figure.value) >= 10 else 2
    return f"{figure.value:,.{digits}f} {figure.unit}".strip()


def paths(*, quick: bool, to: Path | None) -> tuple[Path, Path]:
    """Return where page and numbers go; those of a quick run are not documentation."""
    folder = to or (ROOT / "var" / "bench" if quick else ROOT / "docs")
    return folder / "performance.md", folder / "performance.json"
