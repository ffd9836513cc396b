"""`make handbook`: the pages of `docs/` that the service shows beside the admin pages, as HTML.

A page in both languages is two files, `admin.md` and `admin.vi.md`, or one with a heading for each
(`how-we-count.md`). A link to what the handbook has not, such as a decision, is text there.
"""

import re
from itertools import pairwise
from pathlib import Path
from posixpath import basename

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FOLDER = ROOT / "stats_service/web/admin/handbook/pages"
#: Pages of the handbook; those without a Vietnamese file are English alone.
PAGES = (
    *("admin", "embed", "polls-and-ratings", "notices", "how-we-count", "legacy", "access-logs"),
    *("legacy-nukeviet", "legacy-joomla", "legacy-wordpress", "legacy-iis"),
    *("legacy-matomo", "legacy-umami", "legacy-plausible", "legacy-goatcounter"),
    *("operate", "api", "api-polls-ratings", "archive-format"),
)
#: The headings that part a page in both languages, and the title of each part.
BOTH = {"vi": ("## Tiếng Việt", "Cách đếm"), "en": ("## English", "How we count")}


def main() -> None:
    """Write every page."""
    for old in FOLDER.glob("*.html"):
        old.unlink()
    for name, text in build().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def build() -> dict[str, str]:
    """Return the HTML of each page by the name of its file."""
    texts = {name: text for page in PAGES for name, text in sources(page).items()}
    return {f"{name}.html": _html(name, text, texts) for name, text in texts.items()}


def sources(page: str) -> dict[str, str]:
    """Return the Markdown of a page by `<page>.<language>`: of each language that it is in."""
    text = (DOCS / f"{page}.md").read_text("utf-8")
    if all(f"\n{heading}\n" in text for heading, _ in BOTH.values()):
        parts = {}
        for lang, (heading, title) in BOTH.items():
            begin = text.index(f"\n{heading}\n") + len(heading) + 2
            part = re.split(r"^## ", text[begin:], maxsplit=1, flags=re.MULTILINE)[0]
            parts[f"{page}.{lang}"] = (
                f"# {title}\n{re.sub(r'^###', '##', part, flags=re.MULTILINE)}"
            )
        return parts
    found = {f"{page}.en": text}
    vietnamese = DOCS / f"{page}.vi.md"
    if vietnamese.exists():
        found[f"{page}.vi"] = vietnamese.read_text("utf-8")
    return found


def _html(name: str, text: str, sources: dict[str, str]) -> str:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    title = ""
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            title = inline.content
            if token.tag != "h1":
                token.attrSet("id", anchor(title))
        if token.type == "table_open":
            token.attrSet("aria-label", title)
        if token.type == "inline":
            _point_links(token, name, sources)
    html = parser.renderer.render(tokens, parser.options, {})
    # What is wider than the window is scrolled with the keyboard as well.
    html = re.sub(
        r"<table( aria-label=[^>]*)>",
        r'<div class="scroll" tabindex="0" role="group"\1><table>',
        html,
    )
    # A heading without words heads nothing.
    html = html.replace("<th></th>", "<td></td>")
    return html.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')


def _point_links(inline: Token, name: str, sources: dict[str, str]) -> None:
    """Let links lead to pages of the handbook; what it has not is left as text."""
    inside, page = name.rpartition(".")[2], name.rpartition(".")[0]
    kept: list[Token] = []
    open_links: list[bool] = []
    for token in inline.children or []:
        if token.type == "link_open":
            target = _target(str(token.attrGet("href")), page, inside, sources)
            open_links.append(bool(target))
            if not target:
                continue
            token.attrSet("href", target)
            if "://" in target:
                token.attrSet("rel", "noopener noreferrer")
        elif token.type == "link_close" and not open_links.pop():
            continue
        kept.append(token)
    inline.children = kept


def _target(href: str, page: str, lang: str, sources: dict[str, str]) -> str:
    """Return where a link leads in the handbook; empty: nowhere."""
    if "://" in href or href.startswith("#"):
        return href
    path, hash_, heading = href.partition("#")
    if not path.endswith(".md") or "/" in path:
        return ""
    other = basename(path).removesuffix(".md")
    wanted = "vi" if other.endswith(".vi") else lang if other == "how-we-count" else "en"
    other = other.removesuffix(".vi")
    if f"{other}.{wanted}" not in sources:
        return ""
    if other == "how-we-count" and heading in ("tiếng-việt", "english"):
        hash_ = heading = ""
    here = "" if other == page and wanted == lang else f"../{wanted}/{other}"
    return f"{here}{hash_}{heading}"


def anchor(title: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


if __name__ == "__main__":
    main()
