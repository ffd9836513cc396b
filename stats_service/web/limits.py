"""How many writes a network may send at a time: flask-limiter on every route where people write.

The limit is loose, because an office or a mobile carrier is one network: it keeps a program from
filling the store, while what a poll believes of one network is settled with the ballot itself
(`cast_ballot.lua`). A page view passes none of this; its ceiling is part of its own script.

When Redis is away the count fails, and so the write is refused with 503, as it would be anyway.
"""

import math
import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from flask import Flask, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse

from stats_service.errors import TooManyRequestsError
from stats_service.services.addresses import network_prefix
from stats_service.web.api.sites import site_entry
from stats_service.web.context import EXTENSION, services
from stats_service.web.request import request_address


def protect(app: Flask, endpoints: Iterable[str], per_minute: int) -> None:
    """Let a network call each of `endpoints` at most `per_minute` times a minute, for each site.

    flask-limiter counts; it is asked directly, because working out by itself which limits a
    request has takes it several times as long as counting.
    """
    counts = app.extensions[EXTENSION].request_counts
    limiter = Limiter(
        network_key,
        storage_uri=counts.uri,
        storage_options={"counts": counts},
        strategy="fixed-window",
    )
    # Said to be there already, so that it puts no hooks around every request of the service.
    app.extensions["limiter"] = {limiter}
    limiter.init_app(app)
    limit = parse(f"{per_minute}/minute")
    for endpoint in endpoints:
        app.view_functions[endpoint] = _limited(
            app.view_functions[endpoint], limiter, limit, endpoint
        )


def _limited(
    view: Callable[..., Any], limiter: Limiter, limit: RateLimitItem, endpoint: str
) -> Callable[..., Any]:
    @wraps(view)
    def limited(**values: Any) -> Any:
        key = network_key()
        if key and not limiter.limiter.hit(limit, endpoint, key):
            ends = limiter.limiter.get_window_stats(limit, endpoint, key).reset_time
            raise TooManyRequestsError(
                f"Your network has sent more than {limit.amount} of these in a minute. Nothing "
                "was stored; send the same again a little later.",
                min(limit.get_expiry(), max(1, math.ceil(ends - time.time()))),
            )
        return view(**values)

    return limited


def network_key() -> str:
    """Return the site and a pseudonym of the caller's network, which ends with the day.

    Empty where the address is not known: everybody would share one limit.
    """
    address = request_address()
    if not address:
        return ""
    slug = (request.view_args or {})["slug"]
    today, _ = site_entry(slug).day_keys_at(services().clock.now())
    return f"{slug}:{today.address(network_prefix(address)).hex()}"
