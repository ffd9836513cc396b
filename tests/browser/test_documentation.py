"""The documentation as built pages, of which `make test-docs` builds fresh ones."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

import pytest
from playwright.sync_api import BrowserContext, Page

from stats_service.web.admin.handbook.handbook import PLACES
from stats_service.web.pages.definitions import ANCHORS
from tests.browser.axe import faults
from tools.documentation.sources import LANGUAGES, pages

pytestmark = pytest.mark.documentation

#: Links of a page's head that load nothing.
ONLY_NAMED = {"alternate", "next", "prev", "search", "canonical"}


@dataclass
class Parsed(HTMLParser):
    """What a built page says of itself, where it leads, and what it loads."""

    leads: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    lang: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        """Begin to parse."""
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what matters of an element."""
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values["id"]} if "id" in values else set()
        if tag == "html":
            self.lang = values.get("lang", "")
        if tag == "meta" and values.get("name") == "description":
            self.description = values["content"]
        if tag == "a" or (tag == "link" and values.get("rel") in ONLY_NAMED):
            self.leads.append(values.get("href", ""))
        elif tag != "base" and "href" in values:
            self.loads.append(values["href"])
        self.loads += [
            values[name] for name in ("src", "srcset", "data", "action") if name in values
        ]
        self.loads += re.findall(r"url\(([^)]*)\)", values.get("style", ""))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the built pages."""
    from tools.documentation.build import build

    folder = tmp_path_factory.mktemp("documentation") / "docs"
    build(folder)
    return folder


@pytest.fixture(scope="session")
def parsed(built: Path) -> dict[Path, Parsed]:
    """Give every page by its path."""
    found = {}
    for path in built.rglob("*.html"):
        page = Parsed()
        page.feed(path.read_text("utf-8"))
        found[path] = page
    return found


@pytest.fixture
def address(built: Path) -> Iterator[str]:
    """Serve the pages as any web server does; give the address."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(built)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_page_is_there_in_its_language(built: Path, parsed: dict[Path, Parsed]) -> None:
    """With a description, and with a way to the same page in the other language if there is one."""
    for lang, name in pages():
        page = parsed[built / lang / f"{name}.html"]
        assert page.lang == lang
        assert len(page.description) > 20, name
        other = "en" if lang == "vi" else "vi"
        leads = {(built / lang / name).parent.joinpath(href).resolve() for href in page.leads}
        assert ((other, name) in pages()) <= (built / other / f"{name}.html" in leads), name


def test_no_page_loads_anything_from_another_host(built: Path, parsed: dict[Path, Parsed]) -> None:
    """No font, script, picture or style: whoever reads is seen by nobody else."""
    for path, page in parsed.items():
        for target in page.loads:
            assert not re.match(r"(?:https?:)?//", target), f"{path.name}: {target}"
    for path in built.rglob("*.css"):
        text = path.read_text("utf-8")
        targets = re.findall(r"url\(\s*[\"']?([^\"')]+)|@import\s+[\"']([^\"']+)", text)
        assert [t for t in targets if re.match(r"(?:https?:)?//", "".join(t))] == [], path.name
    for path in built.rglob("*.js"):
        text = path.read_text("utf-8")
        calls = r"(?:import|fetch|open|src|href)\s*[(=:,]\s*[\"'`](?:https?:)?//[^\"'`]*"
        assert re.findall(calls, text) == [], path.name


def test_every_link_and_picture_leads_somewhere(built: Path, parsed: dict[Path, Parsed]) -> None:
    """Files exist, and so do the headings that a link names."""
    for path, page in parsed.items():
        for target in page.leads + page.loads:
            if re.match(r"[a-z]+:", target):
                continue
            place, _, anchor = target.partition("#")
            place = place.partition("?")[0]
            file = (path.parent / unquote(place)).resolve() if place else path
            assert file.is_file(), f"{path.relative_to(built)}: {target}"
            known = not anchor or file.suffix != ".html" or unquote(anchor) in parsed[file].ids
            assert known or "svg-" in anchor, f"{path.relative_to(built)}: {target}"


def test_help_of_the_admin_pages_has_the_same_anchors(
    built: Path, parsed: dict[Path, Parsed]
) -> None:
    """A link into the handbook is one into these pages, and the other way round."""
    places = [*PLACES.values(), *(("how-we-count", *both) for both in ANCHORS.values())]
    for page, vietnamese, english in places:
        for lang, anchor in (("vi", vietnamese), ("en", english)):
            assert not anchor or anchor in parsed[built / lang / f"{page}.html"].ids, anchor


@pytest.mark.parametrize("words", ["bình chọn", "binh chon", "BÌNH CHỌN"])
def test_vietnamese_is_found_with_and_without_marks(page: Page, address: str, words: str) -> None:
    """Whatever the keyboard can do; the page that is named so stands first."""
    page.goto(f"{address}/vi/index.html")
    page.fill(".sidebar-search", words)
    page.press(".sidebar-search", "Enter")
    page.wait_for_selector("#search-results li")

    assert page.inner_text("#search-results li >> nth=0").startswith("Bình chọn và đánh giá")
    page.get_by_text(re.compile(r"Tìm thấy \d+ trang")).wait_for()


def test_english_is_found_in_any_form(page: Page, address: str) -> None:
    """By the stem of a word; Vietnamese words in it without their marks."""
    for words, first in (("backup", "Operating"), ("Backups", "Operating"), ("luot truy cap", "")):
        page.goto(f"{address}/en/search.html?q={words}")
        page.wait_for_selector("#search-results li")
        assert page.inner_text("#search-results li >> nth=0").startswith(first)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["index", "embed", "search"])
def test_a_page_is_whole_on_a_phone_and_asks_nobody_else(
    open_context: Callable[..., BrowserContext], address: str, lang: str, name: str
) -> None:
    """Nothing is wider than the window; every request goes to this host, and is answered."""
    page = open_context(viewport={"width": 390, "height": 844}).new_page()
    asked: list[tuple[str, int]] = []
    failed: list[str] = []
    page.on("response", lambda response: asked.append((response.url, response.status)))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))

    page.goto(f"{address}/{lang}/{name}.html")
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert {url for url, status in asked if not url.startswith(address) or status >= 400} == set()
    assert failed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_for_everybody(
    open_context: Callable[..., BrowserContext], address: str, scheme: str
) -> None:
    """Contrast, names and the keyboard, on wide tables and long examples too."""
    page = open_context(color_scheme=scheme).new_page()
    for name in ("vi/index", "vi/embed", "en/operate", "en/decisions/0028-rooms"):
        page.goto(f"{address}/{name}.html")
        assert faults(page) == [], name


def test_the_first_page_leads_to_the_language_of_the_browser(
    open_context: Callable[..., BrowserContext], address: str
) -> None:
    """Vietnamese for who reads it, else English."""
    for locale, lang in (("vi-VN", "vi"), ("en-GB", "en"), ("fr-FR", "en")):
        page = open_context(locale=locale).new_page()
        page.goto(f"{address}/index.html")
        page.wait_for_url(f"{address}/{lang}/index.html")
