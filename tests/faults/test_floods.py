"""Floods of invented readers, sites and articles: what they count, and what they cost."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.errors import UnknownSiteError
from stats_service.models.sites import Site
from stats_service.models.traffic.views import ViewCommand
from stats_service.services.container import create_services
from stats_service.services.periods import periods_at
from stats_service.store.traffic.traffic import TrafficStore
from tests.support.clock import FakeClock
from tests.support.crowd import send_all
from tests.support.floods import page_view
from tests.support.memory import redis_memory, resident, service_memory
from tests.support.pages import BROWSER
from tests.support.redis_groups import Server, client_of
from tests.support.server import running_service

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6)
#: Sites that nobody has registered; a million take some four minutes.
INVENTED_SITES = 100_000

Note = Callable[[str], None]


@pytest.mark.check("T34")
def test_one_address_with_ten_thousand_user_agents(settings: Settings, measured: Note) -> None:
    """All are counted as views, as visitors no more than the cap; another reader still is one."""
    services = create_services(settings)
    site = services.sites.sites.add(SITE)
    forged = [page_view(n, f"{BROWSER} v{n}", "198.18.0.1") for n in range(10_000)]
    with running_service(replace(settings, trusted_proxies=1)) as url:
        send_all([url], forged, 32)
        flooded = services.traffic.views.counts(site, time.time())
        send_all([url], [page_view(10_000, BROWSER, "198.18.0.2")], 1)
    counts = services.traffic.views.counts(site, time.time())

    measured(
        f"{flooded.views.total:,} views, {flooded.online} online, {flooded.visits.total} visits "
        f"(cap {site.identity_cap}); with a reader elsewhere {counts.online}"
    )
    assert flooded.views.total == 10_000
    # The cap is of a day, and midnight may pass meanwhile.
    assert flooded.online <= 2 * site.identity_cap
    assert counts.online == flooded.online + 1


@pytest.mark.check("T35")
def test_invented_sites_leave_nothing(settings: Settings, measured: Note) -> None:
    """20,000 of them by HTTP: no key, and no memory of the service beyond a bound.

    Those before them let it start its threads and fill its caches; it stays at what it has then.
    """
    services = create_services(settings)
    services.sites.sites.add(SITE)
    invented = [page_view(n, BROWSER, "198.18.0.1", f"invented-{n}") for n in range(30_000)]
    client = client_of(settings.redis_url)
    with running_service(replace(settings, trusted_proxies=1)) as url:
        send_all([url], invented[:10_000], 32)
        keys, before = client.dbsize(), service_memory(settings)
        answers = send_all([url], invented[10_000:], 32)
        grown = service_memory(settings) - before
        new_keys = client.dbsize() - keys

    measured(f"20,000 invented sites by HTTP: {new_keys} keys, the service +{grown / 2**20:.1f} MB")
    assert {answer.status for answer in answers} == {404}
    assert new_keys <= 0
    assert grown < 10 * 2**20


@pytest.mark.check("T35")
@pytest.mark.timeout(900)
def test_invented_sites_cost_one_question_each(
    settings: Settings, tmp_path: Path, measured: Note
) -> None:
    """More of them, past HTTP: what a worker does for a site that it does not know."""
    server = Server(tmp_path / "redis", "save ''").start()
    try:
        services = create_services(replace(settings, redis_url=server.url, site_cache_seconds=5))
        now = time.time()

        def invent(numbers: range) -> None:
            for number in numbers:
                with pytest.raises(UnknownSiteError):
                    services.sites.directory.entry(f"invented-{number}", now)

        invent(range(5000))
        used, ours = redis_memory(server), resident("self")
        invent(range(5000, INVENTED_SITES))
        used, ours = redis_memory(server) - used, resident("self") - ours
        keys = server.client.dbsize()
    finally:
        server.kill()

    measured(
        f"{INVENTED_SITES:,} past HTTP: {keys} keys, Redis {used / 2**20:+.1f} MB, "
        f"the worker {ours / 2**20:+.1f} MB"
    )
    assert keys == 0
    assert used < 2**20
    assert ours < 10 * 2**20


@pytest.mark.check("T35", "T36")
@pytest.mark.timeout(900)
def test_a_million_names_cost_little(
    settings: Settings, clock: FakeClock, tmp_path: Path, measured: Note
) -> None:
    """A million invented articles of one site, and a million visitors of another.

    Batches of 500, past HTTP: what is measured is what Redis keeps.
    """
    server = Server(tmp_path / "redis", "save ''").start()
    try:
        ours = replace(settings, redis_url=server.url, redis_timeout=20)
        sites = create_services(ours, clock).sites.sites
        site = sites.add(SITE)
        crowd = sites.add(
            Site(slug="dong", name="Đông", hosts=("d.example.vn",), view_ceiling=10**8)
        )
        store = TrafficStore(client_of(server.url, decode_responses=False), ours.key_prefix)
        now = clock.now()
        periods = periods_at(now, site.timezone)

        def record(target: Site, command: Callable[[int], ViewCommand]) -> tuple[int, int]:
            used = redis_memory(server)
            for start in range(0, 1_000_000, 500):
                commands = [command(n) for n in range(start, start + 500)]
                store.record_views(target, periods, now, commands)
            hits = f"{ours.key_prefix}:{{{target.slug}}}:hits*"
            ids = sum(
                server.client.memory_usage(key, samples=0) or 0
                for key in server.client.scan_iter(hits)
            )
            return redis_memory(server) - used - ids, ids

        articles, hits = record(
            site,
            lambda n: ViewCommand(
                kind="view", hit=n.to_bytes(8), article=f"/bai-viet/{n:07d}-ten-dai"
            ),
        )
        visitors, more_hits = record(
            crowd,
            lambda n: ViewCommand(kind="view", hit=n.to_bytes(8), visitor=(n * 7919).to_bytes(8)),
        )
        kept = server.client.zcard(f"{ours.key_prefix}:{{kimson}}:articles")
        counts = server.client.hgetall(f"{ours.key_prefix}:{{dong}}:counts")
        different = int(counts[f"visitors:{periods.day}"])
    finally:
        server.kill()

    measured(
        f"a million articles: {kept:,} names kept, +{articles / 1e6:.0f} MB; a million visitors "
        f"within five minutes counted as {different:,} ({different / 1e6 - 1:+.2%}), "
        f"+{visitors / 1e6:.0f} MB while they are online; and {hits / 1e6:.0f} and "
        f"{more_hits / 1e6:.0f} MB of hit ids for 40 minutes"
    )
    assert kept <= site.article_cap + 1
    assert articles < 50_000_000
    assert abs(different - 1_000_000) < 20_000
