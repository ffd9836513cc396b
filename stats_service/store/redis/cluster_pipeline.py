"""Connections to a Redis Cluster for an event loop: one `Pipeline` to each master.

Which master has a slot is asked of any node (`CLUSTER SLOTS`), and asked again when a node says
that a slot has moved, cannot be reached, or is down. A redirected command was not run, so it is
sent again where it belongs. There is no order between commands; nobody here relies on one.
"""

import asyncio
import itertools
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import hiredis
from redis.asyncio.connection import SSLConnection
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from stats_service.errors import ConfigurationError, StoreUnavailableError
from stats_service.store.redis.client import credentials_in, hosts_in, unavailable_reply
from stats_service.store.redis.pipeline import Command, Endpoint, Pipeline, greeting, pack, resolver

#: Where a node listens.
Place = tuple[str, int]

#: Seconds between two looks at who has which slots, while something is wrong with it.
LOOK_SECONDS = 0.2
#: Seconds that a command waits before it is sent again while its slot's keys are moving.
MOVING_SECONDS = 0.01

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cluster:
    """Some nodes of a cluster, and what every node wants to hear first."""

    nodes: Sequence[Place]
    tls: SSLContext | None
    greeting: tuple[tuple[Any, ...], ...]


def cluster(url: str) -> Cluster | None:
    """Return the cluster to which `url` (as `REDIS_URL`) leads; None if it leads to one server.

    Raises:
        ConfigurationError: the URL cannot be understood.
    """
    parts = urlsplit(url)
    scheme, _, kind = parts.scheme.partition("+")
    if kind != "cluster":
        return None
    try:
        return Cluster(
            nodes=hosts_in(parts, 6379),
            # As redis-py does by default: certificates are verified.
            tls=SSLConnection().ssl_context.get() if scheme == "rediss" else None,
            greeting=greeting(credentials_in(parts)),
        )
    except ValueError as error:
        raise ConfigurationError(f"REDIS_URL cannot be used: {error}") from error


