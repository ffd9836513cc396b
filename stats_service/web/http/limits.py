"""Rate limits: how often a network, or an identified caller, may call a route.

flask-limiter guards the routes of Flask (`limited`, `check_caller`, `check_network`). Ballots and
ratings are handled in the event loop, which calls `check_network_limit`. Both use the same
counters in the same Redis: `RequestCounts`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, current_app, request
from flask_limiter import Limiter, RateLimitExceeded

from stats_service.errors import TooManyRequestsError
from stats_service.services.accounts.passwords import keyed_digest
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.visitors.addresses import network_prefix
from stats_service.services.visitors.request_limits import SCHEME, exceeded
from stats_service.web.http.context import EXTENSION, services
from stats_service.web.http.request import request_address
from stats_service.web.http.sites import site_entry

View = TypeVar("View", bound=Callable[..., Any])


def register(app: Flask) -> None:
    """Give `app` a limiter for its routes."""
    wired: Services = app.extensions[EXTENSION]
    Limiter(
        request_address,
        app=app,
        storage_uri=f"{SCHEME}://",
        # The library passes the options on unchanged, whatever type it declares.
        storage_options=cast("Any", {"limits": wired.limits, "run": wired.loop.run}),
        strategy="fixed-window",
    )


def limited(view: View) -> View:
    """Limit a network to `STATS_WRITE_LIMIT` calls a minute of a site's route."""

    @wraps(view)
    def checked(**values: Any) -> Any:
        entry, address = site_entry(values["slug"]), request_address()
        if address:
            _count(request.endpoint or "", _network_of_site(entry, address))
        return view(**values)

    return cast("View", checked)


def check_caller(name: str, caller: str) -> None:
    """Count a request of an identified caller.

    Args:
        name: name of the route.
        caller: a unique id, such as that of a token; else the pseudonym of a network.

    Raises:
        TooManyRequestsError: the caller has sent too many requests to this route.
        StoreUnavailableError: the request cannot be counted, so it must be refused.
    """
    _count(name, caller)


def check_network(name: str) -> None:
    """Count a request of the caller's network; errors as `check_caller`."""
    if address := request_address():
        secret = services().settings.secret
        _count(name, keyed_digest(secret, "limit", network_prefix(address)))


async def check_network_limit(
    wired: Services, route: str, entry: SiteEntry, address: str, poll: str
) -> None:
    """Count a request, in the event loop.

    Args:
        wired: the services.
        route: name of the route; each route has its own counters.
        entry: the site.
        address: address of the client; empty: unknown, and all such clients would share one limit.
        poll: the poll of a ballot, whose report counts the refusal; else empty.

    Raises:
        TooManyRequestsError: the network has sent too many requests.
    """
    if not address:
        return
    try:
        await wired.limits.check(route, _network_of_site(entry, address, wired))
    except TooManyRequestsError:
        if poll:
            await wired.polls.ballots.note_flood(entry, poll, wired.clock.now())
        raise


def _count(name: str, caller: str) -> None:
    (limiter,) = cast("set[Limiter]", current_app.extensions["limiter"])
    per_minute = f"{services().settings.write_limit}/minute"
    try:
        with limiter.limit(per_minute, key_func=lambda: caller, scope=name):
            pass
    except RateLimitExceeded as error:
        ends = limiter.current_limit.reset_at if limiter.current_limit else 0
        raise exceeded(error.limit.limit, ends) from None


def _network_of_site(entry: SiteEntry, address: str, wired: Services | None = None) -> str:
    """Return the site and the daily pseudonym of a network, as one key."""
    now = (wired or services()).clock.now()
    network = entry.day_keys_at(now)[0].address(network_prefix(address)).hex()
    return f"{entry.site.slug}:{network}"
