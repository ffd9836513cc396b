"""Script calls of coroutines over the shared connection: sent once, answered or said to be not."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hiredis
import pytest
import redis

from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.errors import StoreUnavailableError
from stats_service.store.redis import loop_client
from stats_service.store.redis.loop_client import LoopClient, connect_loop
from stats_service.store.redis.pipeline import Command
from stats_service.store.redis.request_counts import COUNT_REQUEST

#: Longest wait for an answer of Redis, in seconds; a busy machine may take its time.
TIMEOUT = 2.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """Start a server of the test's own."""
    with EmbeddedRedis(tmp_path) as server:
        yield server


def run(server: EmbeddedRedis, scenario: Callable[[LoopClient], Awaitable[Any]]) -> Any:
    """Run a scenario with a client of `server`."""

    async def main() -> Any:
        connection = connect_loop(server.url, TIMEOUT)
        await connection.start()
        try:
            return await scenario(LoopClient(connection))
        finally:
            await connection.stop()

    return asyncio.run(main())


def count(client: LoopClient, amount: int = 1) -> Awaitable[Any]:
    """Add to a counter; return what it has then."""
    return client.run(COUNT_REQUEST, ["counter"], [60, amount])


def test_calls_at_once_are_answered_each_with_its_own_answer(server: EmbeddedRedis) -> None:
    """A thousand, without waiting for each other, and plain commands among them."""

    async def scenario(client: LoopClient) -> Any:
        return await asyncio.gather(
            *(count(client) for _ in range(500)), *(client.ask("ECHO", n) for n in range(500))
        )

    answers = run(server, scenario)

    assert sorted(answers[:500]) == list(range(1, 501))
    assert answers[500:] == [b"%d" % n for n in range(500)]


def test_calls_of_one_turn_leave_in_one_write(
    server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the loop does with a write: uvloop carries out each at once, and wakes Redis."""
    connection = connect_loop(server.url, TIMEOUT)
    send, written = connection.send, list[int]()

    def counted(commands: Sequence[Command]) -> None:
        written.append(len(commands))
        send(commands)

    async def main() -> Any:
        await connection.start()
        monkeypatch.setattr(connection, "send", counted)
        client = LoopClient(connection)
        answers = await asyncio.gather(*(client.ask("INCRBY", "n", 1) for _ in range(30)))
        await client.ask("INCRBY", "n", 1)
        await connection.stop()
        return answers

    assert asyncio.run(main()) == list(range(1, 31))
    assert written == [30, 1]


def test_a_forgotten_script_is_run_once(server: EmbeddedRedis) -> None:
    """After SCRIPT FLUSH, as after a restart, nothing fails and nothing is doubled."""

    async def scenario(client: LoopClient) -> Any:
        await count(client)
        with redis.Redis.from_url(server.url) as other:
            other.script_flush()
        await asyncio.gather(*(count(client) for _ in range(20)))
        return await client.ask("GET", "counter")

    assert run(server, scenario) == b"21"


def test_a_stopped_redis_fails_calls_in_time_and_they_are_not_repeated(
    server: EmbeddedRedis,
) -> None:
    """Those under way when their time is over, the next ones at once."""

    async def scenario(client: LoopClient) -> Any:
        loop, begin = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        os.kill(server.pid or 0, signal.SIGSTOP)
        try:
            waited = await asyncio.gather(count(client), count(client), return_exceptions=True)
            between = loop.time()
            refused = await asyncio.gather(count(client), return_exceptions=True)
            end = loop.time()
        finally:
            os.kill(server.pid or 0, signal.SIGCONT)
        async with asyncio.timeout(20):
            while True:
                try:
                    return waited + refused, between - begin, end - between, await count(client)
                except StoreUnavailableError:
                    await asyncio.sleep(0.01)

    failures, first, second, after = run(server, scenario)

    assert all(isinstance(failure, StoreUnavailableError) for failure in failures)
    assert TIMEOUT <= first < TIMEOUT + 0.4
    assert second < 0.1
    # The two under way may have been done once Redis went on; the third was not sent.
    assert after <= 3


def test_no_more_than_a_bounded_number_waits(
    server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are refused at once."""
    monkeypatch.setattr(loop_client, "WAITING_MAX", 10)

    async def scenario(client: LoopClient) -> Any:
        calls = (count(client) for _ in range(15))
        first = await asyncio.gather(*calls, return_exceptions=True)
        return first, await count(client)

    answers, after = run(server, scenario)

    refused = [answer for answer in answers if isinstance(answer, StoreUnavailableError)]
    assert len(refused) == 5
    assert after == 11


def test_a_refused_write_and_a_wrong_one_are_told_apart(server: EmbeddedRedis) -> None:
    """A server without memory is one to try again; a wrong command is a fault of ours."""

    async def scenario(client: LoopClient) -> None:
        await client.ask("SET", "counter", "text")
        with pytest.raises(hiredis.ReplyError):
            await count(client)
        await client.ask("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreUnavailableError):
            await client.ask("SET", "counter", "1")

    run(server, scenario)
