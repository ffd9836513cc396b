"""Names that strangers invent over days, and crowds that are honest."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.models.traffic.views import ViewCommand
from stats_service.services.container import create_services
from stats_service.services.periods import periods_at
from stats_service.store.keys import SiteKeys
from stats_service.store.traffic.traffic import TrafficStore
from tests.support.clock import FakeClock
from tests.support.crowd import send_all
from tests.support.floods import page_view
from tests.support.memory import redis_memory
from tests.support.redis_groups import Server, client_of
from tests.support.server import running_service

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6)
#: Days of the flood, invented names a day, views in one call.
DAYS, NAMES, BATCH = 7, 60_000, 500

Note = Callable[[str], None]


@pytest.mark.check("T74")
@pytest.mark.timeout(900)
def test_long_names_over_days(
    settings: Settings, clock: FakeClock, tmp_path: Path, measured: Note
) -> None:
    """From so many networks that no ceiling stops one; the regular work is done each day.

    A real article is new on each day, in the middle of the flood, and is read ten times.
    """
    server = Server(tmp_path / "redis", "save ''").start()
    try:
        ours = replace(settings, redis_url=server.url, redis_timeout=20)
        services = create_services(ours, clock)
        site = services.sites.sites.add(SITE)
        store = TrafficStore(client_of(server.url, decode_responses=False), ours.key_prefix)
        names = SiteKeys(ours.key_prefix, site.slug)
        numbers = itertools.count(1)
        used, most = redis_memory(server), 0

        def read(article: str) -> ViewCommand:
            return ViewCommand(kind="view", hit=_mixed(next(numbers)), article=article)

        for day in range(DAYS):
            now, real = clock.now(), 0
            periods = periods_at(now, site.timezone)
            for _ in range(NAMES // BATCH):
                flood = [read(f"/{next(numbers):0999}") for _ in range(BATCH)]
                _, results = store.record_views(site, periods, now, flood)
                if real < 10:
                    _, results = store.record_views(site, periods, now, [read(f"/tin/{day}")])
                    real += 1
                    assert results[0].article
                    assert results[0].article.views == real
            clock.advance(86_400)
            services.traffic.retention.retain(site, clock.now())
            lasting = redis_memory(server) - used - _ids(server, names)
            most = max(most, lasting)
        kept = dict(server.client.zrange(names.articles, 0, -1, withscores=True))
        total = services.traffic.views.counts(site, clock.now()).views.total
    finally:
        server.kill()

    measured(
        f"{DAYS * NAMES:,} names of 1,000 bytes in {DAYS} days: at most +{most / 1e6:.0f} MB, "
        f"{len(kept):,} articles kept; every real article has its 10 views"
    )
    assert most < 60_000_000
    assert sum(kept.values()) == total == DAYS * (NAMES + 10)
    assert [kept[f"/tin/{day}"] for day in range(DAYS)] == [10] * DAYS


def _ids(server: Server, names: SiteKeys) -> int:
    """Return the bytes of hit ids, which are gone after forty minutes of the server's own clock."""
    keys = server.client.scan_iter(names.pattern.replace("*", "hits*"))
    return sum(int(server.client.memory_usage(key, samples=0) or 0) for key in keys)


def _mixed(number: int) -> bytes:
    """Return 8 bytes that differ everywhere, as the ids of hits do."""
    return (number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8)


def _crowd(readers: int, pages: int, address: Callable[[int], str]) -> Iterator[tuple[int, str]]:
    """Give who comes from where, one page after the other."""
    return ((reader, address(reader)) for _ in range(pages) for reader in range(readers))


@pytest.mark.check("T75")
@pytest.mark.timeout(600)
def test_crowds_behind_one_address_lose_no_visit(settings: Settings, measured: Note) -> None:
    """All that over HTTP, with the ceilings as they are by default."""
    services = create_services(settings)
    crowds = {
        "office": _crowd(600, 3, lambda _: "198.18.1.1"),
        "school": _crowd(2000, 3, lambda _: "198.18.2.1"),
        "phones": _crowd(5000, 2, lambda reader: f"2001:db8:1:{reader:x}::1"),
        "flood": _crowd(10_000, 1, lambda _: "198.18.3.1"),
    }
    found = {}
    with running_service(replace(settings, trusted_proxies=1)) as url:
        for slug, crowd in crowds.items():
            site = services.sites.sites.add(Site(slug=slug, name=slug, hosts=SITE.hosts))
            sent = [
                page_view(number, f"Mozilla/5.0 v{reader}", address, slug)
                for number, (reader, address) in enumerate(crowd)
            ]
            answers = send_all([url], sent, 32)
            counts = services.traffic.views.counts(site, time.time())
            found[slug] = (counts.visits.total, counts.online, counts.views.total)
            assert Counter(answer.status for answer in answers) == {200: len(sent)}

    measured("; ".join(f"{slug}: {n[0]:,} visits, {n[2]:,} views" for slug, n in found.items()))
    assert found["office"] == (600, 600, 1800)
    assert found["school"] == (2000, 2000, 6000)
    assert found["phones"] == (5000, 5000, 10_000)
    # Half an hour may pass meanwhile.
    assert found["flood"][0] <= 2 * Site(slug="x", name="x", hosts=()).identity_cap
