"""The pixel counts a view without JavaScript."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stats_service.models.sites import Site
from stats_service.web.loop.page_views import GIF
from tests.support.pages import BROWSER, view

PAGE = "https://kimson.example.vn/tin/1?utm_source=mail"


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


def dot(
    client: FlaskClient,
    referer: str,
    query: str = "",
    agent: str = BROWSER,
    origin: str | None = None,
) -> TestResponse:
    """Load the pixel on a page."""
    headers = {"Referer": referer, "User-Agent": agent}
    if origin is not None:
        headers["Origin"] = origin
    return client.get(f"/v1/kimson/dot.gif{query}", headers=headers)


def test_a_pixel_is_a_view_of_the_page_that_shows_it(client: FlaskClient) -> None:
    """The Referer names the article; the next page with JavaScript sees the sum."""
    response = dot(client, PAGE)

    assert response.data == GIF
    assert response.headers["Content-Type"] == "image/gif"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Stats-Ignored" not in response.headers
    body = view(client, "/tin/1").get_json()
    assert body["site"]["views"]["total"] == 2
    assert body["article"]["views"] == 2


def test_a_pixel_may_name_its_article(client: FlaskClient) -> None:
    """A page with an explicit key in its snippet says the same key here."""
    dot(client, PAGE, "?article=bai-7")

    assert view(client, "bai-7").get_json()["article"]["views"] == 2


def test_a_pixel_with_an_empty_article_counts_for_the_site_alone(client: FlaskClient) -> None:
    """As `data-article=""` does, and not under the page that the Referer names."""
    dot(client, PAGE, "?article=")

    body = view(client, "/tin/1").get_json()
    assert body["article"]["views"] == 1
    assert body["site"]["views"]["total"] == 2


@pytest.mark.parametrize(
    ("referer", "agent", "reason"),
    [
        ("", BROWSER, "host"),
        ("https://elsewhere.example/tin/1", BROWSER, "host"),
        (PAGE, "Googlebot/2.1 (+http://www.google.com/bot.html)", "bot"),
    ],
)
def test_a_pixel_that_must_not_count_says_why(
    client: FlaskClient, referer: str, agent: str, reason: str
) -> None:
    """The rules are those of the script."""
    response = dot(client, referer, agent=agent)

    assert response.status_code == 200
    assert response.headers["Stats-Ignored"] == reason
    assert client.get("/v1/kimson/counts").get_json()["views"]["total"] == 0


def test_asking_for_the_head_of_a_pixel_counts_nothing(client: FlaskClient) -> None:
    """Link checkers look at headers."""
    client.head("/v1/kimson/dot.gif", headers={"Referer": PAGE, "User-Agent": BROWSER})

    assert client.get("/v1/kimson/counts").get_json()["views"]["total"] == 0


@pytest.mark.parametrize(
    ("origin", "total"), [("https://kimson.example.vn", 1), ("null", 0), ("https://evil.test", 0)]
)
def test_a_pixel_in_a_sandboxed_frame_counts_nothing(
    client: FlaskClient, origin: str, total: int
) -> None:
    """No script runs in it, and its Referer is the portal's page; its Origin is not."""
    response = dot(client, PAGE, origin=origin)

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers.get("Stats-Ignored", "") == ("" if total else "host")
    assert client.get("/v1/kimson/counts").get_json()["views"]["total"] == total
