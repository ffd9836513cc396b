"""Views in flight go to Redis together, and each is counted once."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.errors import StoreUnavailableError, UnknownSiteError
from stats_service.models.sites import Site
from stats_service.models.traffic.views import StoredCounts, ViewCommand, ViewResult
from stats_service.services.periods import periods_at
from stats_service.services.visitors.identities import hit_digest
from stats_service.store.redis.client import connect
from stats_service.store.redis.loop_client import connect_loop
from stats_service.store.sites.sites import SiteStore
from stats_service.store.traffic import group_commit
from stats_service.store.traffic.group_commit import GATHER_TURNS, GroupCommit
from tests.support.clock import FakeClock
from tests.support.pages import new_hit

PREFIX = "st"
#: Longest wait for an answer of Redis, in seconds; a busy machine may take its time.
TIMEOUT = 2.0


class Waiting:
    """A view that waits, as a future."""

    def __init__(self) -> None:
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def recorded(self, counts: StoredCounts, result: ViewResult) -> None:
        """It was recorded."""
        self.future.set_result((counts, result))

    def failed(self, error: Exception) -> None:
        """It was not."""
        self.future.set_result(error)


class Recorder:
    """A group commit with one moment, views for sites of which only the slug matters."""

    def __init__(self, commit: GroupCommit) -> None:
        self.commit = commit
        self.now = FakeClock().now()
        self.sites: dict[str, Site] = {}

    def add(self, slug: str = "a", **fields: Any) -> asyncio.Future[Any]:
        """Add a view; return what becomes of it."""
        site = self.sites.setdefault(slug, Site(slug=slug, name=slug, hosts=("a.example",)))
        command = ViewCommand(kind="view", hit=hit_digest(new_hit()), article="/tin/1")
        command = msgspec.structs.replace(command, **fields)
        waiting = Waiting()
        periods = periods_at(self.now, site.timezone)
        self.commit.add(site, periods, self.now, command, waiting)
        return waiting.future

    def read(self, *listed: str) -> asyncio.Future[Any]:
        """Read the site `a` and articles of it; return what becomes of it."""
        site = self.sites.setdefault("a", Site(slug="a", name="a", hosts=("a.example",)))
        command = ViewCommand(kind="beat", listed=listed)
        waiting = Waiting()
        periods = periods_at(self.now, site.timezone)
        self.commit.read(site, periods, self.now, command, waiting)
        return waiting.future


def run(server: EmbeddedRedis, scenario: Callable[[Recorder], Awaitable[Any]]) -> Any:
    """Run a scenario against `server`, with the sites `a` to `d` registered."""
    add_sites(server)

    async def main() -> Any:
        commit = GroupCommit(connect_loop(server.url, TIMEOUT), PREFIX)
        await commit.start()
        try:
            return await scenario(Recorder(commit))
        finally:
            await commit.stop()

    return asyncio.run(main())


def add_sites(server: EmbeddedRedis) -> None:
    """Register the sites `a` to `d`; those that are there stay as they are."""
    store = SiteStore(connect(server.url, 5), PREFIX)
    for slug in "abcd":
        store.add(Site(slug=slug, name=slug, hosts=("a.example",)))


@pytest.fixture
def server(tmp_path: Path) -> Any:
    """Start a server of the test's own."""
    with EmbeddedRedis(tmp_path) as server:
        yield server


def total(server: EmbeddedRedis, slug: str = "a") -> int:
    """Return the views that Redis holds."""
    with redis.Redis.from_url(server.url) as client:
        return int(client.hget(f"{PREFIX}:{{{slug}}}:counts", "views") or 0)  # type: ignore[arg-type]


def calls(server: EmbeddedRedis) -> int:
    """Return how often Redis was asked to record views."""
    with redis.Redis.from_url(server.url) as client:
        stats: dict[str, Any] = client.info("commandstats")  # type: ignore[assignment]
        names = ("cmdstat_evalsha", "cmdstat_eval")
        return sum(int(stats.get(name, {}).get("calls", 0)) for name in names)


def test_a_crowd_is_counted_exactly_in_few_calls(server: EmbeddedRedis) -> None:
    """4,000 views of four sites in one turn of the loop: each once, 128 at most in a call."""

    async def scenario(recorder: Recorder) -> Any:
        await recorder.add()  # so that Redis has the script
        return await asyncio.gather(*(recorder.add("abcd"[n % 4]) for n in range(4000)))

    add_sites(server)
    before = calls(server)
    answers = run(server, scenario)

    assert all(isinstance(answer, tuple) for answer in answers)
    assert [total(server, slug) for slug in "abcd"] == [1001, 1000, 1000, 1000]
    # NOSCRIPT and its repetition; then eight calls for each site.
    assert calls(server) - before == 2 + 4 * 8
    # Each view got its own number of the article.
    numbers = sorted(result.article.views for _, result in answers[1::4])
    assert numbers == list(range(1, 1001))


