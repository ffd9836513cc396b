"""Lists of articles for the portal, as JSON and as RSS."""

from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import ArticleRule
from stats_service.services.container import Services
from tests.support.clock import FakeClock
from tests.support.pages import ORIGIN, view

TITLES = {"/tin/1": "Khánh thành cầu <b>", "/tin/2": "Lễ hội & rằm", "/van-ban/3": "Nghị quyết"}


@pytest.fixture
def listed(client: FlaskClient, site: Site, services: Services, clock: FakeClock) -> Site:
    """Give a site with articles that are read, one of which a stranger has invented."""
    views = {"/tin/1": 3, "/tin/2": 2, "/van-ban/3": 1, "/casino.example": 9, "khoa-rieng": 8}
    for article, number in views.items():
        for _ in range(number):
            view(client, article)
    by = Author("chu", clock.now())
    for article, title in (TITLES | {"khoa-rieng": "Không có địa chỉ"}).items():
        services.traffic.titles.set(site, article, title, by)
    return services.sites.sites.edit("kimson", public_articles=True)


def keys(client: FlaskClient, query: str = "") -> list[str]:
    """Return the articles of a list."""
    answer = client.get(f"/v1/kimson/top?{query}")
    assert answer.status_code == 200, answer.text
    return [article["key"] for article in answer.get_json()["articles"]]


def test_a_list_has_titles_and_links_that_lead_to_the_site(
    client: FlaskClient, listed: Site
) -> None:
    """What has no title, and what is no path, is not in it: a stranger invents both."""
    answer = client.get("/v1/kimson/top", headers={"Origin": "https://elsewhere.example"})

    assert answer.get_json() == {
        "by": "views",
        "span": "week",
        "articles": [
            {"key": key, "title": title, "url": ORIGIN + key, "views": views}
            for (key, title), views in zip(TITLES.items(), (3, 2, 1), strict=True)
        ],
    }
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    tag = answer.headers["ETag"]
    assert client.get("/v1/kimson/top", headers={"If-None-Match": tag}).status_code == 304


def test_a_section_is_a_list_by_the_beginning_of_paths(client: FlaskClient, listed: Site) -> None:
    """Named or left out; as many as are wanted."""
    assert keys(client, "only=/tin/") == ["/tin/1", "/tin/2"]
    assert keys(client, "exclude=/tin/1,/van-ban/&span=all") == ["/tin/2"]
    assert keys(client, "only=/tin/+/van-ban/&exclude=/tin/2&limit=1&span=day") == ["/tin/1"]


@pytest.mark.parametrize(
    "query",
    [
        *("by=x", "span=x", "limit=0", "limit=51", "limit=-1", "only=tin", "by=rising&span=all"),
        "exclude=" + ",".join("/" + "a" * n for n in range(11)),
        "only=/" + "a" * 300,
    ],
)
def test_what_cannot_be_used_is_named(client: FlaskClient, listed: Site, query: str) -> None:
    """A problem document says what to do."""
    assert client.get(f"/v1/kimson/top?{query}").status_code == 400


def test_hidden_and_deleted_articles_never_show(
    client: FlaskClient, listed: Site, services: Services, clock: FakeClock
) -> None:
    """Nor does what was merged into another, once what the worker keeps is over."""
    by = Author("chu", clock.now())
    keys(client)
    changes = services.traffic.article_changes
    changes.apply(listed, ArticleRule("hide", key="/tin/1"), by)
    changes.apply(listed, ArticleRule("delete", key="/van-ban/3"), by)
    clock.advance(31)

    assert keys(client) == ["/tin/2"]
    assert keys(client, "span=all") == ["/tin/2"]


def test_ratings_and_rises_have_lists(
    client: FlaskClient, listed: Site, services: Services, clock: FakeClock
) -> None:
    """What gained most against the same days before; ratings are of all time."""
    clock.advance(7 * 86_400)
    for _ in range(12):
        view(client, "/tin/2")
    rising = client.get("/v1/kimson/top?by=rising&span=day").get_json()["articles"]
    rated = client.get("/v1/kimson/top?by=rating").get_json()

    # Of the day a week before, as much as had come by this time of day.
    assert [(a["key"], a["views"], a["gain"] >= 10) for a in rising] == [("/tin/2", 12, True)]
    assert (rated["span"], rated["articles"]) == ("all", [])


def test_the_feed_is_the_same_list(client: FlaskClient, listed: Site) -> None:
    """Text stays text."""
    answer = client.get("/v1/kimson/top.rss?limit=2")
    channel = ElementTree.fromstring(answer.data)[0]

    assert answer.mimetype == "application/rss+xml"
    assert channel.findtext("title") == "Tin đọc nhiều · Kim Sơn"
    items = [(i.findtext("title"), i.findtext("link")) for i in channel.iter("item")]
    assert items == [(TITLES[key], ORIGIN + key) for key in ("/tin/1", "/tin/2")]
    assert channel.findtext("item/description") == "3 lượt xem"
    assert "views" in client.get("/v1/kimson/top.rss?lang=en").text


def test_lists_are_closed_until_the_owner_opens_them(
    client: FlaskClient, listed: Site, services: Services
) -> None:
    """In both forms."""
    services.sites.sites.edit("kimson", public_articles=False)

    assert client.get("/v1/kimson/top").status_code == 403
    assert client.get("/v1/kimson/top.rss").status_code == 403
    assert client.get("/v1/nowhere/top").status_code == 404
