"""Rate-limit counters in the same Redis, over the shared connection.

This is a storage for the library `limits`. Its own Redis storage would open more connections,
with different timeouts and retries, and raise errors of redis-py.
"""

import time

from limits.aio.storage import Storage

from stats_service.store.keys import limit
from stats_service.store.redis.loop_client import LoopClient
from stats_service.store.redis.scripts import load_script

COUNT_REQUEST = load_script("redis/count_request")


class RequestCounts(Storage):
    """Fixed-window counters for coroutines."""

    STORAGE_SCHEME = None

    def __init__(self, client: LoopClient, prefix: str) -> None:
        super().__init__()
        self._client = client
        self._prefix = prefix

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Empty: `LoopClient` raises only our own errors."""
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter."""
        keys, args = [limit(self._prefix, key)], [expiry, amount]
        return int(await self._client.run(COUNT_REQUEST, keys, args))

    async def get(self, key: str) -> int:
        """Return the value of a counter."""
        return int(await self._client.ask("GET", limit(self._prefix, key)) or 0)

    async def get_expiry(self, key: str) -> float:
        """Return the expiry of a counter, in seconds since 1970."""
        return time.time() + max(0, int(await self._client.ask("TTL", limit(self._prefix, key))))

    async def check(self) -> bool:
        """Return True; the next call shows whether Redis replies."""
        return True

    async def reset(self) -> int | None:
        """Delete nothing: counters expire by themselves."""
        return None

    async def clear(self, key: str) -> None:
        """Delete a counter."""
        await self._client.ask("DEL", limit(self._prefix, key))
