"""How seats, invoices, reasons, findings look in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.tree import Tree

Rows = Sequence[Mapping[str, Any]]


def seats_table(counts: Mapping[str, int], *, title: str) -> Table:
    """Draw the number of seats of each plan."""
    table = Table("plan", title=title, title_justify="left")
    table.add_column("seats", justify="right")
    for plan, seats in counts.items():
        table.add_row(plan, str(seats))
    table.add_section()
    table.add_row("all", str(sum(counts.values())))
    return table


def invoice_picture(document: Mapping[str, Any], people: Iterable[tuple[str, Mapping[str, Any]]]) -> Group:
    """Draw an invoice: its lines, its departments, then ``people`` as pairs of a name and a row."""
    number = f"Invoice {document['number']}" if "number" in document else "The invoice as it would be now"
    period = document["period"]
    parts: list[RenderableType] = [
        _money_table(
            f"{number}: {period['start']} to {period['end']}, {document['currency']}",
            ("kind", "plan", "what", "quantity"),
            [
                (line["kind"], line["plan"] or "", line["description"], line["quantity"], line["amount"])
                for line in document["lines"]
            ],
            {name: document[name] for name in ("subtotal", "tax", "total", "due")},
        ),
        _money_table(
            "By department",
            ("department",),
            [(row["department"] or "—", row["amount"]) for row in document["departments"]],
            {"subtotal": document["subtotal"]},
        ),
        _money_table(
            "By person",
            ("person", "plan", "department", "cost centre", "days"),
            [
                (
                    name,
                    row["plan"] or "",
                    row["department"] or "—",
                    row["cost_centre"] or "—",
                    str(row["billable_days"]),
                    row["amount"],
                )
                for name, row in people
            ],
            {"subtotal": document["subtotal"]},
        ),
    ]
    return Group(*parts)


def reasons_tree(document: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, title: str) -> Tree:
    """Draw an explanation's document, or several, as a tree."""
    tree = Tree(f"[bold]{title}")
    _branch(tree, document)
    return tree


def _branch(tree: Tree, value: object) -> None:
    if isinstance(value, Mapping):
        for key, part in value.items():
            _leaf(tree, str(key).replace("_", " "), part)
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value, start=1):
            _leaf(tree, str(index), part)


def _leaf(tree: Tree, name: str, part: object) -> None:
    if isinstance(part, (Mapping, list, tuple)):
        if part:
            _branch(tree.add(f"[cyan]{name}"), part)
    elif part is not None and part != "":
        tree.add(f"[cyan]{name}[/]: {part}", highlight=False)


def _money_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], sums: Mapping[str, str]
) -> Table:
    table = Table(*columns, title=title, title_justify="left")
    table.add_column("amount", justify="right")
    for row in rows:
        table.add_row(*row)
    table.add_section()
    for name, amount in sums.items():
        table.add_row(name, *[""] * (len(columns) - 1), amount)
    return table
