"""The handbook: the documentation in the reader's language, from the service itself."""

import re
from posixpath import normpath
from urllib.parse import unquote

import pytest
from flask import Flask

from stats_service.models.sites import Site
from stats_service.web.admin.handbook.handbook import PLACES
from tests.support.admin import Person
from tools import handbook

HELP = "/admin/help"
BUILT = handbook.build()


def test_the_pages_are_made_of_the_documentation() -> None:
    """Nothing of `docs/` was changed without `make handbook`."""
    there = {path.name: path.read_text("utf-8") for path in handbook.FOLDER.glob("*.html")}

    assert there == BUILT


def test_what_editors_and_webmasters_need_is_there_in_vietnamese() -> None:
    """And so is what readers are told."""
    pages = {name.removesuffix(".vi.html") for name in BUILT if name.endswith(".vi.html")}

    assert pages >= {"admin", "embed", "polls-and-ratings", "notices", "legacy", "how-we-count"}


@pytest.mark.parametrize("name", sorted(BUILT))
def test_links_of_the_handbook_lead_somewhere(name: str) -> None:
    """A page that there is, and a heading that it has."""
    page, lang, _ = name.split(".")
    for href in re.findall(r'<a href="([^"]+)"', BUILT[name]):
        if "://" in href:
            continue
        path, _, heading = href.partition("#")
        where = normpath(f"{lang}/{path}") if path else f"{lang}/{page}"
        other_lang, other = where.split("/")
        found = BUILT[f"{other}.{other_lang}.html"]
        assert not heading or f'id="{unquote(heading)}"' in found, href


@pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
def test_every_page_of_the_admin_pages_has_its_place(place: tuple[str, str, str]) -> None:
    """In both languages, at a heading that there is."""
    page, *anchors = place
    for lang, anchor in zip(("vi", "en"), anchors, strict=True):
        assert not anchor or f'id="{anchor}"' in BUILT[f"{page}.{lang}.html"]


def test_a_page_links_to_its_help(owner: Person, site: Site) -> None:
    """In the language in which it is read; the service itself answers."""
    page = owner.get("/admin/sites/kimson/polls").text
    assert f'href="{HELP}/vi/polls-and-ratings"' in page

    shown = owner.get(f"{HELP}/vi/polls-and-ratings")
    english = owner.get(f"{HELP}/en/polls-and-ratings")

    assert shown.status_code == english.status_code == 200
    assert "<h1>Bình chọn và đánh giá</h1>" in shown.text
    assert '<article class="card handbook" lang="vi">' in shown.text
    assert f'href="{HELP}/en/polls-and-ratings"' in shown.text
    assert "<h1>Polls and ratings</h1>" in english.text
    assert f'href="{HELP}/vi/legacy"' in owner.get("/admin/sites/kimson/data").text


def test_what_there_is_not_is_not_found(owner: Person, app: Flask) -> None:
    """Nothing but the pages of the handbook; and only to who is signed in."""
    for path in ("vi/none", "vi/operate", "vi/..%2f..%2fpages", "de/admin"):
        assert owner.get(f"{HELP}/{path}").status_code == 404
    assert Person(app).get(f"{HELP}/vi/admin").status_code in (302, 303)
