"""The rules of a site's settings, and the copy that a worker keeps."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from stats_service.errors import (
    ConflictError,
    InvalidInputError,
    StoreUnavailableError,
    UnknownSiteError,
)
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteDirectory
from stats_service.services.sites.sites import slug_of_name
from stats_service.services.visitors.voters import Voters
from stats_service.store.keys import SiteKeys
from stats_service.store.polls.polls import PollStore
from stats_service.store.redis.client import connect
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.sites.sites import SiteStore
from tests.support.clock import FakeClock
from tests.support.redis_groups import keys_of
from tests.support.votes import make_poll

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))


def without_births(sites: list[Site]) -> list[Site]:
    """Return sites as people set them; a birth is drawn for each."""
    assert all(len(site.birth) == 16 for site in sites)
    return [msgspec.structs.replace(site, birth="") for site in sites]


def test_a_site_is_stored_in_canonical_form(services: Services) -> None:
    """What an admin typed is put in the one spelling before it is stored."""
    typed = msgspec.structs.replace(
        SITE,
        name="  Cổng  Kim Sơn ",
        hosts=("https://KimSon.example.vn/", "kimson.example.vn:443", "xã.example.vn"),
        excluded=("192.0.2.7", "198.51.100.9/24"),
    )

    services.sites.sites.add(typed)

    stored = services.sites.sites.get("kimson")
    assert stored.name == "Cổng Kim Sơn"
    assert stored.hosts[0] == "kimson.example.vn"
    assert stored.hosts[-1].startswith("xn--")
    assert stored.excluded == ("192.0.2.7/32", "198.51.100.0/24")
    assert services.sites.sites.all() == [stored]


def test_a_taken_slug_is_refused_and_nothing_changes(services: Services) -> None:
    """The site that is there stays as it is."""
    services.sites.sites.add(SITE)

    with pytest.raises(ConflictError, match="kimson"):
        services.sites.sites.add(msgspec.structs.replace(SITE, name="Another"))

    assert services.sites.sites.get("kimson").name == "Kim Sơn"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("slug", "Kim Sơn"),
        ("slug", "a{b}"),
        ("slug", ""),
        ("slug", "-a"),
        ("name", " "),
        ("name", "a\x00b"),
        ("hosts", ()),
        ("hosts", ("*.example.vn",)),
        ("timezone", "Asia/Hanoi"),
        ("timezone", "../etc/passwd"),
        ("timezone", ""),
        ("headline", "clicks"),
        ("opening_visits", -1),
        ("opening_views", 10**13),
        ("opening_day", "24/12/2019"),
        ("excluded", ("192.0.2.0/33",)),
        ("article_parameters", ("a=b",)),
        ("article_cap", 0),
        ("rating_scale", 11),
        ("token_ceiling", 0),
        ("poll", "{x}"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(
    services: Services, setting: str, value: Any
) -> None:
    """The error shows the value, and nothing is stored."""
    with pytest.raises(InvalidInputError) as caught:
        services.sites.sites.add(msgspec.structs.replace(SITE, **{setting: value}))

    shown = value[0] if isinstance(value, tuple) and value else value
    assert value == () or repr(shown) in str(caught.value)
    assert services.sites.sites.all() == []


@pytest.mark.parametrize(
    ("setting", "value", "shown"),
    [
        ("excluded", ("192.0.2.7", "0.0.0.0/0"), "'0.0.0.0/0' is too wide"),
        ("excluded", ("::/0",), "'::/0' is too wide"),
        ("excluded", ("::ffff:0:0/96",), "'0.0.0.0/0' is too wide"),
        ("excluded", ("128.0.0.0/1",), "a /8 at most"),
        ("excluded", ("10.0.0.0/7",), "a /8 at most"),
        ("excluded", ("2000::/15",), "a /16 at most"),
        ("article_parameters", ("id", "utm_source"), "'utm_source': says where a reader came from"),
        ("article_parameters", ("FBCLID",), "'FBCLID'"),
        ("opening_day", "2026-03-05", "today is 2026-03-04"),
        ("opening_day", "2030-01-01", "still to come"),
        ("poll", "nope", "'kimson' has no such poll"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(
    services: Services, clock: FakeClock, setting: str, value: Any, shown: str
) -> None:
    """With a new site and when one is changed; nothing is stored."""
    with pytest.raises(InvalidInputError) as of_new:
        services.sites.sites.add(msgspec.structs.replace(SITE, **{setting: value}), clock.now())
    assert services.sites.sites.all() == []
    services.sites.sites.add(SITE, clock.now())

    with pytest.raises(InvalidInputError) as of_changed:
        services.sites.sites.edit("kimson", Author("x", clock.now()), **{setting: value})

    assert shown in str(of_new.value)
    assert str(of_changed.value) == str(of_new.value)
    assert without_births(services.sites.sites.all()) == [SITE]
    assert services.accounts.audit.newest("kimson") == []


def test_what_is_just_narrow_enough_is_taken(services: Services, clock: FakeClock) -> None:
    """An office's own network, the day that the site is in already, a poll in any state."""
    wanted = {
        "excluded": ("10.0.0.0/8", "2001::/16", "fc00::/7", "fe80::/10"),
        "article_parameters": ("id", "utm"),
        "timezone": "Pacific/Kiritimati",
        "opening_day": "2026-03-05",
        "poll": "muc-quan-tam",
    }
    services.sites.sites.add(SITE, clock.now())
    make_poll(services, status="draft")
    clock.set(datetime(2026, 3, 4, 12, tzinfo=UTC))

    services.sites.sites.edit("kimson", Author("x", clock.now()), **wanted)

    stored = msgspec.structs.asdict(services.sites.sites.get("kimson"))
    assert {name: stored[name] for name in wanted} == wanted


