"""The source files that the house tests read."""

import ast
import io
import tokenize
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("bridge", "workers", "config")
FOLDERS = (*PRODUCT, "tests")
# Alembic writes these, one for each step of the schema; they are history and never change.
VERSIONS = ROOT / "bridge" / "database" / "migrations" / "versions"


def python_files(*folders: str) -> list[Path]:
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if path.parent != VERSIONS)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def comments(path: Path) -> tuple[tuple[int, str], ...]:
    """Return each comment with its line; to tell one from a text takes Python's own tokens."""
    text = path.read_text()
    if "#" not in text:
        return ()
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return tuple((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)


@cache
def walked(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(path)))


def nodes(path: Path, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in walked(path) if isinstance(node, kinds))


def ignored_by_git(entry: str) -> bool:
    patterns = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line]
    return any(fnmatch(entry, pattern) for pattern in [*patterns, ".git"])
