"""How many requests a caller may send in a minute, counted in Redis for all workers together.

The limit is loose, because an office or a mobile carrier is one network: it keeps a program from
filling the store, while what a poll believes of one network is settled with the ballot itself
(`cast_ballot.lua`). A page view passes none of this; its ceiling is part of its own script.
"""

import math
import time

from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter

from stats_service.errors import TooManyRequestsError


class RequestLimits:
    """Counts requests, in the event loop.

    Args:
        storage: has the counters.
        per_minute: how many requests of one name a caller may send.
    """

    def __init__(self, storage: Storage, per_minute: int) -> None:
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


def exceeded(limit: RateLimitItem, ends: float) -> TooManyRequestsError:
    """Return what a caller is told who has sent too many; the limit begins anew when it `ends`."""
    return TooManyRequestsError(
        "Your network has sent more than {limit} of these in a minute. Nothing was stored; "
        "send the same again a little later.",
        min(limit.get_expiry(), max(1, math.ceil(ends - time.time()))),
        limit=limit.amount,
    )
