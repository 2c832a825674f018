"""That the contract of pure nouns names every module that is one."""

import ast
import tomllib
from collections.abc import Mapping

from tests.house.sources import ROOT, name, nodes, python_files

CONTRACT = "Nouns are pure: values in, values out"
# Rooms that hold rules. In the others a module without rows and clock is a route's or a client's, not a noun.
ROOMS = ("scim", "mapping", "seats", "directory", "entitlements", "usage", "billing")


def contract() -> dict[str, list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return next(found for found in settings["tool"]["importlinter"]["contracts"] if found["name"] == CONTRACT)


def imports() -> dict[str, set[str]]:
    """List for each module of the bridge what it imports, names taken from a module included."""
    found = {}
    for path in python_files("bridge"):
        plain = {alias.name for node in nodes(path, ast.Import) for alias in node.names}
        taken = {
            dotted
            for node in nodes(path, ast.ImportFrom)
            for dotted in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        }
        found[name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")] = plain | taken
    return found


def within(module: str, packages: list[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def pure(graph: Mapping[str, set[str]], forbidden: list[str]) -> set[str]:
    """Find the modules that reach nothing forbidden, by removing those that do until none is left."""
    kept = set(graph)
    while True:
        tainted = {
            module
            for module in kept
            if any(
                within(found, forbidden) or (found in graph and found not in kept) for found in graph[module]
            )
        }
        if not tainted:
            return kept
        kept -= tainted


def test_what_reaches_something_forbidden_is_not_pure():
    graph = {"a": {"b", "re"}, "b": {"c"}, "c": {"os.path"}, "d": {"re"}, "e": {"osmosis"}}
    assert pure(graph, ["os"]) == {"d", "e"}


def test_every_pure_module_is_held_to_it():
    terms = contract()
    listed = terms["source_modules"]
    rooms = [f"bridge.{room}" for room in ROOMS]
    nouns = {module for module in pure(imports(), terms["forbidden_modules"]) if within(module, rooms)}
    unlisted = [module for module in sorted(nouns) if not within(module, listed) and module not in rooms]
    assert unlisted == [], f"add these to the contract {CONTRACT!r} in pyproject.toml: {' '.join(unlisted)}"
