"""Connections to a Redis Cluster for an event loop: one `Pipeline` for each master.

Any node reports the slots of each master (`CLUSTER SLOTS`). They are queried again when a node
reports a moved slot, cannot be reached, or is down. A redirected command was not run, so it is
sent again to the right node. Commands have no order; no caller relies on one.
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
from stats_service.meters import Meters
from stats_service.store.redis import refusals
from stats_service.store.redis.client import credentials_in, hosts_in
from stats_service.store.redis.pipeline import Command, Endpoint, Pipeline, greeting, pack, resolver

#: Address of a node.
Place = tuple[str, int]

#: Seconds between two queries of the slots while the cluster is in trouble.
LOOK_SECONDS = 0.2
#: Seconds before a command is sent again while the keys of its slot are moving.
MOVING_SECONDS = 0.01

#: Error replies that redirect the command.
_ELSEWHERE = ("MOVED ", "ASK ")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cluster:
    """Some nodes of a cluster, and the handshake for every node."""

    nodes: Sequence[Place]
    tls: SSLContext | None
    greeting: tuple[tuple[Any, ...], ...]


def cluster(url: str) -> Cluster | None:
    """Return the cluster that `url` (as `REDIS_URL`) names; None if it names one server.

    Raises:
        ConfigurationError: the URL is invalid.
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
    """The connections. All methods run in the thread of the loop.

    Args:
        cluster: The cluster in REDIS_URL. Its nodes stay connected even if the cluster changes.
        timeout: As for `Pipeline`; also the longest time in seconds for which a command is sent
            again.
        meters: Counts unexpected faults.
    """

    def __init__(self, cluster: Cluster, timeout: float, meters: Meters | None = None) -> None:
        self._meters = meters or Meters()
        self._cluster = cluster
        self._timeout = timeout
        self._nodes: dict[Place, Pipeline] = {}
        #: Tasks of the first connection to a node.
        self._first_tries: dict[Place, asyncio.Task[None]] = {}
        #: The master of each slot; None until it is known.
        self._masters: list[Pipeline | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self._stale = asyncio.Event()
        self._turn = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect and stay connected; return when the slots are known or one try has failed."""
        self._loop = asyncio.get_running_loop()
        for place in self._cluster.nodes:
            self._node(place)
        await asyncio.gather(*self._first_tries.values())
        await self._look()
        await asyncio.gather(*self._first_tries.values())
        self._background(self._keep_looking())

    async def stop(self) -> None:
        """Close the connections; pending commands fail."""
        for task in (*self._tasks, *self._first_tries.values()):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._first_tries.values(), return_exceptions=True)
        await asyncio.gather(*(node.stop() for node in self._nodes.values()))

    def ready_for(self, key: str) -> bool:
        """Return whether the master of `key` (or a hash tag) is connected."""
        master = self._masters[key_slot(key.encode())]
        if master and master.ready:
            return True
        self._stale.set()
        return False

    def send(self, commands: Sequence[Command]) -> None:
        """Send commands, one write for each master; callbacks as in `Pipeline.send`."""
        by_master: dict[Pipeline, list[Command]] = {}
        deadline = self._loop.time() + self._timeout
        for command in commands:
            key, packed, _ = command
            master = self._masters[key_slot(key.encode())]
            if master is None:
                self._stale.set()
                self._tell(command, _not_connected())
            else:
                answer = _Answer(self, command, deadline, master)
                by_master.setdefault(master, []).append((key, packed, answer))
        for master, batch in by_master.items():
            master.send(batch)

    def error_of(self, reply: Exception) -> Exception:
        """Return the error to raise for an error reply."""
        if not isinstance(reply, hiredis.ReplyError):
            return reply
        if str(reply).startswith(_ELSEWHERE):  # its time ran out before it reached its master
            return _not_connected()
        return refusals.of_reply(str(reply)) or reply

    def redirected(
        self, command: Command, reply: hiredis.ReplyError, deadline: float, asked: Pipeline
    ) -> bool:
        """Send `command` again if `asked` redirected it; False if `reply` is its final reply."""
        key, packed, _ = command
        kind, _, rest = str(reply).partition(" ")
        if kind == "CLUSTERDOWN":
            self._stale.set()
        if self._loop.time() >= deadline:
            return False
        if kind == "TRYAGAIN":  # some of its keys have moved, others have not
            self._loop.call_later(MOVING_SECONDS, self._again, command, deadline)
            return True
        if kind not in ("MOVED", "ASK"):
            return False
        slot, _, address = rest.partition(" ")
        host, _, port = address.rpartition(":")
        # An empty host means the node that replied, as in CLUSTER SLOTS.
        place = (host or asked.host, int(port))
        node = self._node(place)
        commands: list[Command] = [(key, packed, _Answer(self, command, deadline, node))]
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
        if master is None:
            self._tell(command, _not_connected())
        else:
            master.send([(key, packed, _Answer(self, command, deadline, master))])

    def _tell(self, command: Command, reply: Any) -> None:
        try:
            command[2](reply)
        except Exception as error:  # noqa: BLE001 - other commands must go on
            self._meters.fault("answer of Redis", error)

    async def _send_when_connected(
        self, node: Pipeline, place: Place, commands: Sequence[Command]
    ) -> None:
        try:
            if first_try := self._first_tries.get(place):
                await asyncio.wait({first_try})
        finally:
            node.send(commands)  # fails at once if the node is unreachable

    def _node(self, place: Place) -> Pipeline:
        """Return the connection to a node; create it if there is none."""
        if node := self._nodes.get(place):
            return node

        async def locate() -> Place:
            return place

        server = Endpoint(locate, self._cluster.tls, self._cluster.greeting)
        node = self._nodes[place] = Pipeline(server, self._timeout, self._meters)
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
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - this task must go on
                self._meters.fault("slots of the cluster", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        """Query the slots from one node; change nothing if it does not know them."""
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
        try:
            for first, last, (host, port, *_), *_ in slots:
                # An empty host means the node that replied.
                master = self._node((host.decode() if host else place[0], port))
                self._masters[first : last + 1] = [master] * (last + 1 - first)
        except (ValueError, TypeError, AttributeError) as error:
            self._meters.fault("slots of the cluster", error)
            return
        await self._leave_others()

    async def _leave_others(self) -> None:
        """Close the connections to nodes without slots, except those in REDIS_URL."""
        masters = set(self._masters)
        for place, node in list(self._nodes.items()):
            idle = node.idle and place not in self._first_tries
            if idle and node not in masters and place not in self._cluster.nodes:
                del self._nodes[place]
                await node.stop()


class _Answer:
    """The callback of one command: pass the reply on, or send a redirected command again."""

    __slots__ = ("_asked", "_cluster", "_command", "_deadline")

    def __init__(
        self, cluster: ClusterPipeline, command: Command, deadline: float, asked: Pipeline
    ) -> None:
        self._cluster = cluster
        self._command = command
        self._deadline = deadline
        self._asked = asked

    def __call__(self, reply: Any) -> None:
        try:
            if isinstance(reply, hiredis.ReplyError) and self._cluster.redirected(
                self._command, reply, self._deadline, self._asked
            ):
                return
        except (ValueError, IndexError):  # an invalid redirection is passed on as the reply
            logger.error("Redis redirects a command to where nobody can be: %s", reply)
        self._command[2](reply)


def _ignore(reply: Any) -> None:
    """Ignore the reply to ASKING."""


def _not_connected() -> StoreUnavailableError:
    return StoreUnavailableError("Redis is not connected. Nothing was stored; try again shortly.")
