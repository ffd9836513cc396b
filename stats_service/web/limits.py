"""How many writes a network may send at a time: flask-limiter on every route where people write.

The limit is loose, because an office or a mobile carrier is one network: it keeps a program from
filling the store, while what a poll believes of one network is settled with the ballot itself
(`cast_ballot.lua`). A page view passes none of this; its ceiling is part of its own script.

When Redis is away the count fails, and so the write is refused with 503, as it would be anyway.
"""

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter, RateLimitExceeded

from stats_service.errors import TooManyRequestsError
from stats_service.services.addresses import network_prefix
from stats_service.web.api.sites import site_entry
from stats_service.web.context import EXTENSION, services
from stats_service.web.request import request_address


def protect(app: Flask, endpoints: Iterable[str], per_minute: int) -> None:
    """Let a network call each of `endpoints` at most `per_minute` times a minute, for each site."""
    counts = app.extensions[EXTENSION].request_counts
    limiter = Limiter(
        network_key,
        storage_uri=counts.uri,
        storage_options={"counts": counts},
        strategy="fixed-window",
        key_prefix="",
    )
    # Said to be there already, so that it puts no hooks around the routes that have no limit, and
    # looks only once at those that have one.
    app.extensions["limiter"] = {limiter}
    limiter.init_app(app)
    for endpoint in endpoints:
        limited = limiter.limit(
            f"{per_minute} per minute", methods=["POST"], exempt_when=_without_address
        )
        view: Callable[..., Any] = limited(app.view_functions[endpoint])
        app.view_functions[endpoint] = view

    def refuse(_: RateLimitExceeded) -> ResponseReturnValue:
        ends = limiter.current_limit.reset_at if limiter.current_limit else time.time() + 60
        error = TooManyRequestsError(
            f"Your network has sent more than {per_minute} of these in a minute. Nothing was "
            "stored; send the same again a little later.",
            min(60, max(1, math.ceil(ends - time.time()))),
        )
        return app.handle_user_exception(error)

    app.register_error_handler(RateLimitExceeded, refuse)


def network_key() -> str:
    """Return the site and a pseudonym of the caller's network, which ends with the day."""
    slug = (request.view_args or {})["slug"]
    entry = site_entry(slug)
    today, _ = entry.day_keys_at(services().clock.now())
    return f"{slug}:{today.address(network_prefix(request_address())).hex()}"


def _without_address() -> bool:
    return not request_address()
