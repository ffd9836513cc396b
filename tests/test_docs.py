"""What the documentation must not forget."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
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


def test_every_page_is_in_the_index() -> None:
    """A page or decision that nobody can find is read by nobody."""
    docs = ROOT / "docs"
    index = (docs / "README.md").read_text("utf-8")
    pages = {str(page.relative_to(docs)) for page in docs.rglob("*.md")} - {"README.md"}

    assert {page for page in pages if f"]({page})" not in index} == set()


def _headings(page: Path) -> set[str]:
    """Return the anchors that a page's headings get."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
