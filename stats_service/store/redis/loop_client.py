"""Redis for coroutines of an event loop: one call at a time, over the connection of all.

All calls in flight in a process, and the batches of page views, go over the same connection:
what is sent in the same turn of the loop leaves in one write, and nobody waits for the answer
before. A call is sent once. It is sent a second time only if Redis says that it does not have
the script, because nothing was run then.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from stats_service.errors import StoreUnavailableError
from stats_service.store.redis.cluster_pipeline import ClusterPipeline, cluster
from stats_service.store.redis.pipeline import (
    LoopConnection,
    Pipeline,
    endpoint,
    lacks_script,
    pack,
    resolver,
)
from stats_service.store.redis.scripts import Script

#: Most calls that wait in this process; the next is refused at once.
WAITING_MAX = 4096


def connect_loop(url: str, timeout: float) -> LoopConnection:
    """Return the connection for `url` (as `REDIS_URL`); it is made when it is started.

    Args:
        url: see `stats_service.store.redis.client.connect`.
        timeout: longest wait, in seconds, for a connection and for an answer.

    Raises:
        ConfigurationError: the URL cannot be understood.
    """
    if its_cluster := cluster(url):
        return ClusterPipeline(its_cluster, timeout)
    return Pipeline(endpoint(url, timeout), timeout)


class LoopClient:
    """Runs scripts over a connection, which somebody else starts and stops."""

    def __init__(self, connection: LoopConnection) -> None:
        self._connection = connection
        self._waiting = 0

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Return the script's answer.

        Raises:
            StoreUnavailableError: Redis has not acknowledged it, and may have run it or not; at
                once if there is no connection.
        """
        reply = await self._reply(keys[0], "EVALSHA", script.sha, len(keys), *keys, *args)
        if lacks_script(reply):
            reply = await self._reply(keys[0], "EVAL", script.body, len(keys), *keys, *args)
        return self._checked(reply)

    async def ask(self, name: str, key: str, *args: Any) -> Any:
        """Return the answer to the command `name` on one key; errors as `run`."""
        return self._checked(await self._reply(key, name, key, *args))

    async def _reply(self, key: str, *command: Any) -> Any:
        if self._waiting >= WAITING_MAX:
            raise StoreUnavailableError(
                "Too many requests wait for Redis. Nothing was stored; try again shortly."
            )
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting += 1
        try:
            self._connection.send([(key, pack(command), resolver(answer))])
            return await answer
        finally:
            self._waiting -= 1

    def _checked(self, reply: Any) -> Any:
        if isinstance(reply, Exception):
            raise self._connection.error_of(reply)
        return reply
