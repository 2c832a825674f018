"""The command that measures: ``python -m tests.bench [--quick] [--only ROW]``."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import psutil
from rich.console import Console

from tests.bench.figures import Measured, Outcome, Remark, Tell
from tests.bench.load import Refused
from tests.bench.report import machine, measured_before, paths, show, write
from tests.bench.rows import (
    assigning,
    bulk,
    closing,
    decisions,
    depth,
    groups,
    hooks,
    operations,
    previews,
    quotes,
    seats,
    start,
    storms,
    together,
)
from tests.bench.sizes import FULL, QUICK, Sizes
from tests.bench.stage import Stage, open_stage

ROWS: dict[str, Callable[[Stage, Sizes, Tell], list[Outcome]]] = {
    "operations": operations.measure,
    "find": depth.find_one,
    "pages": depth.turn_pages,
    "groups": groups.add_one,
    "bulk": bulk.create_many,
    "together": together.ask_together,
    "decisions": decisions.decide_on_access,
    "seats": seats.wait_for_seats,
    "storms": storms.undo_everybody,
    "previews": previews.preview_everybody,
    "invoices": previews.preview_invoices,
    "quotes": quotes.quote_a_month,
    "assign": assigning.assign_everybody,
    "close": closing.close_a_month,
    "hooks": hooks.call_hooks,
    "start": start.start_web,
}


@click.command()
@click.option("--quick", is_flag=True, help="Small sizes: shows that the bench works, measures nothing.")
@click.option("--only", multiple=True, type=click.Choice(list(ROWS)), help="These rows alone; repeatable.")
@click.option("--peers/--no-peers", default=None, help="Other servers; default: unless it is quick.")
@click.option("--to", type=click.Path(path_type=Path), help="Folder for page and numbers, instead.")
def main(*, quick: bool, only: tuple[str, ...], peers: bool | None, to: Path | None) -> None:
    """Measure, print a table, write docs/performance.md and docs/performance.json; of a quick run, to var/.

    Rows that are not measured this time stay as they were measured last.
    Exit codes: 0 done, 1 a row failed or, unless it was quick, a floor was not reached.
    """
    console = Console(soft_wrap=True)
    sizes = _sizes(quick=quick, peers=peers)
    found = machine()
    page, numbers = paths(quick=quick, to=to)
    known = measured_before(numbers)
    with console.status("starting PostgreSQL and Redis") as status, open_stage() as stage:
        for name in only or ROWS:
            known[name] = _row(name, stage, sizes, status.update)
            in_order = {each: known[each] for each in ROWS if each in known}
            write(in_order, sizes, found, page=page, numbers=numbers)  # what is cut short keeps its rows
    measured = [known[name] for name in only or ROWS]
    show(console, measured)
    console.print(f"written: {page}, {numbers}")
    sys.exit(1 if _missed(measured, quick=quick) else 0)


def _sizes(*, quick: bool, peers: bool | None) -> Sizes:
    sizes = QUICK if quick else FULL
    return sizes if peers is None else replace(sizes, peers=peers)


def _row(name: str, stage: Stage, sizes: Sizes, tell: Tell) -> Measured:
    """Measure one row; one that fails is told as such and stops no other."""
    before = psutil.cpu_times()
    outcomes: list[Outcome]
    try:
        outcomes = ROWS[name](stage, sizes, tell)
    except Refused as error:
        outcomes = [Remark(name, f"FAILED: {error}")]
    after = psutil.cpu_times()
    taken = getattr(after, "steal", 0.0) - getattr(before, "steal", 0.0)
    return Measured(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M}", taken / (sum(after) - sum(before)), tuple(outcomes)
    )


def _missed(measured: list[Measured], *, quick: bool) -> bool:
    """Tell whether a row failed or, in a run that measures, a floor was not reached."""
    failed = any(remark.text.startswith("FAILED") for row in measured for remark in row.remarks)
    below = any(figure.met is False for row in measured for figure in row.figures)
    return failed or (below and not quick)


if __name__ == "__main__":
    main()
