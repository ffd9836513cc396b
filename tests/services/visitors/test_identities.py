"""Pseudonyms: the same reader today, nobody in particular tomorrow."""

from datetime import datetime
from zoneinfo import ZoneInfo

import redis
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.visitors.identities import DayKey
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, view
from tests.support.redis_groups import client_of

KEY = DayKey.derive("s" * 32, "kimson", "2026-11-23", b"salt")


def test_a_pseudonym_depends_on_secret_site_day_and_salt() -> None:
    """Changing any of them makes another visitor of the same reader."""
    others = [
        DayKey.derive("x" * 32, "kimson", "2026-11-23", b"salt"),
        DayKey.derive("s" * 32, "other", "2026-11-23", b"salt"),
        DayKey.derive("s" * 32, "kimson", "2026-11-24", b"salt"),
        DayKey.derive("s" * 32, "kimson", "2026-11-23", b"pepper"),
    ]

    pseudonyms = {key.visitor("192.0.2.1", "A") for key in [KEY, *others]}

    assert len(pseudonyms) == 5
    assert KEY.visitor("192.0.2.1", "A") == KEY.visitor("192.0.2.1", "A")


def test_network_and_user_agent_cannot_run_into_each_other() -> None:
    """Moving a character from one to the other makes another visitor."""
    assert KEY.visitor("192.0.2.1", "2A") != KEY.visitor("192.0.2.12", "A")
    assert KEY.address("192.0.2.1") != KEY.visitor("192.0.2.1", "")


def test_a_reader_moving_within_a_64_network_is_one_visitor(
    client: FlaskClient, site: Site
) -> None:
    """IPv6 privacy addresses change daily or faster; the /64 does not."""
    view(client, address="2001:db8:1:2::1")
    same = view(client, address="2001:db8:1:2:ffff::9").get_json()["site"]
    other = view(client, address="2001:db8:1:3::1").get_json()["site"]

    assert same["online"] == 1
    assert other["online"] == 2


def test_redis_holds_no_address_no_user_agent_and_no_origin(
    client: FlaskClient, site: Site, redis_server: str, settings: Settings
) -> None:
    """Every key and value of the installation is looked through; a family of browsers is a sum."""
    view(client, address="198.51.100.77", headers={"Referer": "https://search.example/?q=x"})
    view(client, address="2001:db8:aaaa:bbbb::77")

    raw = client_of(redis_server, decode_responses=False)
    names = list(raw.scan_iter(f"{settings.key_prefix}:*", count=1000))
    stored = b"".join(name + (raw.dump(name) or b"") for name in names)

    assert len(stored) > 500
    for trace in (b"198.51.100", b"2001:db8", BROWSER.encode()[:20], b"Chrome/", b"search.example"):
        assert trace not in stored


def test_salts_and_identities_have_an_end(
    client: FlaskClient, site: Site, redis_client: redis.Redis, settings: Settings, clock: FakeClock
) -> None:
    """Whatever is derived from a reader expires within 48 hours, and the salt within 26."""
    clock.set(datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")))
    view(client)

    lasting = f"{settings.key_prefix}:{{kimson}}:"
    expiry = {
        "".join(name.removeprefix(lasting).partition(":")[:2]): redis_client.ttl(name)
        for name in redis_client.scan_iter(f"{lasting}*", count=1000)
    }

    assert 0 < expiry["salt:"] <= 26 * 3600
    assert 0 < expiry["visitors:"] <= 48 * 3600
    assert 0 < expiry["online"] <= 1860
    assert 0 < expiry["hits:"] <= 2400
    assert 0 < expiry["addresses:"] <= 3600
    assert expiry["counts"] == expiry["articles"] == -1
