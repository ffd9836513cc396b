"""Ballots, ratings and clicks in the event loop: a coroutine each.

Steps: site, rate limit of the network, request body, rules, Redis, response.
"""

import time
from collections.abc import Awaitable, Callable
from functools import lru_cache

import msgspec

from stats_service.errors import StatsError, UnknownSiteError
from stats_service.models.clicks import ClickAnswer, ClickQuery
from stats_service.models.polls import BallotAnswer, BallotQuery
from stats_service.models.ratings import RatingAnswer, RatingQuery
from stats_service.models.traffic.views import Visitor
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.web.http.answers import FRESH_JSON
from stats_service.web.http.bodies import decode_body
from stats_service.web.http.cors import allowed_origin
from stats_service.web.http.limits import check_network_limit
from stats_service.web.http.visitor import AddressSource
from stats_service.web.loop.messages import (
    LoopRequest,
    ResponseHeaders,
    Send,
    error_answer,
    response_headers,
)

#: Coroutine function that handles the vote in a request.
Vote = Callable[
    [SiteEntry, LoopRequest, Visitor, float],
    Awaitable[BallotAnswer] | Awaitable[RatingAnswer] | Awaitable[ClickAnswer],
]


class LoopVotes:
    """Handles ballots, ratings and clicks."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._clock = services.clock
        self._address_source = AddressSource.of(services.settings)
        self._meters = services.meters
        self._sites = services.sites.in_loop
        self._ballots = services.polls.ballots
        self._ratings = services.ratings.ratings
        self._clicks = services.traffic.clicks

    def cast_ballot(self, request: LoopRequest, send: Send) -> None:
        """Record a ballot; 200 means that it is stored."""
        self._begin("polls.cast_ballot", "ballots", request, self._cast_ballot, send)

    def rate_article(self, request: LoopRequest, send: Send) -> None:
        """Record a rating; 200 means that it is stored."""
        self._begin("ratings.rate_article", "ratings", request, self._rate_article, send)

    def record_click(self, request: LoopRequest, send: Send) -> None:
        """Record a click; 200 means that it is stored, or does not count."""
        self._begin("clicks.record_click", "clicks", request, self._record_click, send)

    async def _cast_ballot(
        self, entry: SiteEntry, request: LoopRequest, visitor: Visitor, now: float
    ) -> BallotAnswer:
        query = decode_body(request.body, BallotQuery)
        return await self._ballots.cast_ballot(entry, request.path.part, query, visitor, now)

    async def _rate_article(
        self, entry: SiteEntry, request: LoopRequest, visitor: Visitor, now: float
    ) -> RatingAnswer:
        query = decode_body(request.body, RatingQuery)
        return await self._ratings.rate_article(entry, query, visitor, now)

    async def _record_click(
        self, entry: SiteEntry, request: LoopRequest, visitor: Visitor, now: float
    ) -> ClickAnswer:
        query = decode_body(request.body, ClickQuery)
        return await self._clicks.record_click(entry, query, visitor, now)

    def _begin(self, route: str, meter: str, request: LoopRequest, vote: Vote, send: Send) -> None:
        self._services.loop.begin(self._answer(route, meter, request, vote, send))

    async def _answer(
        self, route: str, meter: str, request: LoopRequest, vote: Vote, send: Send
    ) -> None:
        began, allowed = time.perf_counter(), ""
        try:
            entry = await self._sites.entry(request.path.slug, self._clock.now())
            allowed = allowed_origin(entry, request.header(b"origin"))
            visitor = request.visitor(self._address_source)
            await check_network_limit(
                self._services, route, entry, visitor.address, request.path.part
            )
            answer = await self._vote(vote, entry, request, visitor)
            status, headers, body = 200, _headers(allowed), msgspec.json.encode(answer)
            result = answer.outcome
        except Exception as error:  # noqa: BLE001 - passed to the callback
            if not isinstance(error, StatsError):
                self._meters.fault("vote", error)
            status, headers, body = error_answer(error, allowed)
            result = error.code if isinstance(error, StatsError) else "internal-error"
        self._meters.time(time.perf_counter() - began, "request", route)
        self._meters.count("requests", route, str(status))
        self._meters.count(meter, result)
        try:
            send(status, headers, body)
        except Exception as error:  # noqa: BLE001 - the connection failed; nothing waits for it
            self._meters.fault("answer to a vote", error)

    async def _vote(
        self, vote: Vote, entry: SiteEntry, request: LoopRequest, visitor: Visitor
    ) -> BallotAnswer | RatingAnswer | ClickAnswer:
        """Record a vote; retry once if Redis does not know the site but a new one has its name."""
        try:
            return await vote(entry, request, visitor, self._clock.now())
        except UnknownSiteError:
            entry = await self._sites.again(entry, self._clock.now())
            return await vote(entry, request, visitor, self._clock.now())


@lru_cache(maxsize=1024)
def _headers(allowed: str) -> ResponseHeaders:
    return response_headers(list(FRESH_JSON), allowed)
