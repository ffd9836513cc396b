"""Records views, together with all others in flight in the event loop.

It calls `decide_view` and `answer_view` of `page_views`, with `store.traffic.group_commit` between
them. All methods run in the thread of the loop.
"""

import asyncio
import threading
from collections.abc import Callable

import msgspec

from stats_service.models.sites import Site
from stats_service.models.traffic.views import (
    PageAnswer,
    PageQuery,
    SiteCounts,
    StoredCounts,
    ViewCommand,
    ViewResult,
    Visitor,
)
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import periods_at
from stats_service.services.polls.presentation import PresentedPolls
from stats_service.services.views.numbers import site_counts
from stats_service.services.views.page_views import answer_view, decide_read, decide_view
from stats_service.services.visitors.clients import warm_up
from stats_service.services.visitors.countries import NO_COUNTRIES, Countries
from stats_service.store.traffic.group_commit import GroupCommit

#: Callback: receives the response, or an error: StatsError, or an unexpected one.
Reply = Callable[[PageAnswer | Exception], None]


class ViewRecorder:
    """Records views; responds to each after Redis has acknowledged it."""

    def __init__(self, commit: GroupCommit, countries: Countries = NO_COUNTRIES) -> None:
        self._commit = commit
        self._countries = countries
        self._stored: StoredCounts | None = None
        self._site: Site | None = None
        self._counts: SiteCounts | None = None
        self.polls = PresentedPolls()

    async def start(self) -> None:
        """Connect to Redis; until it is connected, views fail at once."""
        threading.Thread(target=warm_up, name="user agents", daemon=True).start()
        await self._commit.start()

    async def stop(self) -> None:
        """Wait for pending views, and disconnect from Redis."""
        await self._commit.stop()

    def record_view(
        self, entry: SiteEntry, query: PageQuery, visitor: Visitor, now: float, reply: Reply
    ) -> None:
        """Record one load (or heartbeat) of a page; call `reply` once, possibly at once.

        The responses of one batch share one `SiteCounts`, and for each poll one `PresentedPoll` for
        readers who have voted in it and one for all others.

        Raises:
            InvalidInputError: names the invalid field of `query`; nothing is stored.
        """
        command = decide_view(entry, query, visitor, now, self._countries)
        waiter = _PendingView(self, entry, query, command, now, reply)
        self._commit.add(entry.site, periods_at(now, entry.site.timezone), now, command, waiter)

    def read(self, entry: SiteEntry, query: PageQuery, now: float, reply: Reply) -> None:
        """Read the articles and the poll of `query`, and the site's numbers; count nothing.

        `reply` is called once, possibly at once. Reads travel with the views in flight, and those
        that ask for the same are one.

        Raises:
            InvalidInputError: names the article that is none.
        """
        command = decide_read(entry, query, now)
        waiter = _PendingView(self, entry, query, command, now, reply)
        self._commit.read(entry.site, periods_at(now, entry.site.timezone), now, command, waiter)

    async def record(
        self, entry: SiteEntry, query: PageQuery, visitor: Visitor, now: float
    ) -> PageAnswer:
        """Record a view as `record_view` does; wait for the response and return it.

        Raises:
            InvalidInputError: as above.
            UnknownSiteError: the site was removed meanwhile.
            ViewSpooledError: Redis did not acknowledge the view; it is spooled and will be counted.
            StoreUnavailableError: Redis did not acknowledge the view (or beat).
        """
        response: asyncio.Future[PageAnswer] = asyncio.get_running_loop().create_future()

        def reply(answer: PageAnswer | Exception) -> None:
            if response.done():  # the caller was cancelled
                return
            if isinstance(answer, Exception):
                response.set_exception(answer)
            else:
                response.set_result(answer)

        self.record_view(entry, query, visitor, now, reply)
        return await response

    def counts_of(self, site: Site, stored: StoredCounts) -> SiteCounts:
        """Return the numbers of a site, computed once for each batch."""
        if stored is not self._stored or site is not self._site or self._counts is None:
            self._stored, self._site = stored, site
            self._counts = site_counts(site, stored)
        return self._counts


class _PendingView(msgspec.Struct, frozen=True):
    """A view that Redis has not acknowledged yet."""

    recorder: ViewRecorder
    entry: SiteEntry
    query: PageQuery
    command: ViewCommand
    now: float
    reply: Reply

    def recorded(self, counts: StoredCounts, result: ViewResult) -> None:
        entry, polls = self.entry, self.recorder.polls
        try:
            shared = self.recorder.counts_of(entry.site, counts)
            answer = answer_view(entry, self.query, self.command, shared, result, self.now, polls)
        except Exception as error:  # passed to the callback once
            self.reply(error)
            raise
        self.reply(answer)

    def failed(self, error: Exception) -> None:
        self.reply(error)
