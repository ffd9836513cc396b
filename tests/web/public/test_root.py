"""Redirects stay here, whatever Host a request names; what browsers ask of every host."""

from dataclasses import replace

import pytest
from flask import Flask

from stats_service.app import create_app
from stats_service.config import Settings
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.http.context import EXTENSION
from tests.support.clock import FakeClock

PUBLIC = "https://dem.example.vn"
#: Behind a proxy that ends TLS, requests come by http.
BEHIND = {"base_url": "http://dem.example.vn", "headers": {"X-Forwarded-Proto": "https"}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Give the settings of an installation that browsers reach by https."""
    return replace(settings, public_url=PUBLIC)


def redirected_paths(app: Flask) -> list[str]:
    """Return the paths that routing answers with another spelling, and some that look like it."""
    branches = [rule.rule[:-1] for rule in app.url_map.iter_rules() if rule.rule.endswith("/")]
    named = [path.replace("<slug>", "kimson") for path in branches if path]
    return [*named, "//admin//sign-in", "//evil.com/../admin", "/admin//", "/v1//kimson/counts"]


def test_a_forged_host_gets_no_redirect(app: Flask) -> None:
    """Neither in Location nor in the body; and nothing of `Forwarded` is believed."""
    client = app.test_client()
    paths = redirected_paths(app)
    assert "/admin" in paths

    for path in paths:
        for host in ("evil.com", "dem.example.vn.evil.com", "dem.example.vn@evil.com"):
            answer = client.get(
                path,
                headers={"Host": host, "Forwarded": "host=evil.com", "X-Forwarded-Host": host},
            )
            assert "Location" not in answer.headers, path
            assert "evil.com" not in answer.get_data(as_text=True), path
            if path != "//evil.com/../admin":
                assert answer.status_code in (400, 401, 404), path


def test_every_redirect_is_a_path_of_this_host(app: Flask, site: Site) -> None:
    """So whoever came by https stays there, behind any proxy."""
    client = app.test_client()

    for path in (*redirected_paths(app), "/", "/admin/", "/admin/sites/kimson/"):
        answer = client.get(path, **BEHIND)
        place = answer.headers.get("Location")
        if place is None:
            continue
        assert place.startswith("/"), path
        assert not place.startswith(("//", "/\\")), path
        assert "http://" not in answer.get_data(as_text=True), path

    moved = client.get("/admin?a=1&b=%2F", **BEHIND)
    assert (moved.status_code, moved.headers["Location"]) == (308, "/admin/?a=1&b=%2F")


def test_https_is_asked_of_this_host_alone(app: Flask) -> None:
    """The host may be a portal's own: other names and years are not ours to bind."""
    answer = app.test_client().get("/admin/sign-in", **BEHIND)

    assert answer.headers["Strict-Transport-Security"] == "max-age=2592000"


def test_what_browsers_and_robots_ask_of_every_host(app: Flask) -> None:
    """Whoever types the host's name comes to the admin pages."""
    client = app.test_client()

    assert client.get("/").headers["Location"] == "/admin/"
    icon = client.get("/favicon.ico")
    assert (icon.status_code, icon.mimetype) == (200, "image/svg+xml")
    robots = client.get("/robots.txt")
    assert robots.mimetype == "text/plain"
    assert "Disallow: /\n" in robots.get_data(as_text=True)


def test_in_the_demo_the_host_leads_to_the_portal(settings: Settings, clock: FakeClock) -> None:
    """As STATS_DEMO says."""
    app = create_app(replace(settings, demo=True), clock)

    answer = app.test_client().get("/")

    assert answer.headers["Location"] == "/demo/"
    app.extensions[EXTENSION].close()


def test_a_recipient_accepts_and_ends_a_report_by_the_links(
    app: Flask, services: Services, site: Site, clock: FakeClock
) -> None:
    """A GET decides nothing, for programs follow links; one click of a mail program ends it."""
    book = services.notices.notices
    report = book.add_report("kimson", "an@example.vn", "week", "en", COMMAND_LINE, clock.now())
    path = f"/s/kimson/reports/{report.id}/{book.link_token('kimson', report)}"
    client = app.test_client()

    asked = client.get(path, **BEHIND)
    assert asked.status_code == 200
    assert "Accept the reports" in asked.get_data(as_text=True)
    assert "Đồng ý nhận báo cáo" in client.get(f"{path}?lang=vi", **BEHIND).get_data(as_text=True)
    assert not book.agreed("kimson", book.report("kimson", report.id))
    assert client.get(path[:-1] + "x", **BEHIND).status_code == 404

    client.post(path, data={"answer": "agree"}, **BEHIND)
    assert book.agreed("kimson", book.report("kimson", report.id))

    ended = client.post(path, data={"List-Unsubscribe": "One-Click"}, **BEHIND)
    assert ended.status_code == 200
    assert book.get("kimson").reports == ()
    assert client.post(path, data={"answer": "agree"}, **BEHIND).status_code == 404
    what = [entry.what for entry in services.accounts.audit.newest("kimson", 2)]
    assert what == ["notice.removed", "report.agreed"]