def test_a_crowd_that_reads_the_same_asks_once(server: EmbeddedRedis) -> None:
    """1,000 callers and two lists of articles: one call, and each has the numbers of its own."""

    async def scenario(recorder: Recorder) -> Any:
        await recorder.add()
        before = await asyncio.to_thread(calls, server)
        reads = [recorder.read("/tin/1") if n % 2 else recorder.read("/tin/2") for n in range(1000)]
        answers = await asyncio.gather(*reads)
        return answers, await asyncio.to_thread(calls, server) - before

    answers, asked = run(server, scenario)

    assert asked == 1
    assert {counts.views.total for counts, _ in answers} == {1}
    assert [result.listed[0].views for _, result in answers[:4]] == [0, 1, 0, 1]


def test_a_read_sees_the_views_before_it(server: EmbeddedRedis) -> None:
    """One that was sent already is not shared: what was counted since would be missing."""

    async def scenario(recorder: Recorder) -> Any:
        await recorder.add()
        early = recorder.read()
        while not recorder.commit._in_flight:
            await asyncio.sleep(0)
        seen = [await asyncio.gather(recorder.add(), recorder.read()) for _ in range(3)]
        return (await early)[0].views.total, [counts.views.total for _, (counts, _) in seen]

    early, later = run(server, scenario)

    assert (early, later) == (1, [2, 3, 4])


def test_readers_are_told_when_redis_is_away(server: EmbeddedRedis) -> None:
    """Each of those who share a read, too."""

    async def scenario(recorder: Recorder) -> Any:
        await recorder.add()
        gone, *reads = [recorder.read() for _ in range(4)]
        gone.set_result("left")  # telling this one raises
        server.stop()
        return await asyncio.gather(*reads)

    assert [type(answer) for answer in run(server, scenario)] == [StoreUnavailableError] * 3


def test_views_that_come_meanwhile_leave_together(server: EmbeddedRedis) -> None:
    """While a batch is under way everything waits for the next one."""

    async def scenario(recorder: Recorder) -> int:
        await recorder.add()
        before = calls(server)
        first = recorder.add()
        for _ in range(GATHER_TURNS):
            await asyncio.sleep(0)  # the first one leaves
        others = [recorder.add() for _ in range(50)]
        await asyncio.gather(first, *others)
        return calls(server) - before

    assert run(server, scenario) == 2


def test_a_flooded_site_does_not_hold_up_another(server: EmbeddedRedis) -> None:
    """A thousand views of one site wait; one of another that comes last is in the first write."""

    async def scenario(recorder: Recorder) -> int:
        await recorder.add()
        flood = [recorder.add("a") for _ in range(1000)]
        await recorder.add("b")
        answered = sum(one.done() for one in flood)
        await asyncio.gather(*flood)
        return answered

    assert run(server, scenario) <= group_commit.BATCH_MAX
    assert (total(server, "a"), total(server, "b")) == (1001, 1)


def test_a_hit_id_twice_in_one_batch_counts_once(server: EmbeddedRedis) -> None:
    """A double click on reload is one view, and both are answered."""

    async def scenario(recorder: Recorder) -> Any:
        return await asyncio.gather(*(recorder.add(hit=b"01234567") for _ in range(5)))

    answers = run(server, scenario)

    assert sorted(result.ignored for _, result in answers) == ["", *["duplicate"] * 4]
    assert total(server) == 1


def test_a_forgotten_script_counts_once(server: EmbeddedRedis) -> None:
    """After SCRIPT FLUSH, as after a restart, nothing fails and nothing is doubled."""

    async def scenario(recorder: Recorder) -> Any:
        first = await recorder.add()
        with redis.Redis.from_url(server.url) as client:
            client.script_flush()
        rest = await asyncio.gather(*(recorder.add("abcd"[n % 4]) for n in range(100)))
        return [first, *rest]

    answers = run(server, scenario)

    assert all(isinstance(answer, tuple) for answer in answers)
    assert [total(server, slug) for slug in "abcd"] == [26, 25, 25, 25]


