"""That nothing is left half done or silenced without a reason."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.sources import FOLDERS, comments, name, nodes, python_files

# Written apart, so that this file does not hold what it looks for.
TO_DO = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
HALF_DONE = {"NotImplemented" + "Error"}
PASSED_OVER = {"skip", "skipif", "xfail", "importorskip"}

DIRECTIVE = re.compile(
    r"(?P<kind>noqa|type:\s*ignore|pragma:\s*no\s*\w+)"
    r"(?P<codes>\s*\[[\w\-, ]+\]|:\s*[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)?"
)


def without_reason(comment: str) -> bool:
    """Tell whether a comment silences a tool and does not say why."""
    if not DIRECTIVE.match(comment.lstrip("# ")):
        return False
    return not re.search(r"[A-Za-z]\w+", DIRECTIVE.sub(" ", comment))


def half_done(path: Path) -> list[int]:
    """Number the lines that put something off."""
    named = [node.lineno for node in nodes(path, ast.Name) if node.id in HALF_DONE]
    passed_over = [
        node.lineno for node in nodes(path, ast.Attribute) if node.attr in PASSED_OVER and of_pytest(node)
    ]
    noted = [line for line, comment in comments(path) if TO_DO.search(comment)]
    return sorted(named + passed_over + noted)


def of_pytest(node: ast.Attribute) -> bool:
    return ast.unparse(node.value) in {"pytest", "pytest.mark"}


@pytest.mark.parametrize(
    "comment",
    ["# noqa", "# noqa: S101", "# noqa: S101, D102", "# type: ignore[attr-defined]", "# pragma: no cover"],
)
def test_a_silenced_tool_needs_a_reason(comment: str):
    assert without_reason(comment)
    assert not without_reason(f"{comment} - the vendor's own name")
    assert not without_reason(f"{comment} (vendor types are incomplete)")


def test_prose_about_types_is_no_silenced_tool():
    assert not without_reason("# a type: ignore nothing")


@pytest.mark.parametrize(
    "line",
    [
        "raise NotImplemented" + "Error",
        "raise NotImplemented" + "Error('later')",
        "@pytest.mark.skip\ndef test(): ...",
        "@pytest.mark.xfail(reason='later')\ndef test(): ...",
        "pytest.skip('later')",
        "1  # TO" + "DO later",
    ],
)
def test_what_is_half_done_is_found(line: str, tmp_path: Path):
    path = tmp_path / "example.py"
    path.write_text(line)
    assert half_done(path) == [1]


def test_nothing_is_left_half_done():
    found = {name(path): half_done(path) for path in python_files(*FOLDERS)}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_every_silenced_tool_is_silenced_for_a_reason():
    assert [
        f"{name(path)}:{line} {comment}"
        for path in python_files(*FOLDERS)
        for line, comment in comments(path)
        if without_reason(comment)
    ] == []
