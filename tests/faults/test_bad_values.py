"""One bad value among good ones, on every path from a request to its answer: it fails alone."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import hiredis
import pytest
import redis

from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.errors import StoreUnavailableError, ViewSpooledError
from stats_service.meters import Meters
from stats_service.models.sites import Site
from stats_service.models.traffic.views import StoredCounts, ViewCommand, ViewResult
from stats_service.services.container import Services
from stats_service.services.periods import periods_at
from stats_service.store.keys import ADDRESS_BUCKET_SECONDS, SiteKeys
from stats_service.store.redis.cluster_pipeline import ClusterPipeline, cluster
from stats_service.store.redis.loop_client import LoopClient, connect_loop
from stats_service.store.redis.pipeline import pack
from stats_service.store.redis.request_counts import COUNT_REQUEST
from stats_service.store.traffic.group_commit import GroupCommit
from stats_service.store.traffic.spool import Spool, SpooledView, SpoolError
from stats_service.store.traffic.spool_writer import SpoolWriter
from stats_service.store.traffic.traffic import TrafficStore
from tests.store.traffic.test_group_commit import (
    PREFIX,
    TIMEOUT,
    Recorder,
    Waiting,
    add_sites,
    run,
    total,
)
from tests.support.clock import FakeClock
from tests.support.pages import new_hit
from tests.support.spools import spool_of

pytestmark = [pytest.mark.check("T64"), pytest.mark.quick]

#: No UTF-8 has it; past the rules of `services.article_keys`, which refuse it.
BAD = "/tin/\ud800"
NOW = 1_800_000_000.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """Start a server of the test's own."""
    with EmbeddedRedis(tmp_path) as server:
        yield server


def faults(meters: Meters) -> dict[str, int]:
    """Return what was counted as unforeseen, by kind."""
    return {key[1]: n for key, n in dict(map(_row, meters.document()["counts"])).items()}


def _row(row: list[Any]) -> tuple[tuple[str, ...], int]:
    key, number = row
    return (tuple(key), number) if key[0] == "faults" else (("", ""), 0)


@pytest.mark.parametrize(
    "bad",
    [
        {"article": BAD},
        {"listed": (BAD,), "asked": (BAD,)},
        {"article": 2**70},
        {"hit": b"1234567"},
        {"visitor": b"123456789"},
        {"address": b"1234567"},
        {"visitor": None, "hit": "text"},
    ],
    ids=lambda bad: ",".join(bad),
)
def test_a_view_that_cannot_be_packed(server: EmbeddedRedis, bad: dict[str, Any]) -> None:
    """Those of its batch are counted, and so are later ones."""

    async def scenario(recorder: Recorder) -> Any:
        first = await asyncio.gather(
            *(recorder.add(**(bad if n in (0, 7) else {})) for n in range(20)), recorder.add("b")
        )
        return first, await recorder.add()

    answers, later = run(server, scenario)

    assert [isinstance(answer, Exception) for answer in answers[:20]].count(True) == 2
    assert all(isinstance(answers[n], Exception) for n in (0, 7))
    assert isinstance(later, tuple)
    assert (total(server), total(server, "b")) == (19, 1)


def test_a_batch_of_bad_views_alone(server: EmbeddedRedis) -> None:
    """There is nothing to send; the next batch leaves all the same."""

    async def scenario(recorder: Recorder) -> Any:
        return await asyncio.gather(*(recorder.add(article=BAD) for _ in range(3))), (
            await recorder.add()
        )

    bad, good = run(server, scenario)

    assert all(isinstance(answer, UnicodeEncodeError) for answer in bad)
    assert isinstance(good, tuple)


