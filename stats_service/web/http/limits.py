"""How many writes a network may send at a time: flask-limiter on every route where people write.

The limit is loose, because an office or a mobile carrier is one network: it keeps a program from
filling the store, while what a poll believes of one network is settled with the ballot itself
(`cast_ballot.lua`). A page view passes none of this; its ceiling is part of its own script.

The counters are the same whichever way a write is answered: `protect` guards routes of Flask,
`LoopLimit` what the event loop answers itself.

When Redis is away the count fails, and so the write is refused with 503, as it would be anyway.
"""

import math
import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from flask import Flask, current_app
from flask_limiter import Limiter
from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter

from stats_service.errors import TooManyRequestsError
from stats_service.services.accounts.passwords import keyed_digest
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.visitors.addresses import network_prefix
from stats_service.web.http.context import EXTENSION, services
from stats_service.web.http.request import request_address
from stats_service.web.http.sites import site_entry


def protect(app: Flask, endpoints: Iterable[str], per_minute: int) -> None:
    """Let a network call each of `endpoints` at most `per_minute` times a minute, for each site.

    flask-limiter counts; it is asked directly, because working out by itself which limits a
    request has takes it several times as long as counting.
    """
    counts = app.extensions[EXTENSION].request_counts
    limiter = Limiter(
        request_address,
        storage_uri=counts.uri,
        storage_options={"counts": counts},
        strategy="fixed-window",
    )
    # Said to be there already, so that it puts no hooks around every request of the service.
    app.extensions["limiter"] = {limiter}
    limiter.init_app(app)
    limit = _limit(per_minute)
    for endpoint in endpoints:
        app.view_functions[endpoint] = _limited(
            app.view_functions[endpoint], limiter, limit, endpoint
        )


def _limited(
    view: Callable[..., Any], limiter: Limiter, limit: RateLimitItem, endpoint: str
) -> Callable[..., Any]:
    @wraps(view)
    def limited(**values: Any) -> Any:
        entry = site_entry(values["slug"])
        key = network_key(entry, request_address(), services().clock.now())
        if key and not limiter.limiter.hit(limit, endpoint, key):
            if "poll" in values:
                services().ballots.note_flood(entry, values["poll"], services().clock.now())
            ends = limiter.limiter.get_window_stats(limit, endpoint, key).reset_time
            raise _exceeded(limit, ends)
        return view(**values)

    return limited


def check_network(name: str, per_minute: int) -> None:
    """Count a request of the caller's network; TooManyRequestsError if it has sent too many.

    For routes that must not look for a site before they know who asks.
    """
    address = request_address()
    if not address:
        return
    key = keyed_digest(services().settings.secret, "limit", network_prefix(address))
    (limiter,), limit = current_app.extensions["limiter"], _limit(per_minute)
    if not limiter.limiter.hit(limit, name, key):
        raise _exceeded(limit, limiter.limiter.get_window_stats(limit, name, key).reset_time)


class LoopLimit:
    """The same limit for requests that the event loop answers.

    Args:
        storage: the same counters.
        per_minute: as for `protect`.
    """

    def __init__(self, storage: Storage, per_minute: int) -> None:
        self._limiter = FixedWindowRateLimiter(storage)
        self._limit = _limit(per_minute)

    async def check(self, endpoint: str, entry: SiteEntry, address: str, now: float) -> None:
        """Count a request; TooManyRequestsError if its network has sent too many."""
        key = network_key(entry, address, now)
        if key and not await self._limiter.hit(self._limit, endpoint, key):
            stats = await self._limiter.get_window_stats(self._limit, endpoint, key)
            raise _exceeded(self._limit, stats.reset_time)


def network_key(entry: SiteEntry, address: str, now: float) -> str:
    """Return the site and a pseudonym of the caller's network, which ends with the day.

    Empty where the address is not known: everybody would share one limit.
    """
    if not address:
        return ""
    today, _ = entry.day_keys_at(now)
    return f"{entry.site.slug}:{today.address(network_prefix(address)).hex()}"


def _limit(per_minute: int) -> RateLimitItem:
    return parse(f"{per_minute}/minute")


def _exceeded(limit: RateLimitItem, ends: float) -> TooManyRequestsError:
    return TooManyRequestsError(
        f"Your network has sent more than {limit.amount} of these in a minute. Nothing was stored; "
        "send the same again a little later.",
        min(limit.get_expiry(), max(1, math.ceil(ends - time.time()))),
    )
