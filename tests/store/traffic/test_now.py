"""What is kept of the last half hour: readers online at each minute, and sums of processes."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis

from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.sites import Site
from stats_service.models.traffic.views import StoredArticle, ViewCommand, ViewResult
from stats_service.services.periods import periods_at
from stats_service.store.redis.client import connect
from stats_service.store.redis.loop_client import LoopClient, connect_loop
from stats_service.store.sites.sites import SiteStore
from stats_service.store.traffic.now import NAMES_MAX, NowStore, NowWriter
from stats_service.store.traffic.traffic import TrafficStore
from tests.support.clock import FakeClock

#: The beginning of a minute.
NOW = FakeClock().now() // 1800 * 1800
SITE = Site(slug="a", name="a", hosts=("a.example",))


@dataclass
class Store:
    """An installation with one site."""

    client: redis.Redis
    url: str
    site: Site

    def view(self, visitor: int, at: float) -> ViewResult:
        """Record a view of `visitor` at `at` seconds after the beginning."""
        command = command_of(visitor, hit=f"{at:08.1f}"[-8:].encode())
        then = NOW + at
        periods = periods_at(then, SITE.timezone)
        traffic = TrafficStore(self.client, "n")
        return traffic.record_views(self.site, periods, then, [command])[1][0]

    def replay(self, visitor: int, at: float) -> None:
        """Record a view that was kept."""
        then = NOW + at
        command = command_of(visitor, hit=b"replayed")
        periods = periods_at(then, SITE.timezone)
        TrafficStore(self.client, "n").replay_views(self.site, periods, then, [command], f"{at}")

    def minutes(self, at: float) -> list[int | None]:
        """Return the readers online at the latest minutes, the last one last."""
        return list(NowStore(self.client, "n").read(self.site, NOW + at).minutes)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """Give a server."""
    with EmbeddedRedis(tmp_path_factory.mktemp("now")) as server:
        yield server


@pytest.fixture
def store(server: EmbeddedRedis) -> Iterator[Store]:
    """Give an empty installation with a site."""
    client = connect(server.url, 5)
    client.flushdb()
    SiteStore(client, "n").add(SITE)
    site = SiteStore(client, "n").get("a")
    assert site is not None
    yield Store(client, server.url, site)
    client.close()


def command_of(visitor: int, hit: bytes = b"11111111", **fields: Any) -> ViewCommand:
    """Return a view."""
    return ViewCommand(kind="view", hit=hit, visitor=b"%08d" % visitor, article="/1", **fields)


def test_each_minute_has_who_was_seen_in_the_five_before_it(store: Store) -> None:
    """Written at its first view, as it was when the minute began, also where minutes had none."""
    store.view(1, 10)
    store.view(2, 50)
    store.view(3, 70)
    store.view(1, 4 * 60 + 5)

    # At 0:00 nobody; at 1:00 the first two; at 2:00 to 4:00 three.
    assert store.minutes(4 * 60 + 30)[-5:] == [0, 2, 3, 3, 3]
    # Nobody was seen since: the first of 0:50 is gone at 6:00, the third at 7:00, all at 10:00.
    assert store.minutes(10 * 60)[-6:] == [3, 2, 1, 1, 1, 0]


def test_a_minute_that_is_written_stays_when_its_readers_come_again(store: Store) -> None:
    """Who was seen last says nothing of minutes before."""
    for minute in range(12):
        store.view(minute % 2, minute * 60 + 20)

    assert store.minutes(11 * 60 + 30)[-12:] == [0, 1] + [2] * 10


def test_half_an_hour_is_known_across_the_half_hours_of_the_hash(store: Store) -> None:
    """The fields are in the hash of the half hour in which they were written."""
    store.view(1, 29 * 60 + 10)
    store.view(1, 31 * 60 + 10)

    assert store.minutes(31 * 60 + 20)[-3:] == [0, 1, 1]


def test_minutes_that_nobody_wrote_down_are_unknown(store: Store) -> None:
    """As after an update of the service."""
    store.view(1, 10)
    store.client.delete(next(store.client.scan_iter("n:{a}:addresses:*")))

    assert store.minutes(30) == [None] * 30


def test_views_that_were_kept_end_no_visit_of_now(store: Store) -> None:
    """Twenty minutes of an outage come in after the first view of now."""
    store.view(1, 20 * 60)
    store.replay(2, 0.5)

    again = store.view(1, 21 * 60)

    assert not again.begins
    assert store.client.hget("n:{a}:counts", "visits") == b"2"
    assert store.minutes(21 * 60 + 1)[-1] == 1


def test_only_the_first_view_begins_a_visit(store: Store) -> None:
    """So that what it tells is summed once."""
    assert store.view(1, 0).begins
    assert not store.view(1, 60).begins


def test_processes_write_their_sums_and_repeat_them_at_will(store: Store) -> None:
    """Two processes, one of which writes twice."""
    result = ViewResult("", "", StoredArticle(1, 1, 0), (), begins=True)
    told = command_of(1, traits=b"\xa5sZalo\xa3cVN")

    async def write() -> None:
        connection = connect_loop(store.url, 5)
        await connection.start()
        for _ in range(2):
            writer = NowWriter(LoopClient(connection), "n")
            writer.add(store.site, NOW, [told, command_of(2)], [result, result])
            await writer.write()
            writer.add(store.site, NOW, [command_of(3)], [ViewResult("bot", "", None, ())])
            await writer.write()
            writer.add(store.site, NOW + 299, [command_of(3)], [result])
            await writer.stop()
        await connection.stop()

    asyncio.run(write())

    sums = NowStore(store.client, "n").read(store.site, NOW + 300).sums
    assert sums.articles == {"/1": 6, "": 0}
    assert (sums.sources, sums.countries, sums.visits) == ({"Zalo": 2}, {"VN": 2}, 6)
    key = f"n:{{a}}:now:{int(NOW // 300)}"
    assert len(store.client.hgetall(key)) == 2
    assert 2300 < store.client.ttl(key) <= 2400
    assert NowStore(store.client, "n").read(store.site, NOW + 1800).sums.visits == 0


def test_what_redis_does_not_take_is_written_later(server: EmbeddedRedis, store: Store) -> None:
    """And nothing is written to a site that was erased."""
    result = ViewResult("", "", StoredArticle(1, 1, 0), (), begins=True)

    async def write() -> None:
        connection = connect_loop(store.url, 5)
        writer = NowWriter(LoopClient(connection), "n")
        writer.add(store.site, NOW, [command_of(1)], [result])
        await writer.write()
        await connection.start()
        await writer.write()
        assert NowStore(store.client, "n").read(store.site, NOW).sums.visits == 1
        store.client.delete(*store.client.scan_iter("n:{a}:*"))
        writer.add(store.site, NOW, [command_of(1)], [result])
        await writer.stop()
        await connection.stop()

    asyncio.run(write())

    assert list(store.client.scan_iter("n:{a}:now:*")) == []


def test_invented_names_are_bounded_and_the_sum_stays_exact(store: Store) -> None:
    """What comes beyond has no name."""
    result = ViewResult("", "", StoredArticle(1, 1, 0), ())
    views = [
        ViewCommand(kind="view", hit=b"1" * 8, article=f"/{'x' * 150}/{number}")
        for number in range(NAMES_MAX + 50)
    ]

    async def write() -> None:
        connection = connect_loop(store.url, 5)
        await connection.start()
        writer = NowWriter(LoopClient(connection), "n")
        writer.add(store.site, NOW, views, [result] * len(views))
        await writer.stop()
        await connection.stop()

    asyncio.run(write())

    # Nobody has recorded these views, so that no digest is known.
    assert sum(NowStore(store.client, "n").read(store.site, NOW).sums.articles.values()) == 1050
    assert store.client.memory_usage(f"n:{{a}}:now:{int(NOW // 300)}") < 50_000
