"""The arrows of the package: web -> services -> store -> leaves, never back."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import stats_service

ROOT = Path(stats_service.__file__).parent

LEAVES = {"config", "clock", "errors", "models", "logs", "meters", "processes"}

#: What a part of the package may import of our own, itself included.
ALLOWED = {
    "config": {"errors"},
    "clock": set[str](),
    "errors": set[str](),
    "models": {"models"},
    "embedded_redis": {"embedded_redis", "errors", "processes"},
    "store": {"store", "embedded_redis"} | LEAVES,
    "services": {"services", "store"} | LEAVES,
    "web": {"web", "services"} | LEAVES,
}

#: Third-party packages that belong to one layer alone.
OWNERS = {
    "flask": {"web", "app"},
    "werkzeug": {"web", "app"},
    "redis": {"store"},
    "hiredis": {"store"},
}


def imports(path: Path) -> Iterator[str]:
    """Give the dotted name of every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(path: Path) -> str:
    """Return the layer, or leaf, that a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_stands_below_it(path: Path) -> None:
    """No arrow points upward, and a library is used in the layer that owns it."""
    own = part(path)
    for name in imports(path):
        top, *rest = name.split(".")
        if top == "stats_service" and rest and own in ALLOWED:
            assert rest[0] in ALLOWED[own] | {"__version__"}, f"{own} must not import {name}"
        if top in OWNERS:
            assert own in OWNERS[top], f"only {OWNERS[top]} may import {top}"