def test_the_script_fails_for_one_view(server: EmbeddedRedis) -> None:
    """A value in Redis that is no number, where one address of many is counted."""
    add_sites(server)
    bucket = int(FakeClock().now() // ADDRESS_BUCKET_SECONDS)
    with redis.Redis.from_url(server.url) as client:
        client.hset(SiteKeys(PREFIX, "a").addresses(bucket), "vbadbadba", "many")

    async def scenario(recorder: Recorder) -> Any:
        return await asyncio.gather(
            *(recorder.add(address=b"badbadba" if n == 5 else b"goodgood") for n in range(16))
        )

    answers = run(server, scenario)

    assert [n for n, answer in enumerate(answers) if isinstance(answer, Exception)] == [5]
    assert total(server) == 15


def test_a_number_of_one_article_cannot_be_read(server: EmbeddedRedis) -> None:
    """Its views fail, those of other articles of the same batch do not, nor of listed ones."""
    add_sites(server)
    with redis.Redis.from_url(server.url) as client:
        client.zadd(SiteKeys(PREFIX, "a").articles, {"/tin/1": 1e25})
        client.hset(SiteKeys(PREFIX, "a").ratings, "/tin/3", "1,many")

    async def scenario(recorder: Recorder) -> Any:
        return await asyncio.gather(
            recorder.add(),
            recorder.add(article="/tin/2"),
            recorder.add(article="/tin/3", rated=True),
            recorder.add(article="/tin/4", rated=True, listed=("/tin/2",), asked=("/tin/2",)),
            recorder.add(article="/tin/4", listed=("/tin/1",), asked=("/tin/1",)),
        )

    answers = run(server, scenario)

    assert [isinstance(answer, ValueError) for answer in answers] == [
        True,
        False,
        True,
        False,
        True,
    ]
    assert total(server) == 5


def test_who_waits_cannot_be_told(server: EmbeddedRedis) -> None:
    """The others are, and it is counted, and logged once."""

    class Broken(Waiting):
        def recorded(self, counts: StoredCounts, result: ViewResult) -> None:  # noqa: ARG002
            raise RuntimeError("a connection that is gone")

    meters = Meters()

    async def scenario() -> Any:
        commit = GroupCommit(connect_loop(server.url, TIMEOUT), PREFIX, None, meters)
        await commit.start()
        recorder = Recorder(commit)
        await recorder.add("b")
        waiting = [recorder.add("a")]
        for batch in commit._batches:
            batch.waiters.insert(0, Broken())
            batch.commands.insert(0, batch.commands[0])
        waiting.append(recorder.add("a"))
        answers = await asyncio.gather(*waiting)
        await commit.stop()
        return answers

    run(server, lambda recorder: recorder.add("a"))  # the sites
    answers = asyncio.run(scenario())

    assert all(isinstance(answer, tuple) for answer in answers)
    assert faults(meters)["answer to a page view"] == 1


def test_the_end_is_not_waited_for_without_bound(
    server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What Redis never answers is kept, and whoever waits is told."""
    monkeypatch.setattr("stats_service.store.traffic.group_commit.STOP_SECONDS", 0.05)
    run(server, lambda recorder: recorder.add("a"))

    async def scenario() -> Any:
        spool_writer = SpoolWriter(Spool(tmp_path / "data", 10**7), lambda: None)
        commit = GroupCommit(connect_loop(server.url, 60), PREFIX, spool_writer)
        await commit.start()
        recorder = Recorder(commit)
        os.kill(server.pid or 0, signal.SIGSTOP)
        under_way = recorder.add("a")
        for _ in range(10):
            await asyncio.sleep(0)
        waits = recorder.add("a")
        try:
            await commit.stop()
        finally:
            os.kill(server.pid or 0, signal.SIGCONT)
        return await asyncio.gather(under_way, waits)

    async def bounded() -> Any:
        async with asyncio.timeout(30):
            return await scenario()

    assert all(isinstance(answer, ViewSpooledError) for answer in asyncio.run(bounded()))
    assert Spool(tmp_path / "data", 10**7).waiting() == 2


def kept(number: int, article: str = "/tin/1") -> SpooledView:
    """Return a view for the disk."""
    return SpooledView(
        "kimson", NOW, ViewCommand(kind="view", hit=number.to_bytes(8), article=article)
    )


def test_a_view_that_the_disk_cannot_take(tmp_path: Path) -> None:
    """It is told so; the others are kept, and so are those that come later."""
    spool, meters = Spool(tmp_path, 10**7), Meters()
    told: dict[int, list[Exception]] = {n: [] for n in range(8)}

    def tell(number: int) -> Callable[[Exception], None]:
        def note(outcome: Exception) -> None:
            told[number].append(outcome)
            if number == 2:
                raise RuntimeError("a connection that is gone")

        return note

    async def scenario() -> None:
        spool_writer = SpoolWriter(spool, lambda: None, meters)
        views = [kept(n, BAD if n == 1 else "/tin/1") for n in range(6)]
        spool_writer.write(views, [tell(n) for n in range(6)])
        await asyncio.sleep(0.05)
        spool_writer.write([kept(6)], [tell(6)])
        await spool_writer.stop()

    asyncio.run(scenario())

    assert [type(told[n][0]) for n in range(7)] == [
        SpoolError if n == 1 else ViewSpooledError for n in range(7)
    ]
    assert all(len(outcomes) == 1 for outcomes in list(told.values())[:7])
    assert spool.waiting() == 6
    assert faults(meters)["kept view"] == 1
    assert faults(meters)["answer to a page view"] == 1


def test_a_kept_view_that_redis_refuses(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis
) -> None:
    """The others of its batch are counted, once; it stays on the disk, and holds nothing up."""
    now = clock.now()
    commands = [
        ViewCommand(kind="view", hit=n.to_bytes(8), address=b"badbadba" if n == 1 else b"goodgood")
        for n in range(5)
    ]
    keys = SiteKeys(services.settings.key_prefix, "kimson")
    bucket = keys.addresses(int(now // ADDRESS_BUCKET_SECONDS))
    redis_client.hset(bucket, "vbadbadba", "many")
    spool_of(services).add(
        [SpooledView("kimson", now, command, site.birth) for command in commands]
    )

    assert not services.traffic.replay.run(now)

    state = services.traffic.replay.state()
    assert (state.waiting, state.refused) == (0, 1)
    assert services.traffic.views.counts(site, now).views.total == 4
    assert (services.traffic.replay.replayed, services.traffic.replay.held) == (4, 1)
    redis_client.hdel(bucket, "vbadbadba")
    assert spool_of(services).adopt() == 1
    assert not services.traffic.replay.run(now)
    assert services.traffic.views.counts(site, now).views.total == 5


def test_a_batch_whose_script_failed_is_not_taken_for_replayed(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis
) -> None:
    """Its mark is set last; and then it is set."""
    store, now = services.traffic.views._store, clock.now()
    assert isinstance(store, TrafficStore)
    keys = SiteKeys(services.settings.key_prefix, "kimson")
    bucket = keys.addresses(int(now // ADDRESS_BUCKET_SECONDS))
    periods = periods_at(now, site.timezone)
    views = [ViewCommand(kind="view", hit=b"12345678", address=b"badbadba")]
    redis_client.set(bucket, "no hash")

    with pytest.raises(redis.ResponseError):
        store.replay_views(site, periods, now, views, "batch")
    redis_client.delete(bucket)
    for _ in range(2):
        store.replay_views(site, periods, now, views, "batch")
        redis_client.delete(keys.hits(int(now // 600)))

    assert services.traffic.views.counts(site, now).views.total == 1


def test_a_vote_that_cannot_be_packed(server: EmbeddedRedis) -> None:
    """And a callback that raises: the calls behind them have their own answers."""
    meters = Meters()

    async def scenario() -> Any:
        connection = connect_loop(server.url, TIMEOUT, meters)
        await connection.start()
        client = LoopClient(connection)

        def broken(_: Any) -> None:
            raise RuntimeError("nobody is there")

        connection.send([("", pack(("PING",)), broken)])
        answers = await asyncio.gather(
            client.run(COUNT_REQUEST, ["n"], [60, 1]),
            client.run(COUNT_REQUEST, [BAD], [60, 1]),
            client.run(COUNT_REQUEST, ["n"], [60, "many"]),
            client.run(COUNT_REQUEST, ["n"], [60, 1]),
            return_exceptions=True,
        )
        waiting = client._waiting
        await connection.stop()
        return answers, waiting

    (first, bad, refused, last), waiting = asyncio.run(scenario())

    assert (first, last) == (1, 2)
    assert isinstance(bad, UnicodeEncodeError)
    assert isinstance(refused, hiredis.ReplyError)
    assert waiting == 0
    assert faults(meters)["answer of Redis"] == 1


class Redirecting:
    """A server of a cluster of one that answers SET with what it is told to."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        reader = hiredis.Reader()
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                reader.feed(data)
                while (command := reader.gets()) is not False:
                    connection.sendall(self._answer(command))

    def _answer(self, command: list[bytes]) -> bytes:
        if command[:2] == [b"CLUSTER", b"SLOTS"]:
            return b"*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$0\r\n\r\n:%d\r\n" % self.port
        if command[0] == b"SET":
            return self._answers.pop(command[1], b"+OK\r\n") % {b"port": self.port}
        return b"+OK\r\n"

    def close(self) -> None:
        """Stop."""
        self._socket.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def on_cluster(server: Redirecting, scenario: Callable[[LoopClient], Awaitable[Any]]) -> Any:
    """Run a scenario with a client of `server`."""

    async def main() -> Any:
        place = cluster(f"redis+cluster://127.0.0.1:{server.port}")
        assert place
        connection = ClusterPipeline(place, TIMEOUT)
        await connection.start()
        try:
            async with asyncio.timeout(30):
                return await scenario(LoopClient(connection)), list(connection._nodes)
        finally:
            await connection.stop()

    try:
        return asyncio.run(main())
    finally:
        server.close()


def test_a_redirection_without_a_host_leads_to_the_same_host() -> None:
    """As a server says it that does not know how it is reached; in MOVED as in ASK."""
    server = Redirecting({b"a": b"-MOVED 3999 :%(port)d\r\n", b"b": b"-ASK 3999 :%(port)d\r\n"})

    async def scenario(client: LoopClient) -> Any:
        return [await client.ask("SET", key, "1") for key in "abc"]

    answers, nodes = on_cluster(server, scenario)

    assert answers == [b"OK"] * 3
    assert nodes == [("127.0.0.1", server.port)]


@pytest.mark.parametrize(
    "reply", ["MOVED", "MOVED x y", "MOVED 99999999 127.0.0.1:%(port)d", "ASK 1 host:port"]
)
def test_a_redirection_that_leads_nowhere(reply: str) -> None:
    """Its own command fails; those beside it and behind it are answered."""
    server = Redirecting({b"bad": f"-{reply}\r\n".encode()})

    async def scenario(client: LoopClient) -> Any:
        first = await asyncio.gather(
            *(client.ask("SET", key, "1") for key in ("a", "bad", "b")), return_exceptions=True
        )
        return first, await client.ask("SET", "bad", "1")

    (first, later), _ = on_cluster(server, scenario)

    assert isinstance(first[1], StoreUnavailableError | hiredis.ReplyError)
    assert [first[0], first[2], later] == [b"OK"] * 3


def test_a_fault_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """However often it comes; each is counted."""
    meters = Meters()
    for _ in range(500):
        meters.fault("page view", ValueError(new_hit()))

    assert faults(meters)["page view"] == 500
    assert len(caplog.records) == 1
