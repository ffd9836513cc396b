"""Make the pages of both languages, and whatever they lead to.

docs/README.md and README.vi.md say who reads what; a link that leads nowhere fails the build.
"""

import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tools.documentation.generator import run_generator
from tools.documentation.sources import DOCS, LANGUAGES, TOP, Group, copy_of, groups, pages, pointed

#: Who chooses no language gets that of the browser.
FIRST_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>stats_service</title>
<script>
location.replace(navigator.language.startsWith("vi") ? "vi/index.html" : "en/index.html");
</script>
<p><a href="en/index.html">English</a> · <a href="vi/index.html" lang="vi">Tiếng Việt</a></p>
</html>
"""


def build(output: Path) -> None:
    """Build both languages, and what they lead to.

    Raises:
        SystemExit: A page has a fault; it was said on stderr.
    """
    shutil.rmtree(output, ignore_errors=True)
    files: set[Path] = set()
    with tempfile.TemporaryDirectory() as folder:
        sources = {lang: Path(folder) / lang for lang in LANGUAGES}
        for lang, source in sources.items():
            files |= write_sources(source, lang)
        # The generator keeps what it knows of a language, so each has a process.
        with ProcessPoolExecutor(
            mp_context=get_context("spawn"), max_tasks_per_child=1
        ) as processes:
            outputs = (output / lang for lang in LANGUAGES)
            sound = list(processes.map(run_generator, sources.values(), outputs, LANGUAGES))
    if not all(sound):
        sys.exit("The pages were not built; the reason stands above.")
    for lang in LANGUAGES:
        finish(output / lang, lang)
    for file in files:
        copy = output / copy_of(file)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    (output / "index.html").write_text(FIRST_PAGE, encoding="utf-8")


def write_sources(folder: Path, lang: str) -> set[Path]:
    """Write the Markdown of a language; return the files of the repository that it leads to."""
    files: set[Path] = set()
    for (page_lang, name), page in pages().items():
        if page_lang == lang:
            text, linked = pointed(page, lang, name)
            files |= set(linked)
            path = folder / f"{name}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + _contents(name, lang), encoding="utf-8")
    shutil.copytree(DOCS / "images", folder / "images")
    return files


def _contents(name: str, lang: str) -> str:
    """Return the lists of pages that stand beside every page, for the page that they belong to."""
    if name == "index":
        return "".join(_group(group, lang) for group in groups(lang))
    if name == "decisions/index":
        found = (page for _, page in pages() if page.startswith("decisions/0"))
        return "\n```{toctree}\n:hidden:\n\n" + "".join(f"/{page}\n" for page in found) + "```\n"
    return ""


def _group(group: Group, lang: str) -> str:
    lines = [f"\n```{{toctree}}\n:hidden:\n:caption: {group.reader}\n"]
    for entry in group.entries:
        title = entry.title[:1].upper() + entry.title[1:]
        place = entry.name if entry.lang == lang else f"{TOP}{entry.lang}/{entry.name}.html"
        lines.append(f"{title} <{place}>")
    return "\n".join(lines) + "\n```\n"


def finish(folder: Path, lang: str) -> None:
    """Point links that lead out of a language's folder, and mend what the generator leaves."""
    for page in folder.rglob("*.html"):
        text = page.read_text("utf-8")
        up = "../" * len(page.relative_to(folder.parent).parts[:-1])
        page.write_text(usable(text, lang).replace(TOP, up), encoding="utf-8")


def usable(text: str, lang: str) -> str:
    """Return a page that the keyboard scrolls, whose landmarks have names and headings levels."""
    text = text.replace("<pre>", '<pre tabindex="0">')
    text = text.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')
    text = text.replace('role="heading">', 'role="heading" aria-level="2">')
    # A heading without words heads nothing.
    text = text.replace('<th class="head"><p></p></th>', "<td></td>")
    pages, here = ("Các trang", "Trên trang này") if lang == "vi" else ("Pages", "On this page")
    text = text.replace(
        '<aside class="sidebar-drawer"', f'<aside aria-label="{pages}" class="sidebar-drawer"'
    )
    return text.replace('<aside class="toc-drawer', f'<aside aria-label="{here}" class="toc-drawer')
