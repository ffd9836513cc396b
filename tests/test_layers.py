"""The arrows of the package: web -> services -> store -> leaves, never back, nor between rooms."""

import ast
import gc
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_type_hints

import pytest

import stats_service
from stats_service.services import container

ROOT = Path(stats_service.__file__).parent

LEAVES = {"config", "clock", "errors", "models", "logs", "meters", "processes"}

#: What a part of the package may import of our own, itself included.
ALLOWED = {
    "clock": set[str](),
    "errors": set[str](),
    "meters": set[str](),
    "processes": set[str](),
    "config": {"errors"},
    "logs": {"config"},
    "models": {"models"},
    "embedded_redis": {"embedded_redis", "errors", "processes"},
    "store": {"store", "embedded_redis"} | LEAVES,
    "services": {"services", "store"} | LEAVES,
    "web": {"web", "services"} | LEAVES,
    "run": {"run", "embedded_redis", "app"} | LEAVES,
    "app": {"services", "web"} | LEAVES,
    # Of web only what has no HTTP in it: `WITHOUT_HTTP`.
    "cli": {"cli", "run", "embedded_redis", "services", "web"} | LEAVES,
    "__main__": {"cli"},
    "__init__": set[str](),
}

#: What the command line uses of web: texts and files.
WITHOUT_HTTP = {"web.embed.files", "web.embed.snippet", "web.demo.content"}

#: The rooms of each layer, those that import nothing of it first; rooms of one line do not know
#: each other. What is no room (`services.periods`, `store.keys`) stands below or above all.
ROOMS = {
    "services": (
        {"visitors", "pictures"},
        {"articles"},
        {"accounts"},
        {"sites", "polls"},
        {"known_sites"},
        {"views", "voting"},
        {"traffic"},
        {"ratings", "clicks"},
        {"notices"},
        {"portability", "operations", "titles"},
    ),
    "store": (
        {"redis"},
        {"accounts"},
        {"polls", "ratings", "sites"},
        {"traffic", "clicks"},
        {"portability", "operations"},
    ),
    "web": (
        {"http"},
        {"loop", "pages", "embed", "hosted", "operations"},
        {"server", "admin", "api", "public", "demo"},
    ),
}

#: Third-party packages that belong to one layer alone.
OWNERS = {
    "flask": {"web", "app"},
    "werkzeug": {"web", "app"},
    "redis": {"store"},
    "hiredis": {"store"},
}

#: Most Python files in one folder: more is a list that nobody reads.
FILES_MAX = 20


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file.

    No garbage is collected meanwhile: what a finaliser runs then makes CPython 3.11 fail with
    "AST constructor recursion depth mismatch" (gh-106905).
    """
    gc.disable()
    try:
        return ast.parse(path.read_text("utf-8"))
    finally:
        gc.enable()


def imports(path: Path) -> Iterator[str]:
    """Give the dotted name of every module that a file imports, wherever in it."""
    for node in ast.walk(parsed(path)):
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
    assert own in ALLOWED, f"{own} has no place in ALLOWED"
    for name in imports(path):
        top, *rest = name.split(".")
        if top == "stats_service" and rest:
            assert rest[0] in ALLOWED[own] | {"__version__"}, f"{own} must not import {name}"
            if own == "cli" and rest[0] == "web":
                assert ".".join(rest[:3]) in WITHOUT_HTTP, f"the command line has no {name}"
        if top in OWNERS:
            assert own in OWNERS[top], f"only {OWNERS[top]} may import {top}"


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if part(path) in ROOMS],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_room_knows_only_the_rooms_below_it(path: Path) -> None:
    """`services/polls` knows nothing of `services/voting`."""
    layer, room, *_ = path.relative_to(ROOT).parts
    heights = {name: height for height, row in enumerate(ROOMS[layer]) for name in row}
    if room not in heights:
        assert path.parent == ROOT / layer, f"{layer}/{room} has no place in ROOMS"
        return
    for name in imports(path):
        top, *rest = name.split(".")
        if top == "stats_service" and len(rest) > 1 and rest[0] == layer and rest[1] != room:
            other = heights.get(rest[1], -1)
            assert other < heights[room], f"{layer}/{room} must not import {name}"


def test_web_is_handed_nothing_of_the_store() -> None:
    """What `services()` gives is a service, a group of them, or a leaf."""

    def fields(group: type) -> Iterator[tuple[str, type]]:
        for name, kind in get_type_hints(group).items():
            yield f"{group.__name__}.{name}", kind
            if kind.__module__ == container.__name__:
                yield from fields(kind)

    found = dict(fields(container.Services))

    assert "TrafficServices.replay" in found
    assert [name for name, kind in found.items() if ".store." in kind.__module__] == []


def test_the_command_line_brings_no_web_server_along() -> None:
    """A command starts without Flask."""
    code = "import sys, stats_service.cli; print('flask' in sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent
    )

    assert loaded.stdout == "False\n"


def test_no_folder_is_a_long_list() -> None:
    """A room has at most `FILES_MAX` files of its own."""
    folders = {path.parent for path in FILES}

    assert [
        str(folder.relative_to(ROOT))
        for folder in folders
        if len(list(folder.glob("*.py"))) > FILES_MAX
    ] == []
