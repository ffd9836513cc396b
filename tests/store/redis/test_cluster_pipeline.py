"""The event loop's connections to a cluster: a command goes where its slot is, and is run once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.crc import key_slot

from stats_service.errors import ConfigurationError, StoreUnavailableError
from stats_service.store.redis.client import connect
from stats_service.store.redis.cluster_pipeline import ClusterPipeline, cluster
from stats_service.store.redis.loop_client import LoopClient
from stats_service.store.redis.request_counts import COUNT_REQUEST
from tests.support.processes import wait_until
from tests.support.redis_groups import CREDENTIALS, ClusterGroup, Server, users_file

#: Longest wait for an answer of Redis, in seconds; a busy machine may take its time.
TIMEOUT = 2.0
#: Keys of different slots, on each of the three masters.
KEYS = [f"{{{name}}}:n" for name in "abcdefghijklmnop"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterGroup]:
    """Give a cluster that no test changes for good."""
    with ClusterGroup(tmp_path_factory.mktemp("cluster")) as group:
        yield group


@pytest.fixture
def own(tmp_path: Path) -> Iterator[ClusterGroup]:
    """Give a cluster of the test's own."""
    with ClusterGroup(tmp_path) as group:
        yield group


def run(url: str, scenario: Callable[[LoopClient, ClusterPipeline], Awaitable[Any]]) -> Any:
    """Run a scenario with a client of the cluster."""

    async def main() -> Any:
        place = cluster(url)
        assert place
        connection = ClusterPipeline(place, TIMEOUT)
        await connection.start()
        try:
            return await scenario(LoopClient(connection), connection)
        finally:
            await connection.stop()

    return asyncio.run(main())


async def count_all(client: LoopClient) -> list[int]:
    """Add one to the counter of every key, all at once; return what they have then."""
    return await asyncio.gather(*(client.run(COUNT_REQUEST, [key], [600, 1]) for key in KEYS))


def master_of(group: ClusterGroup, key: str) -> Server:
    """Return the node that has the slot of `key`."""
    slot = key_slot(key.encode())
    for nodes in group.nodes[0].client.execute_command("CLUSTER SLOTS"):
        if nodes[0] <= slot <= nodes[1]:
            return group.server_at(int(nodes[2][1]))
    raise AssertionError(slot)


def test_a_command_goes_to_the_master_of_its_key(shared: ClusterGroup) -> None:
    """All at once, over one connection to each; from the first command on."""

    async def scenario(client: LoopClient, connection: ClusterPipeline) -> Any:
        assert all(connection.ready_for(key) for key in KEYS)
        await count_all(client)
        return await count_all(client), await client.ask("GET", KEYS[0])

    assert {master_of(shared, key).port for key in KEYS} == {s.port for s in shared.nodes[:3]}
    assert run(shared.url, scenario) == ([2] * len(KEYS), b"2")


def test_one_named_node_is_enough(shared: ClusterGroup) -> None:
    """Be it a replica: the others are asked for."""
    url = f"redis+cluster://127.0.0.1:{shared.nodes[4].port}"

    async def scenario(client: LoopClient, _: ClusterPipeline) -> Any:
        return await asyncio.gather(*(client.ask("SET", f"{key}2", "x") for key in KEYS))

    assert run(url, scenario) == [b"OK"] * len(KEYS)


def test_a_moved_slot_is_followed(own: ClusterGroup) -> None:
    """While its keys are under way (ASK), and when it has gone (MOVED): run once, every time."""
    key = KEYS[0]
    slot = key_slot(key.encode())
    source = master_of(own, key)
    target = next(node for node in own.nodes[:3] if node is not source)

    async def scenario(client: LoopClient, _: ClusterPipeline) -> list[int]:
        count = [await client.run(COUNT_REQUEST, [key], [600, 1])]
        begin_move(own, slot, source, target)
        count.append(await client.run(COUNT_REQUEST, [key], [600, 1]))
        source.client.migrate("127.0.0.1", target.port, key, 0, 5000)
        count.append(await client.run(COUNT_REQUEST, [key], [600, 1]))
        end_move(own, slot, target)
        count.append(await client.run(COUNT_REQUEST, [key], [600, 1]))
        count.append(await client.run(COUNT_REQUEST, [key], [600, 1]))
        return count

    assert run(own.url, scenario) == [1, 2, 3, 4, 5]


def begin_move(group: ClusterGroup, slot: int, source: Server, target: Server) -> None:
    """Let a slot begin to go to another master."""
    target.client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", group.node_id(source))
    source.client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", group.node_id(target))


def end_move(group: ClusterGroup, slot: int, target: Server) -> None:
    """Say to all masters that the slot has gone."""
    for server in group.nodes[:3]:
        server.client.execute_command("CLUSTER SETSLOT", slot, "NODE", group.node_id(target))


