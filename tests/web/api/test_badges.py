"""Badges show a number as an image with real text."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.openapi import MakeApp
from tests.support.pages import view

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _site(services: Services) -> None:
    """Every test here has a site that was counted elsewhere before."""
    services.sites.sites.add(
        Site(
            slug="kimson",
            name="Kim Sơn",
            hosts=("kimson.example.vn",),
            opening_visits=1_814_164,
            opening_day="2026-01-01",
        )
    )


def texts(svg: str) -> list[str]:
    """Return what a badge says."""
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("total.svg", ["Lượt truy cập", "1.814.165"]),
        ("total.svg?lang=en", ["Visits", "1,814,165"]),
        ("online.svg", ["Trực tuyến", "1"]),
        ("today.svg?theme=dark", ["Hôm nay", "1"]),
        ("views.svg?article=/tin/1&lang=en", ["Views", "1"]),
        ("views.svg?article=/tin/2", ["Lượt xem", "0"]),
    ],
)
def test_a_badge_shows_its_number(client: FlaskClient, path: str, expected: list[str]) -> None:
    """Both languages, each with its way to write numbers."""
    view(client, "/tin/1")

    response = client.get(f"/v1/kimson/badge/{path}")

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("image/svg+xml")
    assert texts(response.text) == expected


def test_a_badge_says_its_number_to_those_who_do_not_see_it(client: FlaskClient) -> None:
    """A screen reader that opens the image reads label and number."""
    root = ElementTree.fromstring(client.get("/v1/kimson/badge/total.svg").text)

    assert root.get("role") == "img"
    assert root.get("aria-label") == "Lượt truy cập: 1.814.164"


def test_a_badge_is_kept_for_a_minute(client: FlaskClient) -> None:
    """Many readers of a page cost one badge, and an unchanged one is not sent again."""
    response = client.get("/v1/kimson/badge/total.svg")
    again = client.get(
        "/v1/kimson/badge/total.svg", headers={"If-None-Match": response.headers["ETag"]}
    )

    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert again.status_code == 304


def test_a_badge_follows_the_readers_system_unless_told(client: FlaskClient) -> None:
    """Without `theme` the image has both looks; with it, one."""
    auto, light, dark = (
        client.get(f"/v1/kimson/badge/total.svg{query}").text
        for query in ("", "?theme=light", "?theme=dark")
    )

    assert "prefers-color-scheme:dark" in auto
    assert "prefers-color-scheme" not in light + dark
    assert light != dark


def test_what_a_visitor_sends_is_not_in_the_image(client: FlaskClient) -> None:
    """The name of an article leads to its number, and to nothing else."""
    path = '/tin/<script>alert("x")</script>'
    view(client, path)

    response = client.get("/v1/kimson/badge/views.svg", query_string={"article": path})

    assert texts(response.text) == ["Lượt xem", "1"]
    assert "alert" not in response.text


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("kimson/badge/visitors.svg", 404, "visitors"),
        ("kimson/badge/views.svg", 400, "article"),
        ("kimson/badge/total.svg?lang=fr", 400, "fr"),
        ("kimson/badge/total.svg?theme=pink", 400, "pink"),
        ("nowhere/badge/total.svg", 404, "nowhere"),
    ],
)
def test_a_badge_that_cannot_be_drawn_says_why(
    client: FlaskClient, path: str, status: int, named: str
) -> None:
    """The error names the value."""
    response = client.get(f"/v1/{path}")

    assert response.status_code == status
    assert named in response.get_json()["detail"]


def test_without_redis_a_badge_says_nothing_false(
    settings: Settings, tmp_path: Path, make_app: MakeApp
) -> None:
    """Browsers show the body of a 503 as well: an image without a number, which nobody keeps."""
    away = replace(settings, redis_url=f"unix://{tmp_path}/nobody.sock", redis_timeout=0.1)

    response = make_app(away).test_client().get("/v1/kimson/badge/total.svg")

    assert response.status_code == 503
    assert response.headers["Cache-Control"] == "no-store"
    assert texts(response.text) == ["–", "…"]
