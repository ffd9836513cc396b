"""What the documentation must not forget."""

import gzip
import re
import shlex
from pathlib import Path

import click
import pytest

from stats_service.cli.commands import main
from stats_service.config import Settings
from tests.faults.checks import ELSEWHERE
from tools import handbook
from tools.documentation.sources import first_screen

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "stats_service"
SETTING = re.compile(r"env\.\w+\(\s*\"([A-Z_]+)\"")

SETTINGS = sorted(set(SETTING.findall((ROOT / "stats_service/config.py").read_text("utf-8"))))
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "modules").rglob("*.md")),
]
#: Files that name pages of the documentation, for people who read them.
NAMING = [
    path
    for folder in ("stats_service", "modules", "examples", "scripts", "tools", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".lua", ".js", ".html", ".conf", ".service", ".timer", ".acl", ".php")
    and "node_modules" not in path.parts
] + [ROOT / name for name in ("Dockerfile", "Makefile", "docker-compose.yml")]
#: Bytes of the scripts that pages load, compressed as well as a server can.
SCRIPTS = {
    path.name: len(gzip.compress(path.read_bytes(), 9))
    for path in (PACKAGE / "web/embed/dist").glob("*.js")
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_in_the_table(name: str) -> None:
    """A setting that nobody can find out about is none."""
    table = (ROOT / "docs/operate.md").read_text("utf-8")

    assert len(SETTINGS) > 10
    assert f"\n| `{name}` |" in table


def test_every_setting_in_the_table_is_one() -> None:
    """None that was taken away, and none under another default than that of the program."""
    table = (ROOT / "docs/operate.md").read_text("utf-8").partition("\n## Settings\n")[2]
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", table, re.MULTILINE))
    defaults = Settings(secret="x" * 32)

    assert set(rows) == set(SETTINGS)
    for name, default in rows.items():
        field = name.removeprefix("STATS_").lower()
        value = getattr(defaults, field)
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        if isinstance(value, bool):
            shown = str(int(value))
        if (not value and not isinstance(value, int)) or field in ("public_url", "secret"):
            assert not default.startswith("`") or field == "public_url", name
        else:
            assert default == f"`{shown}`", name


def test_settings_that_readme_names_are_those_of_the_table() -> None:
    """With the same default."""
    operating = (ROOT / "docs/operate.md").read_text("utf-8")
    row = re.compile(r"^\| `([A-Z_]+)` \| ([^|]*) \|", re.MULTILINE)
    known = dict(row.findall(operating.partition("\n## Settings\n")[2]))

    for name, default in row.findall((ROOT / "README.md").read_text("utf-8")):
        assert known[name].partition(" an ")[0] == default.partition(" embedded")[0], name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Files and pictures exist, and so do the headings that a link names."""
    prose = _prose(page)
    html = re.findall(r'(?:href|src)="([^"]+)"', prose)
    for target in [*re.findall(r"\]\(([^)\s]+)\)", prose), *html]:
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if heading:
            assert heading in _headings(file), target


def test_pages_that_files_name_exist() -> None:
    """Whoever follows a comment, a message or an example to the documentation arrives."""
    named = {
        (str(path.relative_to(ROOT)), page)
        for path in NAMING
        for page in re.findall(r"\bdocs/[\w/.-]+\.md\b", path.read_text("utf-8"))
    }

    assert len(named) > 15
    assert {pair for pair in named if not (ROOT / pair[1]).exists()} == set()


def test_decisions_that_pages_name_exist() -> None:
    """`decision 34` without a link leads by its number."""
    numbers = {int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("0*.md")}

    for page in PAGES:
        for number in re.findall(r"\bdecision (\d+)", page.read_text("utf-8")):
            assert int(number) in numbers, f"{page.name}: decision {number}"


@pytest.mark.parametrize("page", ["docs/embed.md", "docs/embed.vi.md"])
def test_sizes_of_scripts_are_those_that_are_sent(page: str) -> None:
    """To a tenth of a kilobyte, or to a kilobyte where none is given."""
    text = (ROOT / page).read_text("utf-8")
    sizes = re.findall(r"`(embed-\w+\.1\.js)` \([^)\d]*([\d.,]+) KB", text)

    assert len(sizes) >= 4
    for name, size in sizes:
        step = 0.1 if "," in size or "." in size else 1
        assert abs(float(size.replace(",", ".")) - SCRIPTS[name] / 1000) < step, name


@pytest.mark.parametrize("page", ["README.md", "README.vi.md"])
def test_readme_tells_the_bytes_of_the_scripts(page: str) -> None:
    """Beside those of other counters, so that nobody is told less than what is loaded."""
    text = (ROOT / page).read_text("utf-8")
    row = re.search(r"^\| \*\*stats_service\*\* \|.*$", text, re.MULTILINE)
    assert row
    core, votes = (float(size.replace(",", ".")) for size in re.findall(r"\d+[.,]\d", row[0]))

    assert abs(core - SCRIPTS["embed.1.js"] / 1000) < 0.1
    assert abs(votes - SCRIPTS["embed-votes.1.js"] / 1000) < 0.1


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


def _prose(page: Path) -> str:
    """Return a page without its examples."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]+`", "``", text)


def _headings(page: Path) -> set[str]:
    """Return the anchors that a page's headings get, the second of one name with a number."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    anchors: list[str] = []
    for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        anchor = handbook.anchor(title)
        again = sum(
            re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", other) is not None for other in anchors
        )
        anchors.append(f"{anchor}-{again}" if again else anchor)
    return set(anchors)


@pytest.mark.parametrize(
    "page",
    sorted((ROOT / "docs").glob("*.vi.md")),
    ids=lambda page: page.name.removesuffix(".vi.md"),
)
def test_a_page_in_vietnamese_says_what_the_english_one_says(page: Path) -> None:
    """The same headings in the same order, the same tables, examples and names of the program."""
    english = page.with_name(page.name.replace(".vi.md", ".md"))

    assert _shape(page) == _shape(english)


def test_the_first_screen_is_the_same_in_vietnamese() -> None:
    """What it is, what it replaces, how it compares: nobody reads less of it."""
    english, vietnamese = (
        first_screen((ROOT / name).read_text("utf-8")) for name in ("README.md", "README.vi.md")
    )

    assert _shape_of(vietnamese) == _shape_of(english)
    assert re.findall(r"!\[.*\]\((.*)\)", vietnamese) == re.findall(r"!\[.*\]\((.*)\)", english)


def _shape(page: Path) -> dict[str, object]:
    return _shape_of(page.read_text("utf-8"))


def _shape_of(text: str) -> dict[str, object]:
    """Return what a page has in any language: levels, rows of tables, blocks of code, options."""
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    tables = re.findall(r"^\|[-|: ]+\|\n((?:\|.*\n)*)", plain, re.MULTILINE)
    return {
        "headings": re.findall(r"^(#+) ", plain, re.MULTILINE),
        "tables": [table.count("\n") for table in tables],
        "examples": len(re.findall(r"^```$", text, re.MULTILINE)),
        "names": set(re.findall(r"STATS_[A-Z_]+|(?<![\w-])--[a-z][a-z-]+", text)),
    }


def test_what_shows_a_check_elsewhere_is_a_test() -> None:
    """A test that was renamed or moved would take its check out of the fault programme unseen."""
    missing = []
    for check, names in ELSEWHERE.items():
        for name in names:
            file, _, test = name.partition("::")
            path = ROOT / file
            text = path.read_text("utf-8") if path.exists() else ""
            if not text or f"def {test.partition('[')[0]}" not in text:
                missing.append(f"{check}: {name}")

    assert missing == []
