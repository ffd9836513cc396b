"""Limits of requests per minute, counted in Redis for all workers together.

The limit is loose, because an office or a mobile carrier is one network: it stops programs from
filling the store, while `cast_ballot.lua` decides how many ballots of one network count. Page views
are not limited here; their ceiling is part of their own script.
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

#: Scheme of the URI of `LoopCounts`; the rest of the URI is empty.
SCHEME = "stats"


class RequestLimits:
    """Counts requests, in the event loop.

    Args:
        storage: the counters.
        per_minute: number of requests of one name that a caller may send.
    """

    def __init__(self, storage: CoroutineStorage, per_minute: int) -> None:
        self.counts = storage
        self._limiter = FixedWindowRateLimiter(storage)
        self._limit = parse(f"{per_minute}/minute")

    async def check(self, name: str, caller: str) -> None:
        """Count a request.

        Args:
            name: name of the route.
            caller: an identity that nobody else can have, such as the id of a token; else the
                pseudonym of a network.

        Raises:
            TooManyRequestsError: the caller has sent too many requests of this name.
            StoreUnavailableError: the request cannot be counted, and must not be answered.
        """
        limit = self._limit
        if not await self._limiter.hit(limit, name, caller):
            stats = await self._limiter.get_window_stats(limit, name, caller)
            raise exceeded(limit, stats.reset_time)


class LoopCounts(Storage):
    """The same counters for threads: flask-limiter finds them by the scheme `stats`."""

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
        """No errors of a library are raised: the store translates them."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Increase a counter."""
        return int(self._run(self._counts.incr(key, expiry, amount)))

    def get(self, key: str) -> int:
        """Return the value of a counter."""
        return int(self._run(self._counts.get(key)))

    def get_expiry(self, key: str) -> float:
        """Return when a counter expires, in seconds since 1970."""
        return float(self._run(self._counts.get_expiry(key)))

    def check(self) -> bool:
        """Return True: the next call shows whether Redis responds."""
        return True

    def reset(self) -> int | None:
        """Do nothing: the counters expire."""
        return None

    def clear(self, key: str) -> None:
        """Delete a counter."""
        self._run(self._counts.clear(key))


def exceeded(limit: RateLimitItem, ends: float) -> TooManyRequestsError:
    """Return the error for a caller with too many requests; the limit starts again at `ends`."""
    return TooManyRequestsError(
        "Your network has sent more than {limit} of these in a minute. Nothing was stored; "
        "send the same again a little later.",
        min(limit.get_expiry(), max(1, math.ceil(ends - time.time()))),
        limit=limit.amount,
    )