def test_the_examples_user_may_do_what_a_cluster_takes(tmp_path: Path) -> None:
    """Find the nodes and the keys of a command, and follow a slot under way: both clients."""
    users = users_file(tmp_path, "~{a}:*", cluster=True)
    with ClusterGroup(tmp_path, lines=f"aclfile {users}") as group:
        url = group.url.replace("//", f"//{CREDENTIALS}@")
        slot, source = key_slot(b"a"), master_of(group, "{a}:n")
        target = next(node for node in group.nodes[:3] if node is not source)
        other = connect(url, TIMEOUT)
        other.zadd("{a}:some", {"one": 1})

        async def scenario(client: LoopClient, _: ClusterPipeline) -> list[int]:
            begin_move(group, slot, source, target)
            count = [await client.run(COUNT_REQUEST, ["{a}:n"], [600, 1])]
            count.append(await client.run(COUNT_REQUEST, ["{a}:n"], [600, 1]))
            return count

        assert other.zunionstore("{a}:all", ["{a}:some"]) == 1
        assert run(url, scenario) == [1, 2]
        assert other.get("{a}:n") == b"2"
        other.close()
        assert [server.client.acl_log() for server in group.nodes] == [[]] * 6


def test_a_command_whose_keys_are_half_moved_waits_for_the_others(own: ClusterGroup) -> None:
    """TRYAGAIN means that nothing was run: it is sent again until its time is over."""
    here, there = "{a}:here", "{a}:there"
    slot = key_slot(b"a")
    source = master_of(own, here)
    target = next(node for node in own.nodes[:3] if node is not source)

    async def scenario(client: LoopClient, _: ClusterPipeline) -> Any:
        await client.ask("SET", here, "1")
        await client.ask("SET", there, "2")
        begin_move(own, slot, source, target)
        source.client.migrate("127.0.0.1", target.port, there, 0, 5000)
        waiting = asyncio.gather(client.ask("MGET", here, there))
        await asyncio.sleep(0.1)
        early = waiting.done()
        source.client.migrate("127.0.0.1", target.port, here, 0, 5000)
        end_move(own, slot, target)
        return early, await waiting

    assert run(own.url, scenario) == (False, [[b"1", b"2"]])


def test_a_killed_master_is_replaced_and_the_others_go_on(own: ClusterGroup) -> None:
    """Its commands fail at once until its replica is promoted; nothing is restarted."""
    victim = master_of(own, KEYS[0])
    others = [key for key in KEYS if master_of(own, key) is not victim]

    async def scenario(client: LoopClient, connection: ClusterPipeline) -> Any:
        await count_all(client)
        await asyncio.to_thread(wait_until, lambda: replicated(own))
        victim.kill()
        with pytest.raises(StoreUnavailableError):
            await client.ask("GET", KEYS[0])
        meanwhile = [await client.ask("GET", key) for key in others]
        async with asyncio.timeout(40):
            while not connection.ready_for(KEYS[0]):
                await asyncio.sleep(0.05)
        return meanwhile, await count_all(client)

    meanwhile, after = run(own.url, scenario)

    assert meanwhile == [b"1"] * len(others)
    assert after == [2] * len(KEYS)


def replicated(group: ClusterGroup) -> bool:
    """Tell whether every replica has said that it has what its master has.

    WAIT would not do: it waits for what its own connection has written.
    """
    said = [server.client.info("replication") for server in group.nodes[:3]]
    return all(one["slave0"]["offset"] == one["master_repl_offset"] for one in said)


def test_a_cluster_that_is_away_is_found_when_it_comes_back(own: ClusterGroup) -> None:
    """Commands fail at once meanwhile, those of a start without it too."""
    for server in own.nodes:
        server.kill()

    async def scenario(client: LoopClient, connection: ClusterPipeline) -> Any:
        with pytest.raises(StoreUnavailableError):
            await client.ask("GET", KEYS[0])
        await asyncio.to_thread(lambda: [server.start() for server in own.nodes])
        async with asyncio.timeout(40):
            while not all(connection.ready_for(key) for key in KEYS):
                await asyncio.sleep(0.05)
            while True:
                try:
                    return await count_all(client)
                except StoreUnavailableError:  # CLUSTERDOWN: they have not found each other yet
                    await asyncio.sleep(0.05)

    assert all(number >= 1 for number in run(own.url, scenario))


def test_a_url_that_cannot_be_used_stops_the_start() -> None:
    """Naming the setting; and that of one server is none of a cluster."""
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        cluster("redis+cluster://localhost:many")
    assert cluster("redis://localhost:7000") is None
