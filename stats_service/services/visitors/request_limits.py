"""How many requests a caller may send in a minute, counted in Redis for all workers together.

The limit is loose, because an office or a mobile carrier is one network: it keeps a program from
filling the store, while what a poll believes of one network is settled with the ballot itself
(`cast_ballot.lua`). A page view passes none of this; its ceiling is part of its own script.
"""

import math
import time
from collections.abc import Callable, Coroutine
from typing import Any

from limits import RateLimitItem, parse
from limits.aio.storage import Storage as CoroutineStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import Storage

from stats_service.errors import TooManyRequestsError

#: What the URI of `LoopCounts` begins with; the rest of it is empty.
SCHEME = "stats"


class RequestLimits:
    """Counts requests, in the event loop.

    Args:
        storage: has the counters.
        per_minute: how many requests of one name a caller may send.
    """

    def __init__(self, storage: CoroutineStorage, per_minute: int) -> None:
        self.counts = storage
        self._limiter = FixedWindowRateLimiter(storage)
        self._limit = parse(f"{per_minute}/minute")

    async def check(self, name: str, caller: str) -> None:
        """Count a request.

        Args:
            name: of the route.
            caller: what nobody else can be, such as the id of a token; else a pseudonym of a
                network.

        Raises:
            TooManyRequestsError: the caller has sent too many of this name.
            StoreUnavailableError: it cannot be counted, and so is not to be answered either.
        """
        limit = self._limit
        if not await self._limiter.hit(limit, name, caller):
            stats = await self._limiter.get_window_stats(limit, name, caller)
            raise exceeded(limit, stats.reset_time)


class LoopCounts(Storage):
    """The same counters for threads: what flask-limiter finds under the scheme `stats`."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - annotated where the library declares it

    def __init__(
        self,
        uri: str | None = None,
        *,
        limits: RequestLimits,
        run: Callable[[Coroutine[Any, Any, Any]], Any],
        **options: Any,
    ) -> None:
        super().__init__(uri, **options)
        self._counts = limits.counts
        self._run = run

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """No errors of a library reach the outside: the store translates them."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter."""
        return int(self._run(self._counts.incr(key, expiry, amount)))

    def get(self, key: str) -> int:
        """Return what a counter has."""
        return int(self._run(self._counts.get(key)))

    def get_expiry(self, key: str) -> float:
        """Return when a counter ends, in seconds since 1970."""
        return float(self._run(self._counts.get_expiry(key)))

    def check(self) -> bool:
        """Return that the storage can be used; whether Redis answers, the next call tells."""
        return True

    def reset(self) -> int | None:
        """Forget nothing: the counters end by themselves."""
        return None

    def clear(self, key: str) -> None:
        """Forget a counter."""
        self._run(self._counts.clear(key))


def exceeded(limit: RateLimitItem, ends: float) -> TooManyRequestsError:
    """Return what a caller is told who has sent too many; the limit begins anew when it `ends`."""
    return TooManyRequestsError(
        "Your network has sent more than {limit} of these in a minute. Nothing was stored; "
        "send the same again a little later.",
        min(limit.get_expiry(), max(1, math.ceil(ends - time.time()))),
        limit=limit.amount,
    )
