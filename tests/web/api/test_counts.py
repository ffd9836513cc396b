"""Reading numbers without counting: for a portal's own server, and for list pages."""

import pytest
from flask.testing import FlaskClient

from stats_service.models.sites import Site
from tests.support.pages import ORIGIN, view


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


def test_counts_are_what_the_page_view_answered(client: FlaskClient) -> None:
    """Reading counts nothing and says the same."""
    viewed = view(client).get_json()["site"]

    first = client.get("/v1/kimson/counts")
    second = client.get("/v1/kimson/counts")

    assert first.get_json() == viewed
    assert second.get_json() == viewed


def test_counts_of_a_new_site_are_zero(client: FlaskClient) -> None:
    """Nothing counted yet is a number too."""
    body = client.get("/v1/kimson/counts").get_json()

    assert body["visits"]["total"] == 0
    assert body["visits"]["record"] is None
    assert body["peak"] is None


def test_counts_have_an_etag_that_changes_with_them(client: FlaskClient) -> None:
    """Who has the current numbers gets 304 and no body."""
    etag = client.get("/v1/kimson/counts").headers["ETag"]

    same = client.get("/v1/kimson/counts", headers={"If-None-Match": etag})
    view(client)
    changed = client.get("/v1/kimson/counts", headers={"If-None-Match": etag})

    assert (same.status_code, same.data) == (304, b"")
    assert changed.status_code == 200
    assert changed.headers["Cache-Control"] == "public, max-age=10"


def test_article_views_come_in_batches(client: FlaskClient) -> None:
    """By the text asked for; an article never viewed has 0."""
    view(client, "/tin/1")

    response = client.get(
        "/v1/kimson/articles/views", query_string={"key": ["/tin/1/", "/tin/2", "/tin/1"]}
    )

    assert response.get_json() == {
        "articles": {
            "/tin/1/": {"key": "/tin/1", "views": 1, "today": 1},
            "/tin/2": {"key": "/tin/2", "views": 0, "today": 0},
            "/tin/1": {"key": "/tin/1", "views": 1, "today": 1},
        }
    }


def test_more_than_a_hundred_articles_are_refused(client: FlaskClient) -> None:
    """The problem says how many were asked for and how many may be."""
    response = client.get(
        "/v1/kimson/articles/views", query_string={"key": [f"/{n}" for n in range(101)]}
    )

    assert response.status_code == 400
    assert "101" in response.get_json()["detail"]


@pytest.mark.parametrize(
    "path",
    ["/v1/kimson/counts", "/v1/kimson/articles/views?key=/a", "/v1/kimson/articles/views?key="],
)
def test_only_pages_of_the_site_may_read_across_origins(client: FlaskClient, path: str) -> None:
    """The site's own hosts are named exactly; errors too; never with credentials."""
    own = client.get(path, headers={"Origin": ORIGIN})
    foreign = client.get(path, headers={"Origin": "https://evil.test"})

    assert own.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in foreign.headers
    for response in (own, foreign):
        assert "Origin" in response.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in response.headers
