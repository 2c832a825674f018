"""How a preview looks in a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from bridge.cli.operator import console, print_json


def print_preview(preview: Mapping[str, Any], *, json: bool) -> None:
    """Print what a change would do, as JSON or for people."""
    if json:
        print_json(preview)
        return
    people = preview["people"]
    told = ", ".join(f"{people[kind]} {kind}" for kind in ("gains", "loses", "moves", "roles", "waits"))
    console.print(f"{people['affected']} people are affected: {told}", highlight=False)
    console.print(_groups(preview))
    for name in ("invoice", "year"):
        if preview[name] is not None:
            console.print(_money(name, preview[name]), highlight=False)
    for each in preview["waiting"]:
        console.print(
            f"{each['people']} people wait for a seat of plan {each['plan']} then, {each['before']} now",
            highlight=False,
        )
    for each in preview["conflicts"]:
        console.print(f"{each['people']} people match {', '.join(each['rules'])}: the first names the plan")
    console.print(f"{preview['unmatched']['people']} people are matched by no rule", highlight=False)
    hands = preview["administrators"]
    console.print(f"administrators: {hands['before']} before, {hands['after']} after", highlight=False)
    if hands["locks_out"]:
        console.print("nobody would be left who may assign roles: applying this is refused")
    if preview["id"] is not None:
        console.print(f"to apply exactly this: --preview-id {preview['id']}", highlight=False)


def _groups(preview: Mapping[str, Any]) -> Table:
    table = Table("before", "after")
    table.add_column("people", justify="right")
    for group in preview["groups"]:
        first = group["steps"][0]
        table.add_row(_held(first["before"]), _held(first["after"]), str(group["people"]))
    return table


def _held(held: Mapping[str, Any]) -> str:
    plan = f"waits for {held['waits_for']}" if "waits_for" in held else held["plan"]
    return " + ".join([plan, *held["roles"]])


def _money(name: str, amounts: Mapping[str, Any]) -> str:
    if amounts["problem"] is not None:
        return f"{name}: {amounts['problem']}"
    period = amounts["period"]
    of = f"invoice of {period['start']} to {period['end']}" if name == "invoice" else "a year"
    return (
        f"{of}: {amounts['before']} {amounts['currency']} now, {amounts['after']} then, "
        f"{amounts['difference']} more"
    )
