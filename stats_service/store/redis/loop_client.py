"""Redis for coroutines of an event loop, over one shared connection.

All calls of a process, and the batches of page views, are pipelined on the same connection:
calls from the same turn of the loop leave in one write, and none waits for an earlier reply.
uvloop writes at once what it is given, and Redis would wake for each call by itself: so calls are
collected here, until the turn is over.
A call is sent once. Only NOSCRIPT makes it sent a second time, because then nothing was run.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from stats_service.errors import StoreUnavailableError
from stats_service.meters import Meters
from stats_service.store.redis.cluster_pipeline import ClusterPipeline, cluster
from stats_service.store.redis.pipeline import (
    Command,
    LoopConnection,
    Pipeline,
    endpoint,
    lacks_script,
    pack,
    resolver,
)
from stats_service.store.redis.scripts import Script

#: Most pending calls of this process; the next is refused at once.
WAITING_MAX = 4096


def connect_loop(url: str, timeout: float, meters: Meters | None = None) -> LoopConnection:
    """Return the connection for `url` (as `REDIS_URL`); it connects when it is started.

    Args:
        url: see `stats_service.store.redis.client.connect`.
        timeout: longest wait, in seconds, for a connection and for a reply.
        meters: counts unexpected faults.

    Raises:
        ConfigurationError: the URL is invalid.
    """
    if its_cluster := cluster(url):
        return ClusterPipeline(its_cluster, timeout, meters)
    return Pipeline(endpoint(url, timeout), timeout, meters)


class LoopClient:
    """Runs scripts over a connection; the owner of the connection starts and stops it."""

    def __init__(self, connection: LoopConnection) -> None:
        self._connection = connection
        self._waiting = 0
        #: Calls of this turn of the loop.
        self._collected: list[Command] = []

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Return the reply of the script.

        Raises:
            StoreUnavailableError: Redis did not reply, so the script may or may not have run;
                raised at once if there is no connection.
        """
        reply = await self._reply(keys[0], "EVALSHA", script.sha, len(keys), *keys, *args)
        if lacks_script(reply):
            reply = await self._reply(keys[0], "EVAL", script.body, len(keys), *keys, *args)
        return self._checked(reply)

    async def ask(self, name: str, key: str, *args: Any) -> Any:
        """Return the reply to the command `name` on one key; errors as `run`."""
        return self._checked(await self._reply(key, name, key, *args))

    async def time(self) -> float:
        """Return the time of Redis (of one node in a cluster), in seconds since 1970.

        Raises:
            StoreUnavailableError: Redis does not reply, or refuses the command.
        """
        reply = await self._reply("", "TIME")
        if isinstance(reply, Exception):
            raise StoreUnavailableError("Redis does not tell its time.") from reply
        seconds, millionths = reply
        return int(seconds) + int(millionths) / 1e6

    async def _reply(self, key: str, *command: Any) -> Any:
        if self._waiting >= WAITING_MAX:
            raise StoreUnavailableError(
                "Too many requests wait for Redis. Nothing was stored; try again shortly."
            )
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        if not self._collected:
            loop.call_soon(self._send)
        self._collected.append((key, pack(command), resolver(answer)))
        self._waiting += 1
        try:
            return await answer
        finally:
            self._waiting -= 1

    def _send(self) -> None:
        commands, self._collected = self._collected, []
        self._connection.send(commands)

    def _checked(self, reply: Any) -> Any:
        if isinstance(reply, Exception):
            raise self._connection.error_of(reply)
        return reply