def test_a_site_that_was_removed_is_unknown(server: EmbeddedRedis) -> None:
    """Its views fail, and no others of the same batch."""

    async def scenario(recorder: Recorder) -> Any:
        return await asyncio.gather(recorder.add("gone"), recorder.add("a"))

    gone, other = run(server, scenario)

    assert isinstance(gone, UnknownSiteError)
    assert isinstance(other, tuple)


def test_a_number_that_is_none_fails_its_own_site_alone(server: EmbeddedRedis) -> None:
    """Redis writes what is beyond 2^53 as 1e+25; the connection of all sites goes on."""
    add_sites(server)
    with redis.Redis.from_url(server.url) as client:
        client.zadd(f"{PREFIX}:{{b}}:articles", {"/tin/1": 1e25})

    async def scenario(recorder: Recorder) -> Any:
        bad, good = await asyncio.gather(recorder.add("b"), recorder.add("a"))
        return bad, good, await recorder.add("a")

    bad, good, later = run(server, scenario)

    assert isinstance(bad, ValueError)
    assert isinstance(good, tuple)
    assert isinstance(later, tuple)
    assert total(server, "a") == 2


def test_settings_that_changed_meanwhile_are_not_mixed(server: EmbeddedRedis) -> None:
    """Views decided under different settings are different calls."""

    async def scenario(recorder: Recorder) -> Any:
        before = recorder.add(visitor=b"12345678", address=b"aaaaaaaa")
        recorder.sites["a"] = Site(slug="a", name="a", hosts=("a.example",), view_ceiling=0)
        return await asyncio.gather(before, recorder.add(address=b"aaaaaaaa"))

    before, after = run(server, scenario)

    assert before[1].ignored == ""
    assert after[1].ignored == "ceiling"


def test_a_stopped_redis_fails_views_in_time_and_loses_no_later_one(
    server: EmbeddedRedis,
) -> None:
    """Also those that waited for the next batch; afterwards it goes on by itself."""
    assert server.pid

    async def scenario(recorder: Recorder) -> tuple[list[Any], float, Any]:
        await recorder.add()
        loop = asyncio.get_running_loop()
        os.kill(server.pid or 0, signal.SIGSTOP)
        try:
            begin = loop.time()
            under_way = recorder.add()
            await asyncio.sleep(0)
            failed = await asyncio.gather(under_way, *(recorder.add() for _ in range(20)))
            took = loop.time() - begin
        finally:
            os.kill(server.pid or 0, signal.SIGCONT)
        async with asyncio.timeout(20):
            while isinstance(after := await recorder.add(), Exception):
                await asyncio.sleep(0.01)
        return failed, took, after

    failed, took, after = run(server, scenario)

    assert all(isinstance(answer, StoreUnavailableError) for answer in failed)
    assert TIMEOUT <= took < TIMEOUT + 0.4
    assert after[1].ignored == ""


def test_no_more_than_a_bounded_number_waits(
    server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are refused at once, and what waited is counted."""
    monkeypatch.setattr(group_commit, "WAITING_MAX", 10)

    async def scenario(recorder: Recorder) -> Any:
        return await asyncio.gather(*(recorder.add() for _ in range(15)))

    answers = run(server, scenario)

    refused = [answer for answer in answers if isinstance(answer, StoreUnavailableError)]
    assert len(refused) == 5
    assert total(server) == 10


def test_a_refused_write_is_said_to_be_unavailable(server: EmbeddedRedis) -> None:
    """A server without memory refuses; the view is not acknowledged."""

    async def scenario(recorder: Recorder) -> Any:
        await recorder.add()
        with redis.Redis.from_url(server.url) as client:
            client.config_set("maxmemory", "1")
        return await recorder.add()

    assert isinstance(run(server, scenario), StoreUnavailableError)


def test_a_replica_that_refuses_writes_is_left(server: EmbeddedRedis) -> None:
    """READONLY: the connection is given up, so that the new master is asked for."""

    async def scenario(recorder: Recorder) -> Any:
        await recorder.add()
        with redis.Redis.from_url(server.url) as client:
            client.replicaof("127.0.0.1", "1")
            refused = await recorder.add()
            again = await recorder.add()
            client.replicaof("NO", "ONE")
        async with asyncio.timeout(20):
            while isinstance(after := await recorder.add(), Exception):
                await asyncio.sleep(0.01)
        return refused, again, after

    refused, again, after = run(server, scenario)

    assert isinstance(refused, StoreUnavailableError)
    assert isinstance(again, StoreUnavailableError)
    assert after[1].ignored == ""
