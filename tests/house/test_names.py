"""That names say something."""

import ast
import re

import pytest

from tests.house.sources import FOLDERS, ROOT, name, nodes, python_files

SAYS_NOTHING = {"base", "common", "data", "info", "misc"} | {
    word + plural for word in ("util", "helper", "manager", "handler", "service") for plural in ("", "s")
}


def words_of_module(path: str) -> list[str]:
    return re.split(r"[/_.]", path.removesuffix(".py"))


def last_word_of_class(title: str) -> str:
    return re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", title)[-1].lower()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("bridge/seats/span_utils.py", ["bridge", "seats", "span", "utils"]),
        ("bridge/common/x.py", ["bridge", "common", "x"]),
    ],
)
def test_a_module_is_read_word_by_word(path: str, words: list[str]):
    assert words_of_module(path) == words


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("SeatManager", "manager"),
        ("HTTPHandler", "handler"),
        ("Base", "base"),
        ("SeatDATA", "data"),
        ("_Info", "info"),
    ],
)
def test_a_class_is_read_by_its_last_word(title: str, word: str):
    assert last_word_of_class(title) == word


def test_every_module_says_what_it_is_about():
    paths = [name(path) for path in python_files(*FOLDERS)]
    assert [path for path in paths if SAYS_NOTHING & set(words_of_module(path))] == []


def test_every_folder_says_what_it_is_about():
    folders = [path for top in FOLDERS for path in (ROOT / top).rglob("*") if path.is_dir()]
    assert [name(path) for path in folders if path.name.lower() in SAYS_NOTHING] == []


def test_every_class_says_what_it_is_about():
    classes = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in python_files(*FOLDERS)
        for node in nodes(path, ast.ClassDef)
    ]
    assert classes
    assert [title for title in classes if last_word_of_class(title.split()[-1]) in SAYS_NOTHING] == []
