"""That each module says in one sentence what lives there."""

import ast
import re

import pytest

from tests.house.sources import FOLDERS, name, python_files, tree

# A full stop, question or exclamation mark followed by the capital letter of a second sentence.
SECOND_SENTENCE = re.compile(r"[.!?]\s+[A-Z]")


def fault(docstring: str | None) -> str:
    """Say what is wrong with a module's docstring, empty if nothing."""
    if not docstring:
        return "has no docstring"
    first = docstring.splitlines()[0]
    if not first.endswith("."):
        return "does not end its first line with a full stop"
    if SECOND_SENTENCE.search(first):
        return "needs two sentences"
    return ""


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        (None, "has no docstring"),
        ("", "has no docstring"),
        ("Money in whole minor units.", ""),
        ("Money, e.g. of a plan: whole minor units.\n\nMore. And more.", ""),
        ("Money in whole\nminor units.", "does not end its first line with a full stop"),
        ("Money. Periods too.", "needs two sentences"),
    ],
)
def test_one_sentence_on_the_first_line_is_asked_for(docstring: str | None, expected: str):
    assert fault(docstring) == expected


def test_every_module_says_in_one_sentence_what_lives_there():
    # A file of tests has said it by its name and theirs.
    files = [path for path in python_files(*FOLDERS) if not path.name.startswith("test_")]
    found = {name(path): fault(ast.get_docstring(tree(path))) for path in files}
    assert found
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
