"""The pages of each language, as the generator wants them: in which order, where links lead.

The Markdown of `docs/` reads well where it lies. Here it is sorted by language, and links are
pointed: to a page of the same language where there is one, else to the other, else to a copy of the
file. Which page is for whom, and the order, are those of the tables in `docs/README.md` and
`README.vi.md`.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools import handbook

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("en", "vi")
#: Stands for the top of the built pages, which is known only once they are there.
TOP = "https://documentation.invalid/"
#: A link or picture, and what must be left alone: code. The target is the last group.
LINK = re.compile(r"^```.*?^```$|`[^`\n]+`|(\]\()([^)\s]+)(?=\))", re.MULTILINE | re.DOTALL)
#: Rows of the tables that say who reads what.
READERS = re.compile(r"^\| (?:For \| Read|Dành cho \| Nên đọc) \|\n.*\n((?:\|.*\n)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """A page in one language: its Markdown, and the file against which its links are read."""

    text: str
    source: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the table of an index: where it is, and what the index calls it."""

    lang: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Group:
    """Pages for one kind of reader, in the order in which they are listed."""

    reader: str
    entries: tuple[Entry, ...]


@cache
def pages() -> dict[tuple[str, str], Page]:
    """Return every page by language and name, such as `en`, `decisions/0028-rooms`."""
    found = {("en", "index"): _home(), ("vi", "index"): _page(ROOT / "README.vi.md")}
    for path in sorted(DOCS.glob("*.md")):
        if path.name != "README.md" and not path.name.endswith(".vi.md"):
            for name, text in handbook.sources(path.stem).items():
                page, _, lang = name.rpartition(".")
                found[lang, page] = Page(text, path)
    for path in sorted((DOCS / "decisions").glob("*.md")):
        found["en", f"decisions/{path.stem}"] = _page(path)
    found["en", "decisions/index"] = _decisions()
    found["en", "changes"] = _page(ROOT / "CHANGELOG.md")
    return found


def groups(lang: str) -> list[Group]:
    """Return who reads what in a language, by the table of its index.

    A page that the index names in both languages is listed in that of the index alone.
    """
    index = ROOT / "README.vi.md" if lang == "vi" else DOCS / "README.md"
    table = READERS.search(index.read_text("utf-8"))
    if table is None:
        raise ValueError(f"{index} has no table of who reads what.")
    found = []
    for row in table[1].splitlines():
        reader, _, links = row.strip("| ").partition(" | ")
        entries: dict[str, Entry] = {}
        for title, target in re.findall(r"\[([^\]]+)\]\(([^)]+)\)", links):
            place = place_of(target, index, lang)
            if place and (place[0] == lang or (place[0], lang) == ("en", "vi")):
                entries.setdefault(place[1], Entry(place[0], place[1], title))
        found.append(Group(reader[:1].upper() + reader[1:], tuple(entries.values())))
    return found


def place_of(target: str, source: Path, lang: str = "en") -> tuple[str, str, str] | None:
    """Return language, name and heading of the page that a link of `source` leads to, if any."""
    path, _, heading = target.partition("#")
    file = (source.parent / path).resolve() if path else source
    if file == DOCS / "how-we-count.md":
        named = {"tiếng-việt": "vi", "english": "en"}.get(heading)
        return named or lang, "how-we-count", "" if named else heading
    if file == DOCS / "README.md" and heading == "decisions":
        return "en", "decisions/index", ""
    if file in (ROOT / "README.md", DOCS / "README.md"):
        return "en", "index", heading
    if file == ROOT / "README.vi.md":
        return "vi", "index", heading
    if file == ROOT / "CHANGELOG.md":
        return "en", "changes", heading
    if file.suffix != ".md" or DOCS not in file.parents:
        return None
    name = str(file.relative_to(DOCS).with_suffix(""))
    return (
        ("vi", name.removesuffix(".vi"), heading) if name.endswith(".vi") else ("en", name, heading)
    )


def pointed(page: Page, lang: str, name: str) -> tuple[str, list[Path]]:
    """Return the Markdown with its links pointed, and the files that it leads to."""
    files: list[Path] = []

    def point(match: re.Match[str]) -> str:
        if not match[1]:
            return match[0]
        target = match[2]
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            return match[0]
        place = place_of(target, page.source, lang)
        if place is None:
            file = (page.source.parent / target).resolve()
            if DOCS / "images" in file.parents:
                return f"{match[1]}{'../' * name.count('/')}images/{file.name}"
            files.append(file)
            return f"{match[1]}{TOP}{copy_of(file)}"
        return match[1] + _address(place, lang, name)

    return LINK.sub(point, page.text), files


def copy_of(file: Path) -> str:
    """Return where the copy of a file of the repository is, which browsers show as text."""
    return f"files/{file.relative_to(ROOT)}.txt"


def _address(place: tuple[str, str, str], lang: str, name: str) -> str:
    there, other, heading = place
    anchor = f"#{heading}" if heading else ""
    if there != lang:
        return f"{TOP}{there}/{other}.html{anchor}"
    return f"{'../' * name.count('/')}{other}.md{anchor}"


def _home() -> Page:
    """Return the first page in English: the first screen of README, then who reads what."""
    first = first_screen((ROOT / "README.md").read_text("utf-8"))
    readers = (DOCS / "README.md").read_text("utf-8").partition("\n")[2].partition("\n## ")[0]
    return Page(f"{first}\n## Documentation\n{_moved(readers, 'docs/')}\n", ROOT / "README.md")


def first_screen(readme: str) -> str:
    """Return what answers in one look: a picture, what it replaces, how it compares."""
    return "\n## ".join(readme.split("\n## ")[:2])


def _decisions() -> Page:
    """Return the list of decisions, the other half of the index."""
    text = (DOCS / "README.md").read_text("utf-8").partition("\n## Decisions\n")[2]
    return Page(f"# Decisions\n{text}", DOCS / "README.md")


def _moved(text: str, folder: str) -> str:
    """Return Markdown whose links are read from one folder further up."""
    return LINK.sub(lambda link: f"{link[1]}{folder}{link[2]}" if link[1] else link[0], text)


def _page(path: Path) -> Page:
    return Page(path.read_text("utf-8"), path)