class ClusterPipeline:
    """The connections. Everything here is called in the loop's own thread.

    Args:
        cluster: What REDIS_URL says. The nodes that it names stay connected, whatever the
            cluster becomes.
        timeout: As for `Pipeline`; also the longest time in seconds for which a command is sent
            again.
    """

    def __init__(self, cluster: Cluster, timeout: float) -> None:
        self._cluster = cluster
        self._timeout = timeout
        self._nodes: dict[Place, Pipeline] = {}
        #: Of nodes that have not been connected yet: their first try.
        self._first_tries: dict[Place, asyncio.Task[None]] = {}
        #: By slot: its master, None as long as it is not known.
        self._masters: list[Pipeline | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._stale = asyncio.Event()
        self._turn = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect, and stay connected; return when the slots are known or after one vain try."""
        self._loop = asyncio.get_running_loop()
        for place in self._cluster.nodes:
            self._node(place)
        await asyncio.gather(*self._first_tries.values())
        await self._look()
        await asyncio.gather(*self._first_tries.values())
        self._background(self._keep_looking())

    async def stop(self) -> None:
        """Close the connections; what is still awaited fails."""
        for task in (*self._tasks, *self._first_tries.values()):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._first_tries.values(), return_exceptions=True)
        await asyncio.gather(*(node.stop() for node in self._nodes.values()))

    def ready_for(self, key: str) -> bool:
        """Tell whether the master that has `key`, or a hash tag, can be sent commands."""
        master = self._masters[key_slot(key.encode())]
        if master and master.ready:
            return True
        self._stale.set()
        return False

    def send(self, commands: Sequence[Command]) -> None:
        """Send commands, those for one master in one write; callbacks as `Pipeline.send`."""
        by_master: dict[Pipeline, list[Command]] = {}
        deadline = self._loop.time() + self._timeout
        for command in commands:
            key, packed, callback = command
            master = self._masters[key_slot(key.encode())]
            if master is None:
                self._stale.set()
                callback(_not_connected())
            else:
                answer = _Answer(self, command, deadline)
                by_master.setdefault(master, []).append((key, packed, answer))
        for master, its in by_master.items():
            master.send(its)

    def error_of(self, reply: Exception) -> Exception:
        """Return the error that a failed command raises."""
        if not isinstance(reply, hiredis.ReplyError):
            return reply
        return unavailable_reply(str(reply)) or reply

    def redirected(self, command: Command, reply: hiredis.ReplyError, deadline: float) -> bool:
        """Send `command`, which was not run, once more; False if `reply` is its answer."""
        key, packed, _ = command
        kind, _, rest = str(reply).partition(" ")
        if kind == "CLUSTERDOWN":
            self._stale.set()
        if self._loop.time() >= deadline:
            return False
        if kind == "TRYAGAIN":  # some of its keys have moved already, some have not
            self._loop.call_later(MOVING_SECONDS, self._again, command, deadline)
            return True
        if kind not in ("MOVED", "ASK"):
            return False
        slot, _, address = rest.partition(" ")
        host, _, port = address.rpartition(":")
        place = (host, int(port))
        node = self._node(place)
        commands: list[Command] = [(key, packed, _Answer(self, command, deadline))]
        if kind == "MOVED":
            self._masters[int(slot)] = node
            self._stale.set()
        else:
            commands.insert(0, (key, pack(("ASKING",)), _ignore))
        if node.ready:
            node.send(commands)
        else:
            self._background(self._send_when_connected(node, place, commands))
        return True

    def _again(self, command: Command, deadline: float) -> None:
        key, packed, _ = command
        master = self._masters[key_slot(key.encode())]
        answer = _Answer(self, command, deadline)
        if master is None:
            answer(_not_connected())
        else:
            master.send([(key, packed, answer)])

    async def _send_when_connected(
        self, node: Pipeline, place: Place, commands: Sequence[Command]
    ) -> None:
        try:
            if first_try := self._first_tries.get(place):
                await asyncio.wait({first_try})
        finally:
            node.send(commands)  # fails by itself if the node is not there

    def _node(self, place: Place) -> Pipeline:
        """Return the connection to a node, which is made if there is none."""
        if node := self._nodes.get(place):
            return node

        async def locate() -> Place:
            return place

        server = Endpoint(locate, self._cluster.tls, self._cluster.greeting)
        node = self._nodes[place] = Pipeline(server, self._timeout)
        first_try = self._first_tries[place] = self._loop.create_task(node.start())
        first_try.add_done_callback(lambda _: self._first_tries.pop(place, None))
        return node

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_looking(self) -> None:
        while True:
            if all(master and master.ready for master in set(self._masters)):
                self._stale.clear()
                await self._stale.wait()
            await self._look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        """Ask one node who has which slots; leave everything as it is if it cannot say."""
        ready = [(place, node) for place, node in self._nodes.items() if node.ready]
        if not ready:
            return
        place, node = ready[next(self._turn) % len(ready)]
        answer: asyncio.Future[Any] = self._loop.create_future()
        node.send([("", pack(("CLUSTER", "SLOTS")), resolver(answer))])
        slots = await answer
        if isinstance(slots, Exception):
            logger.warning("Redis does not say who has which slots: %s", slots)
            return
        for first, last, (host, port, *_), *_ in slots:
            # Without a host it is the one that was asked.
            master = self._node((host.decode() if host else place[0], port))
            self._masters[first : last + 1] = [master] * (last + 1 - first)
        await self._leave_others()

    async def _leave_others(self) -> None:
        """Close the connections to nodes that have no slots and that REDIS_URL does not name."""
        masters = set(self._masters)
        for place, node in list(self._nodes.items()):
            idle = node.idle and place not in self._first_tries
            if idle and node not in masters and place not in self._cluster.nodes:
                del self._nodes[place]
                await node.stop()


class _Answer:
    """The callback of one command: its reply is for whoever sent it, unless it is redirected."""

    __slots__ = ("_cluster", "_command", "_deadline")

    def __init__(self, cluster: ClusterPipeline, command: Command, deadline: float) -> None:
        self._cluster = cluster
        self._command = command
        self._deadline = deadline

    def __call__(self, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError) and self._cluster.redirected(
            self._command, reply, self._deadline
        ):
            return
        self._command[2](reply)


def _ignore(reply: Any) -> None:
    """Take no notice of the answer to ASKING."""


def _not_connected() -> StoreUnavailableError:
    return StoreUnavailableError("Redis is not connected. Nothing was stored; try again shortly.")
