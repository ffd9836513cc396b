"""How often a network may call a route where people write; `RequestLimits` counts.

The counters are the same whichever way a write comes: `limited` guards routes of Flask,
`check_network_limit` is what the event loop asks itself.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import request

from stats_service.errors import TooManyRequestsError
from stats_service.services.accounts.passwords import keyed_digest
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.visitors.addresses import network_prefix
from stats_service.web.http.context import services
from stats_service.web.http.request import request_address
from stats_service.web.http.sites import site_entry

View = TypeVar("View", bound=Callable[..., Any])


def limited(view: View) -> View:
    """Let a network call a route of a site only `STATS_WRITE_LIMIT` times a minute."""

    @wraps(view)
    def checked(**values: Any) -> Any:
        wired, entry = services(), site_entry(values["slug"])
        check = check_network_limit(
            wired, request.endpoint or "", entry, request_address(), values.get("poll", "")
        )
        wired.loop.run(check)
        return view(**values)

    return cast("View", checked)


async def check_network_limit(
    wired: Services, route: str, entry: SiteEntry, address: str, poll: str
) -> None:
    """Count a request, in the event loop.

    Args:
        wired: the services.
        route: its name; each has counters of its own.
        entry: the site.
        address: where it comes from; empty: not known, and everybody would share one limit.
        poll: for whose ballot it is, whose report tells of it; else empty.

    Raises:
        TooManyRequestsError: the network has sent too many.
    """
    if not address:
        return
    now = wired.clock.now()
    # The pseudonym of a network ends with the day.
    network = entry.day_keys_at(now)[0].address(network_prefix(address)).hex()
    try:
        await wired.limits.check(route, f"{entry.site.slug}:{network}")
    except TooManyRequestsError:
        if poll:
            await wired.polls.ballots.note_flood(entry, poll, now)
        raise


def check_caller(name: str, caller: str) -> None:
    """Count a request of a caller whom we know; arguments and errors as `RequestLimits.check`."""
    services().loop.run(services().limits.check(name, caller))


def check_network(name: str) -> None:
    """Count a request of the caller's network; errors as `check_caller`."""
    if address := request_address():
        check_caller(
            name, keyed_digest(services().settings.secret, "limit", network_prefix(address))
        )
