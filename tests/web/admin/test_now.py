"""The page of what happens now, and the links by which a television shows it."""

import re

import pytest
from flask.testing import FlaskClient

from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import ArticleRule
from stats_service.services.container import Services
from tests.support.admin import BASE, Person
from tests.support.clock import FakeClock
from tests.support.pages import view

PAGE = "/admin/sites/kimson/now"


@pytest.fixture
def read(client: FlaskClient, site: Site) -> Site:
    """Give a site that is being read, by an attacker among others."""
    for number in range(4):
        view(client, "/tin/a", address=f"192.0.2.{number}", via="www.google.com.vn")
    for number in range(3):
        view(client, "/tin/<b>", address=f"192.0.2.{number}")
    view(client, "/tin/alone", address="198.51.100.1", via="alone.example")
    return site


def make_link(owner: Person, name: str = "sảnh") -> str:
    """Make a link for a television and return its path."""
    page = owner.post(f"{PAGE}/screens", name=name).text
    found = re.search(r'id="link" value="https?://[^/]+(/s/kimson/screen/[^"]+)"', page)
    assert found
    return found[1]


def test_the_page_says_what_is_read_and_from_where(owner: Person, read: Site) -> None:
    """In both languages; what fewer than three have is no name, and nothing is markup."""
    page = owner.get(PAGE).text
    english = owner.get(f"{PAGE}?lang=en").text

    for text in ("/tin/a", "/tin/&lt;b&gt;", "Google", "Khác"):
        assert text in page
    assert "Online, minute by minute" in english
    for text in ("alone", "/tin/<b>", "198.51.100"):
        assert text not in page + english
    assert page.count("<rect") == 31


def test_hidden_and_merged_articles_are_shown_as_in_lists(
    owner: Person, read: Site, services: Services, clock: FakeClock
) -> None:
    """An article that no list shows is among the others."""
    by = Author("chu", clock.now())
    services.traffic.article_changes.apply(read, ArticleRule("hide", key="/tin/a"), by)

    page = owner.get(PAGE).text

    assert "/tin/a" not in page.replace("/tin/alone", "")
    assert "/tin/&lt;b&gt;" in page


def test_it_is_over_after_half_an_hour(owner: Person, read: Site, clock: FakeClock) -> None:
    """Nobody is online, and nothing is read."""
    clock.advance(1860)

    page = owner.get(PAGE).text

    assert "Google" not in page
    assert "/tin/a" not in page


def test_a_television_shows_it_without_signing_in(
    owner: Person, read: Site, client: FlaskClient
) -> None:
    """Dark, without a form, a link or a control; no search engine keeps it."""
    answer = client.get(make_link(owner), base_url=BASE)

    assert answer.status_code == 200
    assert 'data-theme="dark"' in answer.text
    assert "/tin/&lt;b&gt;" in answer.text
    assert not re.search(r"<(a|form|button|input)\b", answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_link_is_shown_once_and_can_be_revoked(
    owner: Person, read: Site, client: FlaskClient, services: Services
) -> None:
    """What is stored says nothing by which it could be made; the log knows who made it."""
    link = make_link(owner)
    (screen,) = services.accounts.tokens.all("kimson")

    assert "sảnh" in owner.get(PAGE).text
    assert link not in owner.get(PAGE).text
    assert link.rpartition("_")[2] not in repr(screen)
    owner.post(f"{PAGE}/screens/{screen.id}/revoke")
    assert client.get(link, base_url=BASE).status_code == 404
    assert services.accounts.tokens.all("kimson") == []
    whats = [entry.what for entry in services.accounts.audit.newest("kimson")]
    assert {"token.created", "token.revoked"} <= set(whats)


def test_a_key_of_a_television_opens_nothing_else(
    owner: Person, read: Site, client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """And no other key opens its page, on no other site."""
    key = make_link(owner).rpartition("/")[2]
    _token, program = services.accounts.tokens.add("kimson", "p", "write", "chu", clock.now())
    services.sites.sites.add(Site(slug="other", name="Other", hosts=("other.example.vn",)))

    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/v1/kimson/manage/counts", headers=headers).status_code == 403
    for path in (
        f"kimson/screen/{program}",
        f"other/screen/{key}",
        f"kimson/screen/{key[:-1]}x",
        "kimson/screen/x",
        f"nowhere/screen/{key}",
    ):
        assert client.get(f"/s/{path}", base_url=BASE).status_code == 404


def test_only_an_owner_makes_links(editor: Person, read: Site) -> None:
    """An editor sees the page."""
    assert "television" not in editor.get(f"{PAGE}?lang=en").text
    assert editor.post(f"{PAGE}/screens", name="x").status_code == 403


def test_a_link_needs_a_name(owner: Person, site: Site) -> None:
    """So that it can be revoked."""
    answer = owner.post(f"{PAGE}/screens", name=" ")

    assert answer.status_code == 400
    assert "sst_" not in answer.text
