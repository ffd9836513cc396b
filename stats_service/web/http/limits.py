"""How often a network, or a caller whom we know, may call a route.

flask-limiter guards what Flask answers (`limited`, `check_caller`, `check_network`). Ballots and
ratings are taken in the event loop, which asks `check_network_limit`. Either way the same counters
in the same Redis are added to: `RequestCounts`.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, current_app, request
from flask_limiter import Limiter, RateLimitExceeded
from limits.storage import Storage

from stats_service.errors import TooManyRequestsError
from stats_service.services.accounts.passwords import keyed_digest
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.visitors.addresses import network_prefix
from stats_service.services.visitors.request_limits import exceeded
from stats_service.web.http.context import EXTENSION, services
from stats_service.web.http.request import request_address
from stats_service.web.http.sites import site_entry

View = TypeVar("View", bound=Callable[..., Any])
#: What the URI of `LoopCounts` begins with; the rest of it is empty.
SCHEME = "stats"


class LoopCounts(Storage):
    """What flask-limiter finds under the scheme `stats`: the event loop's counters."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - annotated where the library declares it

    def __init__(self, uri: str | None = None, *, wired: Services, **options: Any) -> None:
        super().__init__(uri, **options)
        self._run = wired.loop.run
        self._counts = wired.limits.counts

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """No errors of a library reach the outside: the store translates them."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter."""
        return self._run(self._counts.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        """Return what a counter has."""
        return self._run(self._counts.get(key))

    def get_expiry(self, key: str) -> float:
        """Return when a counter ends, in seconds since 1970."""
        return self._run(self._counts.get_expiry(key))

    def check(self) -> bool:
        """Return that the storage can be used; whether Redis answers, the next call tells."""
        return True

    def reset(self) -> int | None:
        """Forget nothing: the counters end by themselves."""
        return None

    def clear(self, key: str) -> None:
        """Forget a counter."""
        self._run(self._counts.clear(key))


def register(app: Flask) -> None:
    """Give `app` a limiter for its routes."""
    Limiter(
        request_address,
        app=app,
        storage_uri=f"{SCHEME}://",
        storage_options={"wired": app.extensions[EXTENSION]},
        strategy="fixed-window",
    )


def limited(view: View) -> View:
    """Let a network call a route of a site only `STATS_WRITE_LIMIT` times a minute."""

    @wraps(view)
    def checked(**values: Any) -> Any:
        entry, address = site_entry(values["slug"]), request_address()
        if address:
            _count(request.endpoint or "", _network_of_site(entry, address))
        return view(**values)

    return cast("View", checked)


def check_caller(name: str, caller: str) -> None:
    """Count a request of a caller whom we know.

    Args:
        name: of the route.
        caller: what nobody else can be, such as the id of a token; else a pseudonym of a network.

    Raises:
        TooManyRequestsError: the caller has sent too many of this name.
        StoreUnavailableError: it cannot be counted, and so is not to be answered either.
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
        route: its name; each has counters of its own.
        entry: the site.
        address: where it comes from; empty: not known, and everybody would share one limit.
        poll: for whose ballot it is, whose report tells of it; else empty.

    Raises:
        TooManyRequestsError: the network has sent too many.
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
    """Return the site and the pseudonym of a network, which ends with the day."""
    now = (wired or services()).clock.now()
    network = entry.day_keys_at(now)[0].address(network_prefix(address)).hex()
    return f"{entry.site.slug}:{network}"
