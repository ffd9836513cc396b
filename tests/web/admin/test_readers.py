"""The page of readers, its file, the switches, and what the public page shows of it."""

from datetime import date, timedelta

import pytest
import redis
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.models.traffic.readers import DIMENSIONS, GROUPS
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from tests.support.admin import Person
from tests.support.pages import view

ZALO = (
    "Mozilla/5.0 (Linux; Android 14; SM-A546E; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36 Zalo android/24100"
)


@pytest.fixture
def told(client: FlaskClient, site: Site) -> Site:
    """Give a site with visits that told something, some of it by an attacker."""
    for number in range(4):
        view(client, address=f"192.0.2.{number}", user_agent=ZALO)
    for number in range(3):
        view(
            client,
            "/tin/<b>2",
            address=f"198.51.100.{number}",
            via="www.google.com.vn,utm_campaign=%3Cscript%3Ealert(1),utm_source=%3D1%2B1",
            headers={"Accept-Language": "vi-VN,vi;q=0.9"},
        )
    view(client, address="203.0.113.1", via="alone.vn")
    return site


def test_systems_inside_a_network_have_no_names(
    owner: Person, client: FlaskClient, told: Site
) -> None:
    """A portal's own office is one source in every language, whatever its systems are called."""
    for number, host in enumerate(("192.168.1.20:8080", "vanthu.kimson.local", "intranet")):
        view(client, address=f"203.0.113.{10 + number}", via=host)

    page = owner.get("/admin/sites/kimson/readers").text

    assert "Mạng nội bộ" in page
    assert "Internal network" in owner.get("/admin/sites/kimson/readers?lang=en").text
    assert not any(name in page for name in ("192.168.1.20", "vanthu", "intranet"))


def test_the_page_says_where_visits_came_from(owner: Person, told: Site) -> None:
    """In both languages; a value of one visit has no name, and nothing is a link or markup."""
    page = owner.get("/admin/sites/kimson/readers").text
    english = owner.get("/admin/sites/kimson/readers?lang=en&range=today&compare=year").text

    for text in ("Zalo", "Google", "Điện thoại", "Tiếng Việt", "Android", "/tin/1", "Khác"):
        assert text in page
    assert "Phone" in english
    assert "Vietnamese" in english
    assert "Known of 3 of 8 visits" in english
    assert "alone.vn" not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'href="https://www.google' not in page
    assert "STATS_COUNTRY_DB" in page


@pytest.mark.parametrize("query", ["range=all", "range=365", "from=2026-03-04&to=x", "range='"])
def test_every_range_is_a_page(owner: Person, told: Site, query: str) -> None:
    """Rubbish becomes the usual four weeks."""
    assert owner.get(f"/admin/sites/kimson/readers?{query}").status_code == 200


def test_the_file_adds_up(owner: Person, told: Site) -> None:
    """Each dimension to the visits that told it; formulas are escaped."""
    text = owner.get("/admin/sites/kimson/readers/visits.csv?range=today").text
    rows = [line.split(",") for line in text.lstrip("\ufeff").splitlines()]

    assert rows[0] == ["dimension", "value", "visits", "visits_before"]
    assert sum(int(row[2]) for row in rows if row[0] == "source") == 8
    assert ["source", "Zalo", "4", ""] in rows
    assert ["source", "", "1", ""] in rows
    assert ["campaign_source", "'=1+1", "3", ""] in rows
    assert owner.get("/admin/sites/kimson/readers/visits.xlsx").status_code == 200


def test_an_owner_switches_parts_off_and_opens_others(
    owner: Person, told: Site, services: Services
) -> None:
    """One by one, and all at once; what is open stands on the public page."""
    settings = "/admin/sites/kimson/settings"
    counted = [group for group in GROUPS if group != "country"]

    owner.post(settings, readers="some", readers_counted=counted, readers_public=["source"])
    some = services.sites.sites.get("kimson")
    services.sites.sites.edit("kimson", public=True)
    public = owner.get("/s/kimson").text
    page = owner.get("/admin/sites/kimson/readers").text
    owner.post(settings, readers="none", readers_counted=counted, readers_public=["source"])
    none = services.sites.sites.get("kimson")

    assert (some.readers_off, some.readers_public) == (("country",), ("source",))
    assert none.readers_off == ("all",)
    assert "Zalo" in public
    assert "Android" not in public
    assert "Đã tắt trong phần cài đặt" in page


def test_three_years_are_a_small_page(
    owner: Person, site: Site, redis_client: redis.Redis, settings: Settings
) -> None:
    """From months; the page stays small."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    letters = [dimension.letter for dimension in DIMENSIONS.values()]
    row = {f"{letter}value-{n}": 3 + n for letter in letters for n in range(150)}
    with redis_client.pipeline() as pipe:
        for year in (2023, 2024, 2025):
            for month in range(1, 13):
                pipe.hset(keys.readers(f"{year}-{month:02d}"), mapping=row)
        for age in range(63):
            day = (date(2026, 3, 4) - timedelta(days=age)).isoformat()
            pipe.hset(keys.readers(day), mapping=row)
        pipe.hset(keys.counts, mapping={"visits:2023-01-05": 9, "visits:2023-01": 9})
        pipe.hset(keys.counts, mapping={"visits:2023": 9})
        pipe.execute()

    answer = owner.get("/admin/sites/kimson/readers?range=all")

    assert answer.status_code == 200
    assert "value-149" in answer.text
    assert len(answer.data) < 150_000
