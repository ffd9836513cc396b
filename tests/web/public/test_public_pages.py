"""The public statistics page: only where it is switched on, and made of the live settings."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.pages import view
from tests.web.admin.conftest import owner

__all__ = ["owner"]


@pytest.mark.parametrize("path", ["/s/kimson", "/s/kimson/how-we-count", "/s/none", "/s/A%00"])
def test_a_page_that_is_not_public_is_not_there(app: Flask, site: Site, path: str) -> None:
    """A site that is not public looks like one that does not exist."""
    answer = Person(app).get(path)

    assert answer.status_code == 404
    page = answer.get_data(as_text=True)
    assert "cổng không công bố số liệu ở đây" in page
    assert "/admin/" not in page.replace("/admin/static/", "")  # nothing here is an administrator's


def test_the_public_page_shows_the_numbers(app: Flask, site: Site, services: Services) -> None:
    """In both languages, with the same guards as the admin pages, and without a sign-in."""
    services.sites.sites.edit(
        site.slug, public=True, opening_visits=1_814_165, opening_day="2019-12-24"
    )
    reader = Person(app)

    vietnamese = reader.get("/s/kimson")
    english = reader.get("/s/kimson?lang=en").get_data(as_text=True)
    rules = reader.get("/s/kimson/how-we-count").get_data(as_text=True)

    assert "1.814.165" in vietnamese.get_data(as_text=True)
    # There are visits of the former counter and no views: that is no ratio of the two.
    assert "0 lượt xem từ ngày 24/12/2019" in vietnamese.get_data(as_text=True)
    assert "0 views since 24 Dec 2019" in english
    assert "1,814,165" in english
    assert "1.814.165" in rules
    assert "Asia/Ho_Chi_Minh" in rules
    assert "cập nhật lúc 04/03/2026 12:00" in vietnamese.text
    for page in (vietnamese.text, english, rules):
        assert '<a href="https://kimson.example.vn/">' in page
    assert "frame-ancestors 'none'" in vietnamese.headers["Content-Security-Policy"]
    assert reader.client.get("/s/kimson", base_url="http://evil.example").status_code == 400


def test_the_page_speaks_the_site_s_language_unless_asked_otherwise(
    app: Flask, site: Site, services: Services
) -> None:
    """What is asked for in the address goes first."""
    services.sites.sites.edit(site.slug, public=True, language="en")
    reader = Person(app)

    assert '<html lang="en"' in reader.get("/s/kimson").get_data(as_text=True)
    assert '<html lang="vi"' in reader.get("/s/kimson?lang=vi").get_data(as_text=True)


def test_a_year_and_the_most_read_articles(
    app: Flask, client: FlaskClient, site: Site, services: Services
) -> None:
    """Twelve months for whoever wants them; articles only where the owner shows them, as text."""
    view(client, "/tin/khai-mac")
    services.sites.sites.edit(site.slug, public=True)
    reader = Person(app)
    assert "/tin/khai-mac" not in reader.get("/s/kimson").text

    services.sites.sites.edit(site.slug, public_articles=True)
    month, year = reader.get("/s/kimson").text, reader.get("/s/kimson?span=year").text

    assert '<span class="key">/tin/khai-mac</span><strong>1</strong>' in month
    assert 'href="/tin/khai-mac' not in month
    assert "Bốn tuần gần đây" in month
    assert "Mười hai tháng gần đây" in year
    assert year.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr>") == 12


def test_the_most_downloaded_documents(app: Flask, site: Site, services: Services) -> None:
    """Only where the owner shows them and they are counted; as text, without a link."""
    today = datetime.fromtimestamp(services.clock.now(), ZoneInfo(site.timezone)).date()
    clicks = {"document": {"/van-ban/<b>12.pdf": 5}, "outgoing": {"bao.example": 9}}
    services.traffic.clicks.write(site, {today: clicks})
    services.sites.sites.edit(site.slug, public=True)
    reader = Person(app)
    closed = reader.get("/s/kimson").text

    services.sites.sites.edit(site.slug, public_documents=True)
    opened = reader.get("/s/kimson").text
    services.sites.sites.edit(site.slug, clicks_off=("document",))
    off = reader.get("/s/kimson").text

    assert '<span class="key">/van-ban/&lt;b&gt;12.pdf</span><strong>5</strong>' in opened
    assert 'href="/van-ban' not in opened
    assert "bao.example" not in opened
    assert "12.pdf" not in closed + off


def test_the_list_of_documents_is_read_once_in_half_a_minute(
    app: Flask, site: Site, services: Services, clock: FakeClock
) -> None:
    """It adds up whole days, and anybody may ask for the page."""
    today = datetime.fromtimestamp(clock.now(), ZoneInfo(site.timezone)).date()
    services.sites.sites.edit(site.slug, public=True, public_documents=True)
    reader, shown = Person(app), []
    for seconds in (0, 20, 20):
        clock.advance(seconds)
        services.traffic.clicks.write(site, {today: {"document": {"/van-ban/12.pdf": 5}}})
        page = reader.get("/s/kimson").text
        shown.append(page.partition("12.pdf</span><strong>")[2].partition("<")[0])

    assert shown == ["5", "5", "15"]


def test_the_owner_opens_the_lists(owner: Person, services: Services, site: Site) -> None:
    """With the same form as the page, and closes them by it."""
    settings = "/admin/sites/kimson/settings"

    owner.post(settings, public="yes", public_articles="yes", public_documents="yes")
    opened = services.sites.sites.get(site.slug)
    owner.post(settings, public="yes")
    closed = services.sites.sites.get(site.slug)

    assert (opened.public_articles, opened.public_documents) == (True, True)
    assert (closed.public_articles, closed.public_documents) == (False, False)
