"""How often a network does a thing, counted in the same Redis, with the same client.

flask-limiter asks for this through `limits`, its library, which finds a storage by the scheme of
a URI. Its own storage for Redis would open connections beside ours, with waits and retries of
its own, and raise errors of redis-py.
"""

import time
from typing import Any

from limits.aio.storage import Storage as LoopStorage
from limits.storage import Storage

from stats_service.store.keys import limit
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.redis.loop_client import LoopClient
from stats_service.store.redis.scripts import load_script

COUNT_REQUEST = load_script("redis/count_request")
#: What the URI of this storage begins with; the rest of it is empty.
SCHEME = "stats"


class RequestCounts:
    """Counters that begin anew after a fixed span."""

    #: By this flask-limiter finds `CountsStorage`.
    uri = f"{SCHEME}://"

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def add(self, name: str, seconds: int, amount: int) -> int:
        """Add to a counter that lives for `seconds`; return what it has now."""
        with store_errors():
            return int(
                COUNT_REQUEST.run(self._client, [limit(self._prefix, name)], [seconds, amount])
            )

    def get(self, name: str) -> int:
        """Return what a counter has."""
        with store_errors():
            return int(self._client.get(limit(self._prefix, name)) or 0)

    def seconds_left(self, name: str) -> int:
        """Return for how long a counter lives, 0 if it does not."""
        with store_errors():
            return max(0, int(self._client.ttl(limit(self._prefix, name))))

    def clear(self, name: str) -> None:
        """Forget a counter."""
        with store_errors():
            self._client.delete(limit(self._prefix, name))


class CountsStorage(Storage):
    """The storage that `limits` finds under the scheme `stats`."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - annotated where the library declares it

    def __init__(self, uri: str | None = None, *, counts: RequestCounts, **options: Any) -> None:
        super().__init__(uri, **options)
        self._counts = counts

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """No errors of a library reach the outside: `RequestCounts` translates them."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter."""
        return self._counts.add(key, expiry, amount)

    def get(self, key: str) -> int:
        """Return what a counter has."""
        return self._counts.get(key)

    def get_expiry(self, key: str) -> float:
        """Return when a counter ends, in seconds since 1970."""
        return time.time() + self._counts.seconds_left(key)

    def check(self) -> bool:
        """Return that the storage can be used; whether Redis answers, the next call tells."""
        return True

    def reset(self) -> int | None:
        """Forget nothing: the counters end by themselves."""
        return None

    def clear(self, key: str) -> None:
        """Forget a counter."""
        self._counts.clear(key)


class LoopCountsStorage(LoopStorage):
    """The same counters for `limits` in an event loop: what either adds to, both have."""

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
