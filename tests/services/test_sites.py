"""The rules of a site's settings, and the copy that a worker keeps."""

from typing import Any

import msgspec
import pytest

from stats_service.errors import (
    ConflictError,
    InvalidInputError,
    StoreUnavailableError,
    UnknownSiteError,
)
from stats_service.models.sites import Site
from stats_service.services.registry import Services
from stats_service.services.site_directory import SiteDirectory
from stats_service.services.voters import Voters
from stats_service.store.connection import connect
from stats_service.store.polls import PollStore
from stats_service.store.sites import SiteStore
from tests.support.clock import FakeClock
from tests.support.redis_groups import keys_of

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))


def test_a_site_is_stored_in_canonical_form(services: Services) -> None:
    """What an admin typed is put in the one spelling before it is stored."""
    typed = msgspec.structs.replace(
        SITE,
        name="  Cổng  Kim Sơn ",
        hosts=("https://KimSon.example.vn/", "kimson.example.vn:443", "xã.example.vn"),
        excluded=("192.0.2.7", "198.51.100.9/24"),
    )

    services.sites.add(typed)

    stored = services.sites.get("kimson")
    assert stored.name == "Cổng Kim Sơn"
    assert stored.hosts[0] == "kimson.example.vn"
    assert stored.hosts[-1].startswith("xn--")
    assert stored.excluded == ("192.0.2.7/32", "198.51.100.0/24")
    assert services.sites.all() == [stored]


def test_a_taken_slug_is_refused_and_nothing_changes(services: Services) -> None:
    """The site that is there stays as it is."""
    services.sites.add(SITE)

    with pytest.raises(ConflictError, match="kimson"):
        services.sites.add(msgspec.structs.replace(SITE, name="Another"))

    assert services.sites.get("kimson").name == "Kim Sơn"


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
        services.sites.add(msgspec.structs.replace(SITE, **{setting: value}))

    shown = value[0] if isinstance(value, tuple) and value else value
    assert value == () or repr(shown) in str(caught.value)
    assert services.sites.all() == []


def test_removing_a_site_removes_every_key(
    services: Services, clock: FakeClock, redis_client: Any
) -> None:
    """Other sites keep theirs, also one whose slug begins alike."""
    prefix = services.settings.key_prefix
    services.sites.add(SITE)
    services.sites.add(msgspec.structs.replace(SITE, slug="kimson-2"))
    services.directory.entry("kimson", clock.now())
    services.directory.entry("kimson-2", clock.now())

    services.sites.remove("kimson")

    assert keys_of(redis_client, f"{prefix}:{{kimson}}:*") == []
    assert len(keys_of(redis_client, f"{prefix}:{{kimson-2}}:*")) == 2
    with pytest.raises(UnknownSiteError):
        services.sites.get("kimson")


def test_a_worker_sees_a_change_within_the_cache_time(services: Services, clock: FakeClock) -> None:
    """Until then it goes on with what it knows, without asking Redis."""
    client, prefix = services.sites._store._client, services.settings.key_prefix
    stores = SiteStore(client, prefix), PollStore(client, prefix)
    directory = SiteDirectory(*stores, services.voters, "s" * 32, cache_seconds=5)
    services.sites.add(SITE)
    directory.entry("kimson", clock.now())
    services.sites.edit("kimson", headline="views")

    known = directory.entry("kimson", clock.now() + 4.9)
    fresh = directory.entry("kimson", clock.now() + 5)

    assert known.site.headline == "visits"
    assert fresh.site.headline == "views"


def test_an_unknown_site_is_remembered_for_the_cache_time(
    services: Services, clock: FakeClock
) -> None:
    """Then it is looked for again."""
    client, prefix = services.sites._store._client, services.settings.key_prefix
    stores = SiteStore(client, prefix), PollStore(client, prefix)
    directory = SiteDirectory(*stores, services.voters, "s" * 32, cache_seconds=5)
    with pytest.raises(UnknownSiteError):
        directory.entry("kimson", clock.now())
    services.sites.add(SITE)

    with pytest.raises(UnknownSiteError):
        directory.entry("kimson", clock.now() + 4.9)
    assert directory.entry("kimson", clock.now() + 5).site == SITE


def test_without_redis_the_error_says_so() -> None:
    """A server that nobody runs is an answer, not a hang."""
    client = connect("redis://127.0.0.1:1", 0.3)
    stores = SiteStore(client, "t"), PollStore(client, "t")
    directory = SiteDirectory(*stores, Voters("s" * 32), "s" * 32, cache_seconds=5)

    with pytest.raises(StoreUnavailableError, match="did not answer"):
        directory.entry("kimson", 0)
