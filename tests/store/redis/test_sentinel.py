"""A Sentinel group: who was the master is left in time."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from stats_service.errors import StoreUnavailableError
from stats_service.store.redis.client import RedisClient, connect
from stats_service.store.redis.pipeline import Pipeline, endpoint, pack
from tests.support.processes import wait_until
from tests.support.redis_groups import SentinelGroup, Server

TIMEOUT = 0.3


@pytest.fixture
def group(tmp_path: Path) -> Iterator[SentinelGroup]:
    """Give a running group."""
    with SentinelGroup(tmp_path / "group") as group:
        yield group


def stand_still(group: SentinelGroup) -> tuple[Server, Server]:
    """Stop the master until the Sentinels have chosen another; return both, and both run."""
    old = group.node(group.master_port())
    old.signal(signal.SIGSTOP)
    try:
        wait_until(lambda: old.port not in (ports := group.master_ports()) and len(ports) == 1, 30)
    finally:
        old.signal(signal.SIGCONT)
    wait_until(old.answers)
    return old, group.node(group.master_port())


def holds_itself_for_the_master(server: Server) -> bool:
    """Tell whether no Sentinel has told it yet; that takes some ten seconds."""
    return bool(server.client.info("replication")["role"] == "master")


def taken(client: RedisClient) -> bool:
    """Send a command; tell whether it was taken. While the Sentinels still choose, it is not."""
    try:
        return bool(client.set("after", 1))
    except (redis.ConnectionError, StoreUnavailableError):
        return False


def test_a_sentinel_that_does_not_answer_is_left_out(group: SentinelGroup) -> None:
    """The others are asked; nobody waits for it each time."""
    group.sentinels[0].signal(signal.SIGSTOP)
    client = connect(group.url, TIMEOUT)
    wait_until(lambda: taken(client))
    begin = time.monotonic()
    for _ in range(20):
        client.connection_pool.disconnect()  # each command connects anew, and asks
        client.set("again", 1)
    client.close()

    # 20 times the wait for the silent one would be 6 s.
    assert time.monotonic() - begin < 10 * TIMEOUT


def test_the_loop_connects_past_a_sentinel_that_does_not_answer(group: SentinelGroup) -> None:
    """Though the wait for it is all that a try to connect may take."""
    group.sentinels[0].signal(signal.SIGSTOP)

    async def scenario() -> None:
        pipeline = Pipeline(endpoint(group.url, TIMEOUT), TIMEOUT)
        await pipeline.start()
        async with asyncio.timeout(10):
            while not pipeline.ready:
                await asyncio.sleep(0.02)
        await pipeline.stop()

    asyncio.run(scenario())


def test_a_thread_s_idle_connection_leads_to_the_new_master(group: SentinelGroup) -> None:
    """What the old one takes in its last seconds is lost when it becomes a replica."""
    client = connect(group.url, TIMEOUT)
    client.set("before", 1)
    old, new = stand_still(group)

    wait_until(lambda: taken(client))

    assert holds_itself_for_the_master(old)
    assert new.client.get("after") == "1"
    assert not old.client.exists("after")
    client.close()


def test_the_loop_s_idle_connection_leads_to_the_new_master(group: SentinelGroup) -> None:
    """Within a second or two, without a command that failed."""

    async def scenario() -> None:
        pipeline = Pipeline(endpoint(group.url, TIMEOUT), TIMEOUT)
        await pipeline.start()
        old, new = await asyncio.to_thread(stand_still, group)
        async with asyncio.timeout(5):
            while not await asyncio.to_thread(new.client.exists, "after"):
                pipeline.send([("", pack(("SET", "after", "1")), lambda _: None)])
                await asyncio.sleep(0.05)
        assert holds_itself_for_the_master(old)
        await pipeline.stop()

    asyncio.run(scenario())
