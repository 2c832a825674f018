"""That files and functions stay as short as the house style asks."""

import ast

from tests.house.sources import FOLDERS, name, nodes, python_files

FILE_LINES = 400
FUNCTION_LINES = 50


def test_no_file_is_longer_than_a_reader_keeps_in_mind():
    lengths = {name(path): len(path.read_text().splitlines()) for path in python_files(*FOLDERS)}
    assert lengths
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES} == {}


def test_every_function_fits_on_a_screen():
    lengths = {
        f"{name(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in python_files(*FOLDERS)
        for node in nodes(path, ast.FunctionDef, ast.AsyncFunctionDef)
    }
    assert lengths
    assert {function: lines for function, lines in lengths.items() if lines > FUNCTION_LINES} == {}
