"""What a page's report is answered, what is kept of it, and for whom."""

import json
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stats_service.config import Settings
from stats_service.models.install_checks import InstallCheck, InstallReport, Sender
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.known_sites.install_checks import Scripts, counted_article, findings
from stats_service.store.install_checks import CHECK_SECONDS
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, view

SCRIPTS = Scripts("2", {"1": "sha384-old", "2": "sha384-new"})


def report(client: FlaskClient, *, origin: str = ORIGIN, **fields: Any) -> TestResponse:
    """Send a report, as a page of the site unless another is named."""
    body = {"version": "1", "site": "kimson", "integrity": True, "pinned": True} | fields
    return client.post(
        "/v1/kimson/check",
        data=json.dumps(body),
        content_type="text/plain",
        headers={"User-Agent": BROWSER, "Origin": origin},
        environ_base={"REMOTE_ADDR": "192.0.2.7"},
    )


def codes(answer: TestResponse) -> set[str]:
    """Return what was found."""
    return {finding["code"] for finding in answer.get_json()["findings"]}


def test_a_report_counts_nothing(client: FlaskClient, site: Site, services: Services) -> None:
    """Neither a view nor one that was ignored."""
    view(client)
    before = services.traffic.views.counts(site, services.clock.now())
    token = services.sites.install_checks.new_token("kimson", services.clock.now())

    report(client, token=token)
    report(client, origin="https://evil.example", token=token)

    assert services.traffic.views.counts(site, services.clock.now()) == before
    today = before.views.today
    assert today == 1


def test_a_report_with_a_token_is_kept_for_minutes(
    client: FlaskClient,
    site: Site,
    services: Services,
    clock: FakeClock,
    settings: Settings,
    redis_client: redis.Redis,
) -> None:
    """The last one is what the admin page shows."""
    token = services.sites.install_checks.new_token("kimson", clock.now())

    answer = report(client, token=token, widgets=3)

    assert answer.get_json()["stored"] is True
    kept = services.sites.install_checks.latest("kimson", token, clock.now())
    assert kept is not None
    assert (kept.report.widgets, kept.sender.address, kept.allowed) == (3, "192.0.2.7", True)
    key = SiteKeys(settings.key_prefix, "kimson").check(token.split(".")[1])
    assert 0 < redis_client.ttl(key) <= CHECK_SECONDS


def test_without_a_good_token_nothing_is_kept_and_no_proxy_told(
    client: FlaskClient, site: Site, services: Services, clock: FakeClock
) -> None:
    """Missing, forged, of another site, or too old."""
    services.sites.sites.add(Site(slug="other", name="Khác", hosts=("other.example.vn",)))
    good = services.sites.install_checks.new_token("kimson", clock.now())
    other = services.sites.install_checks.new_token("other", clock.now())
    old = services.sites.install_checks.new_token("kimson", clock.now() - CHECK_SECONDS)
    forged = good[:-2] + ("aa" if good[-2:] != "aa" else "bb")

    for token in ("", forged, other, old, "a.b.c", "....", "é" * 20, "kimson.x.9999999999."):
        answer = report(client, token=token)
        assert answer.get_json()["stored"] is False
        assert "address" in codes(answer)
        assert not {code for code in codes(answer) if code.startswith("prox")}
        assert services.sites.install_checks.latest("kimson", token, clock.now()) is None


def test_a_stranger_s_page_reads_the_answer_only_with_a_token(
    client: FlaskClient, site: Site, services: Services
) -> None:
    """A webmaster learns there that the host is missing; nobody else's page learns anything."""
    token = services.sites.install_checks.new_token("kimson", services.clock.now())
    stranger = "https://kimson.example.com"

    told = report(client, origin=stranger, token=token)
    kept_back = report(client, origin=stranger)

    assert told.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in told.headers
    assert "host-unknown" in codes(told)
    assert "kimson.example.com" in told.get_data(as_text=True)
    assert "Access-Control-Allow-Origin" not in kept_back.headers


@pytest.mark.parametrize(
    "fields",
    [
        {"site": "x" * 81},
        {"strangers": ["stats-x"] * 6},
        {"strangers": ["x" * 81]},
        {"violations": ["<b>"]},
        {"digest": "<script>"},
        {"lang": "fr"},
        {"snippets": -1},
        {"views": 10**9},
        {"outcome": "<b>"},
        {"token": "x" * 161},
        {"age": -5},
        {"article": "x" * 2049},
    ],
)
def test_a_report_beyond_its_bounds_is_refused(
    client: FlaskClient, site: Site, fields: dict[str, Any]
) -> None:
    """What is kept has a greatest size, and what could look like markup has no place."""
    assert report(client, **fields).status_code == 400


def test_the_findings_speak_the_page_s_language(client: FlaskClient, site: Site) -> None:
    """Vietnamese, or English where the page is."""
    vietnamese = report(client, lang="vi").get_data(as_text=True)
    english = report(client, lang="en").get_data(as_text=True)

    assert "Tên miền kimson.example.vn có trong danh sách của trang web." in vietnamese
    assert "The host kimson.example.vn is one of the site" in english


def found(
    *,
    trusted: int | None = 0,
    allowed: bool = True,
    sender: dict[str, Any] | None = None,
    **of: Any,
) -> dict[str, str]:
    """Return the levels of what is found in a report, by code."""
    fields = {"version": "2", "site": "kimson", "integrity": True, "pinned": True, "widgets": 1}
    seen = {
        "host": "a.vn",
        "address": "113.160.0.9",
        "forwarded": 0,
        "ignored": "",
        "private": False,
    }
    check = InstallCheck(
        0.0,
        InstallReport(**(fields | of)),
        Sender(**({"private": False} | seen | (sender or {}))),
        allowed,
    )
    return {one.code: one.level for one in findings(check, "kimson", SCRIPTS, trusted)}


