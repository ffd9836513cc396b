"""How often a network does a thing, counted in the same Redis, over the connection of all.

The library `limits` asks for this. Its own storage for Redis would open connections beside ours,
with waits and retries of its own, and raise errors of redis-py.
"""

import time

from limits.aio.storage import Storage

from stats_service.store.keys import limit
from stats_service.store.redis.loop_client import LoopClient
from stats_service.store.redis.scripts import load_script

COUNT_REQUEST = load_script("redis/count_request")


class RequestCounts(Storage):
    """Counters that begin anew after a fixed span, for coroutines."""

    STORAGE_SCHEME = None

    def __init__(self, client: LoopClient, prefix: str) -> None:
        super().__init__()
        self._client = client
        self._prefix = prefix

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """No errors of a library reach the outside: `LoopClient` raises our own."""
        return ()

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter."""
        keys, args = [limit(self._prefix, key)], [expiry, amount]
        return int(await self._client.run(COUNT_REQUEST, keys, args))

    async def get(self, key: str) -> int:
        """Return what a counter has."""
        return int(await self._client.ask("GET", limit(self._prefix, key)) or 0)

    async def get_expiry(self, key: str) -> float:
        """Return when a counter ends, in seconds since 1970."""
        return time.time() + max(0, int(await self._client.ask("TTL", limit(self._prefix, key))))

    async def check(self) -> bool:
        """Return that the storage can be used; whether Redis answers, the next call tells."""
        return True

    async def reset(self) -> int | None:
        """Forget nothing: the counters end by themselves."""
        return None

    async def clear(self, key: str) -> None:
        """Forget a counter."""
        await self._client.ask("DEL", limit(self._prefix, key))
