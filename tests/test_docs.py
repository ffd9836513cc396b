"""What the documentation must not forget."""

import re
import shlex
from pathlib import Path

import click
import pytest

from stats_service.cli.commands import main

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "stats_service"
SETTING = re.compile(r"env\.\w+\(\s*\"([A-Z_]+)\"")

SETTINGS = sorted(set(SETTING.findall((ROOT / "stats_service/config.py").read_text("utf-8"))))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_in_the_table(name: str) -> None:
    """A setting that nobody can find out about is none."""
    table = (ROOT / "docs/operate.md").read_text("utf-8")

    assert len(SETTINGS) > 10
    assert f"\n| `{name}` |" in table


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Files exist, and so do the headings that a link names."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if heading:
            assert heading in _headings(file), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_shown_exist(page: Path) -> None:
    """Whoever copies a line is not told that there is no such command or option."""
    text = page.read_text("utf-8").replace("\\\n", " ")
    for line in re.findall(r"^ +(?:\$ )?stats-service (.+)$", text, re.MULTILINE):
        words = shlex.split(line, comments=True)
        command: click.Command = main
        while words and isinstance(command, click.Group) and words[0][0] not in "-[":
            name = words.pop(0)
            assert name in command.commands, line
            command = command.commands[name]
        known = {option for found in command.params for option in found.opts} | {"--help"}
        given = {word.strip("[]").partition("=")[0] for word in words}
        assert {word for word in given if word.startswith("--")} <= known, line


def test_every_page_is_in_the_index() -> None:
    """A page or decision that nobody can find is read by nobody."""
    docs = ROOT / "docs"
    index = (docs / "README.md").read_text("utf-8")
    pages = {str(page.relative_to(docs)) for page in docs.rglob("*.md")} - {"README.md"}

    assert {page for page in pages if f"]({page})" not in index} == set()


def test_the_map_names_only_what_exists() -> None:
    """Every path in the architecture page, but for those with a `<noun>` in them."""
    paths = [path for path in _paths_of_the_map() if "<" not in path]

    missing = [p for p in paths if not any((at / p).exists() for at in (ROOT, PACKAGE))]

    assert len(paths) > 60
    assert missing == []


def test_the_map_names_every_room() -> None:
    """Every package of the repository, of the service and of its layers."""
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    layers = [PACKAGE / name for name in ("services", "store", "web")]
    rooms = {
        folder.name
        for at in (ROOT, PACKAGE, *layers)
        for folder in at.iterdir()
        if (folder / "__init__.py").exists()
    }

    assert {room for room in rooms if f"{room}/" not in text} == set()


def _paths_of_the_map() -> list[str]:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    return [path for path in re.findall(r"`([^`\s]+)`", text) if "/" in path or ".py" in path]


def _headings(page: Path) -> set[str]:
    """Return the anchors that a page's headings get."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(
    "page",
    sorted((ROOT / "docs").glob("*.vi.md")),
    ids=lambda page: page.name.removesuffix(".vi.md"),
)
def test_a_page_in_vietnamese_says_what_the_english_one_says(page: Path) -> None:
    """The same headings in the same order, the same tables, examples and names of the program."""
    english = page.with_name(page.name.replace(".vi.md", ".md"))

    assert _shape(page) == _shape(english)


def _shape(page: Path) -> dict[str, object]:
    """Return what a page has in any language: levels, rows of tables, blocks of code, options."""
    text = page.read_text("utf-8")
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    tables = re.findall(r"^\|[-|: ]+\|\n((?:\|.*\n)*)", plain, re.MULTILINE)
    return {
        "headings": re.findall(r"^(#+) ", plain, re.MULTILINE),
        "tables": [table.count("\n") for table in tables],
        "examples": len(re.findall(r"^```$", text, re.MULTILINE)),
        "names": set(re.findall(r"STATS_[A-Z_]+|(?<![\w-])--[a-z][a-z-]+", text)),
    }


def test_the_readme_says_what_who_decides_asks_first() -> None:
    """What is not counted and why, the licence, which version it is (E21)."""
    text = (ROOT / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", text, re.MULTILINE))

    assert "what nobody read" in rows["It does not count"]
    for reason in ("programs", "fetched ahead", "twice", "other hosts", "excluded", "opt out"):
        assert reason in rows["It does not count"], reason
    assert "(docs/how-we-count.md)" in rows["It does not count"]
    assert "stored" in rows["It does not know"]
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert licence.startswith("MIT License")
    assert "[MIT](LICENSE)" in rows["Licence"]
    assert 'license = "MIT"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert "(CHANGELOG.md)" in rows["Versions"]
    assert "stats-service --version" in rows["Versions"]