@pytest.mark.parametrize(
    ("address", "seen", "trusted", "code"),
    [
        ("113.160.0.9", 0, 0, "proxies"),
        ("113.160.0.9", 1, 1, "proxies"),
        ("10.0.0.5", 1, 1, "proxies"),
        ("10.0.0.5", 0, 0, "address-private"),
        ("10.0.0.5", 1, 0, "proxies-all-one"),
        ("113.160.0.9", 2, 1, "proxies-more"),
        ("10.0.0.5", 0, 1, "proxies-missing"),
        ("", 0, 0, "address-unknown"),
        ("", 0, 1, "proxies-missing"),
    ],
)
def test_the_proxies_seen_are_compared_with_the_setting(
    address: str, seen: int, trusted: int, code: str
) -> None:
    """A browser sends no X-Forwarded-For: each entry is a station between."""
    levels = found(trusted=trusted, sender={"address": address, "forwarded": seen})

    assert code in levels
    assert len([one for one in levels if one.startswith(("prox", "address"))]) == 1


@pytest.mark.parametrize(
    ("fields", "code", "level"),
    [
        ({"version": "1"}, "version-old", "warn"),
        ({"digest": "new"}, "script", "good"),
        ({"digest": "old"}, "script-altered", "bad"),
        ({"integrity": False}, "unpinned", "info"),
        ({"age": 86_400}, "cache", "good"),
        ({"age": 86_400, "pinned": False}, "cache-old", "warn"),
        ({"outcome": "blocked"}, "request-blocked", "bad"),
        ({"outcome": "policy"}, "request-policy", "bad"),
        ({"outcome": "refused", "status": 503}, "request-refused", "bad"),
        ({"violations": ("img-src",)}, "policy", "info"),
        ({"violations": ("script-src-elem",)}, "policy", "warn"),
        ({"snippets": 2, "sites": ("kimson",)}, "snippets", "warn"),
        ({"snippets": 2, "sites": ("kimson", "x")}, "snippets-of-sites", "bad"),
        ({"views": 2}, "views", "bad"),
        ({"views": 2, "moves": 1}, "moves", "info"),
        ({"pixel": True}, "pixel", "bad"),
        ({"site": ""}, "site-missing", "bad"),
        ({"site": "x"}, "site-other", "bad"),
        ({"strangers": ("stats-visit",)}, "strangers", "warn"),
        ({"widgets": 0}, "no-widgets", "info"),
        ({"bare": 2}, "bare", "warn"),
        ({"listed": 3, "different": 1}, "items-alike", "warn"),
        ({"listed": 3, "different": 3, "unread": 3}, "items-unread", "warn"),
        ({"optimisers": ("WP Rocket",)}, "optimisers", "info"),
        ({"optimisers": ("WP Rocket",), "ran": False}, "optimisers", "warn"),
        ({"article": "/?id=1"}, "kept", "info"),
        ({"article": "/tin/1"}, "article", "info"),
        ({"storeless": True}, "storeless", "info"),
        ({"sender": {"ignored": "excluded"}}, "ignored-excluded", "warn"),
        ({"sender": {"private": True}}, "private", "info"),
        ({"sender": {"host": ""}}, "host-none", "bad"),
    ],
)
def test_each_trouble_has_its_finding(fields: dict[str, Any], code: str, level: str) -> None:
    """And its weight."""
    assert found(**fields)[code] == level


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"bare": 1}, "bare"),
        ({"listed": 1, "different": 1}, "items-alike"),
        ({"listed": 3, "different": 3, "unread": 2}, "items-unread"),
        ({"article": "/tin/1"}, "kept"),
        ({"article": "bai?7"}, "kept"),
    ],
)
def test_what_is_as_it_should_be_is_not_told(fields: dict[str, Any], code: str) -> None:
    """One widget for the page, an article of its own for each item, one of them read."""
    assert code not in found(**fields)


def test_what_follows_from_a_wrong_host_or_site_is_not_told_twice() -> None:
    """That the numbers cannot be read says nothing more then."""
    assert "request-blocked" not in found(allowed=False, outcome="unreadable")
    assert "request-blocked" not in found(site="x", outcome="unreadable")


def test_the_check_tells_the_key_that_is_counted_and_what_was_dropped(
    services: Services, site: Site
) -> None:
    """Not what the page sent."""
    entry = services.sites.directory.entry("kimson", services.clock.now())

    counted = counted_article(entry, "/index.php?id=1&page=2&fbclid=x", "")

    assert counted == ("/?id=1", ("page", "fbclid"), "")
    assert counted_article(entry, "/a%00", "") == ("/a%00", (), "")


@pytest.mark.parametrize(
    ("canonical", "key", "told"),
    [
        ("https://kimson.example.vn/tin/1?id=7", "/tin/1?id=7", False),
        ("https://kimson.example.vn/", "/tin/1?from=zalo&id=7", True),
        ("https://khac.example.vn/tin/1?id=7", "/tin/1?from=zalo&id=7", True),
    ],
)
def test_the_check_tells_of_a_canonical_link_that_is_not_believed(
    services: Services, site: Site, canonical: str, key: str, told: bool
) -> None:
    """The home page on every article, another host."""
    entry = services.sites.directory.entry(site.slug, services.clock.now())

    counted = counted_article(entry, "/tin/1?id=7&from=zalo", canonical)

    assert (counted[0], counted[2]) == (key, canonical if told else "")
    assert ("canonical" in found(article=key, canonical=counted[2])) is told
