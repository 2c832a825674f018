"""That each dependency is declared, used, explained."""

import ast
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.sources import PRODUCT, ROOT, name, nodes, python_files

# Needed although no line imports them.
USED_OTHERWISE = {
    "setuptools": "installs the bridge into .venv",
    "psycopg": "SQLAlchemy opens it by the scheme of a database's URL",
    "redis": "Celery's transport in production",
    "tzdata": "the standard library reads time zones from it where the system has none",
    "granian": "the Procfile starts it",
    "packaging": "the Redis transport imports it without declaring it",
}
# Documented as one library with the one that is declared.
COMES_WITH = {
    "kombu": "celery",
    "pydantic": "pydantic-settings",
    "werkzeug": "flask",
    "jinja2": "flask",
    "markupsafe": "flask",
}
OURS = {*PRODUCT, "tests"}


@cache
def installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def declared() -> set[str]:
    lines = (ROOT / "requirements.in").read_text().splitlines()
    return {canonicalize_name(Requirement(line).name) for line in lines if line and line[0] not in "#-"}


def imported_modules(path: Path) -> set[str]:
    plain = {alias.name for node in nodes(path, ast.Import) for alias in node.names}
    absolute = {node.module for node in nodes(path, ast.ImportFrom) if node.module and not node.level}
    return {module.split(".")[0] for module in plain | absolute}


def distributions(path: Path) -> set[str]:
    """Name what must be installed for the imports of a file."""
    modules = imported_modules(path) - sys.stdlib_module_names - OURS
    known = installed()
    needed = {canonicalize_name(known.get(module, [module])[0]) for module in modules}
    return {COMES_WITH.get(distribution, distribution) for distribution in needed}


def test_every_import_is_declared():
    undeclared = {name(path): distributions(path) - declared() for path in python_files(*PRODUCT)}
    assert undeclared
    assert {path: missing for path, missing in undeclared.items() if missing} == {}


def test_every_dependency_is_used():
    used = set().union(*(distributions(path) for path in python_files(*PRODUCT)))
    assert declared() - used - USED_OTHERWISE.keys() == set()


def explained() -> set[str]:
    """Read the first column of ARCHITECTURE.md's table of libraries; a line may explain several."""
    table = (ROOT / "ARCHITECTURE.md").read_text().split("| library |")[1].split("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    return {
        canonicalize_name(Requirement(library.strip()).name) for cell in cells for library in cell.split(",")
    }


def test_every_dependency_earns_its_place_in_one_line():
    assert declared() - explained() == set()


def test_no_line_explains_what_is_no_dependency():
    assert explained() - declared() == set()