def test_what_a_site_has_already_does_not_hold_up_other_changes(
    services: Services, clock: FakeClock, redis_client: Any
) -> None:
    """Settings of an earlier version, or of an archive, that would be refused today."""
    services.sites.sites.add(SITE)
    old = {
        "excluded": ("0.0.0.0/0",),
        "article_parameters": ("utm_source",),
        "opening_day": "2030-01-01",
        "poll": "nope",
    }
    before = msgspec.structs.replace(SITE, **old)
    key = SiteKeys(services.settings.key_prefix, "kimson").site
    redis_client.set(key, msgspec.json.encode(before))

    services.sites.sites.edit("kimson", Author("x", clock.now()), name="Mới", **old)

    assert services.sites.sites.get("kimson") == msgspec.structs.replace(before, name="Mới")


def test_removing_a_site_removes_every_key(
    services: Services, clock: FakeClock, redis_client: Any
) -> None:
    """Other sites keep theirs, also one whose slug begins alike."""
    prefix = services.settings.key_prefix
    services.sites.sites.add(SITE)
    services.sites.sites.add(msgspec.structs.replace(SITE, slug="kimson-2"))
    services.sites.directory.entry("kimson", clock.now())
    services.sites.directory.entry("kimson-2", clock.now())

    services.sites.sites.remove("kimson")

    assert keys_of(redis_client, f"{prefix}:{{kimson}}:*") == []
    assert len(keys_of(redis_client, f"{prefix}:{{kimson-2}}:*")) == 4
    with pytest.raises(UnknownSiteError):
        services.sites.sites.get("kimson")


def test_a_worker_sees_a_change_within_the_cache_time(services: Services, clock: FakeClock) -> None:
    """Until then it goes on with what it knows, without asking Redis."""
    client, prefix = services.sites.sites._store._client, services.settings.key_prefix
    stores = SiteStore(client, prefix), PollStore(client, prefix), AliasStore(client, prefix)
    directory = SiteDirectory(*stores, services.polls.voters, "s" * 32, cache_seconds=5)
    services.sites.sites.add(SITE)
    directory.entry("kimson", clock.now())
    services.sites.sites.edit("kimson", headline="views")

    known = directory.entry("kimson", clock.now() + 4.9)
    fresh = directory.entry("kimson", clock.now() + 5)

    assert known.site.headline == "visits"
    assert fresh.site.headline == "views"


def test_a_site_is_known_as_soon_as_it_is_added(services: Services, clock: FakeClock) -> None:
    """Also to a worker that has just found that there is none."""
    client, prefix = services.sites.sites._store._client, services.settings.key_prefix
    stores = SiteStore(client, prefix), PollStore(client, prefix), AliasStore(client, prefix)
    directory = SiteDirectory(*stores, services.polls.voters, "s" * 32, cache_seconds=5)
    with pytest.raises(UnknownSiteError):
        directory.entry("kimson", clock.now())

    added = services.sites.sites.add(SITE)

    assert directory.entry("kimson", clock.now()).site == added


def test_without_redis_the_error_says_so() -> None:
    """A server that nobody runs is an answer, not a hang."""
    client = connect("redis://127.0.0.1:1", 0.3)
    stores = SiteStore(client, "t"), PollStore(client, "t"), AliasStore(client, "t")
    directory = SiteDirectory(*stores, Voters("s" * 32), "s" * 32, cache_seconds=5)

    with pytest.raises(StoreUnavailableError, match="did not answer"):
        directory.entry("kimson", 0)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Kim Sơn", "kim-son"),
        ("Huyện Đan Phượng", "huyen-dan-phuong"),
        ("  UBND – Tỉnh/Thành №1! ", "ubnd-tinh-thanh-no1"),
        ("Cổng thông tin điện tử huyện Kim Sơn", "cong-thong-tin-dien-tu-huyen"),
        ("x" * 200, "x" * 30),
        ("中文", ""),
    ],
)
def test_a_name_suggests_a_slug(name: str, slug: str) -> None:
    """Vietnamese letters lose their marks; whole words, as far as they fit."""
    assert slug_of_name(name) == slug
