"""The site cache of a worker for its event loop: `SiteDirectory.entry` without blocking.

A few threads read Redis, once for all callers that wait for the same site. All methods run in the
thread of the loop.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stats_service.errors import StatsError, StoreUnavailableError, UnknownSiteError
from stats_service.services.known_sites.site_directory import SiteDirectory, SiteEntry

#: Threads that read sites from Redis, and how many sites may be read or wait for it.
READING_THREADS = 4
READING_MAX = 256
#: Longest wait for a site, in seconds beyond the timeout of Redis.
EXTRA_SECONDS = 0.1
#: Longest wait for a site that has a stale entry, because the request may have to wait again later.
STALE_SECONDS = 0.1
#: Seconds between two reads of a site that does not exist; callers wait for the next read.
UNKNOWN_SECONDS = 0.1

#: Callback: receives the site or an error, and the time of the read, which decides the site's day.
Then = Callable[[SiteEntry | Exception, float], None]

logger = logging.getLogger(__name__)


class LoopSites:
    """Gives sites to callers in the event loop.

    Args:
        directory: the site cache of the worker.
        timeout: the timeout of Redis, in seconds.
    """

    def __init__(self, directory: SiteDirectory, timeout: float) -> None:
        self._directory = directory
        self._patience = timeout + EXTRA_SECONDS
        self._threads = ThreadPoolExecutor(READING_THREADS, "site")
        self._reading: dict[str, asyncio.Future[SiteEntry]] = {}
        #: By slug: the waiting callbacks, each with the time of its call.
        self._waiting: dict[str, list[tuple[float, Then]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Finish the pending reads, then end the threads."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * self._patience)
        self._threads.shutdown(wait=False)

    def cached(self, slug: str, now: float) -> SiteEntry | None:
        """Return the site if its entry is fresh; an ageing entry is refreshed in the background."""
        entry = self._directory.cached(slug, now)
        if entry is not None and self._directory.ageing(entry, now) and self._may_read(slug):
            self._read(slug, now)
        return entry

    def when_read(self, slug: str, now: float, then: Then) -> None:
        """Read a site that is not `cached`, and call `then` once.

        Only a read that began after this call may report that the site does not exist, because the
        site may just have been added.
        """
        if slug in self._waiting:
            self._waiting[slug].append((now, then))
        else:
            self._waiting[slug] = [(now, then)]
            self._start(self._serve(slug))

    def when_again(self, entry: SiteEntry, now: float, then: Then) -> None:
        """Read a site again that Redis did not know (`SiteDirectory.again`); call `then`."""

        async def look() -> None:
            self._tell(then, await _result(self.again(entry, now)), now)

        self._start(look())

    async def entry(self, slug: str, now: float) -> SiteEntry:
        """Return the site, from Redis if necessary; errors as `SiteDirectory.entry`."""
        cached = self.cached(slug, now)
        if cached is not None:
            return cached
        answer: asyncio.Future[SiteEntry | Exception]
        answer = asyncio.get_running_loop().create_future()

        def read(found: SiteEntry | Exception, _: float) -> None:
            if not answer.done():  # the caller may have been cancelled
                answer.set_result(found)

        self.when_read(slug, now, read)
        found = await answer
        if isinstance(found, Exception):
            raise found
        return found

    async def load(self, slug: str, now: float) -> SiteEntry:
        """Return the site from a read that begins now; errors as `SiteDirectory.load`."""
        older = self._reading.get(slug)  # this read may have begun before the site was written
        if older is not None:
            await asyncio.wait([older], timeout=self._patience)
        return await self._within(self._patience, slug, now)

    async def again(self, entry: SiteEntry, now: float) -> SiteEntry:
        """Return the current site; arguments and errors as `SiteDirectory.again`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._directory.again, entry, now)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, slug: str) -> None:
        """Call all callbacks that wait for a site; read repeatedly if it does not exist."""
        while waiting := self._waiting[slug]:
            now = waiting[-1][0]
            # A read under way began before these callbacks came.
            number = 0 if slug in self._reading else len(waiting)
            found = await _result(self._read_or_stale(slug, now))
            is_unknown = isinstance(found, UnknownSiteError)
            answered = waiting[:number] if is_unknown else waiting
            self._waiting[slug] = waiting[len(answered) :]
            for _, then in answered:
                self._tell(then, found, now)
            if is_unknown and number:
                await asyncio.sleep(UNKNOWN_SECONDS)
        del self._waiting[slug]

    def _tell(self, then: Then, found: SiteEntry | Exception, now: float) -> None:
        try:
            then(found, now)
        except Exception:  # the other callbacks must be called
            logger.exception("who waits for a site cannot be told")

    async def _read_or_stale(self, slug: str, now: float) -> SiteEntry:
        patience = STALE_SECONDS if self._directory.seen(slug) else self._patience
        try:
            return await self._within(patience, slug, now)
        except StoreUnavailableError:
            stale = self._directory.stale(slug)
            if stale is None:
                raise
            return stale

    async def _within(self, seconds: float, slug: str, now: float) -> SiteEntry:
        try:
            return await asyncio.wait_for(asyncio.shield(self._read(slug, now)), seconds)
        except TimeoutError as error:
            raise StoreUnavailableError("Redis did not answer. Try again shortly.") from error

    def _may_read(self, slug: str) -> bool:
        return slug not in self._reading and len(self._reading) < READING_MAX

    def _read(self, slug: str, now: float) -> asyncio.Future[SiteEntry]:
        reading = self._reading.get(slug)
        if reading is not None:
            return reading
        if not self._may_read(slug):
            raise StoreUnavailableError("Too many sites wait for Redis. Try again shortly.")
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(self._threads, self._directory.load, slug, now)
        self._reading[slug] = reading
        reading.add_done_callback(lambda done: self._was_read(slug, done))
        return reading

    def _was_read(self, slug: str, done: asyncio.Future[SiteEntry]) -> None:
        del self._reading[slug]
        error = None if done.cancelled() else done.exception()
        if error and not isinstance(error, StatsError):
            logger.error("a site cannot be read", exc_info=error)


async def _result(site: Awaitable[SiteEntry]) -> SiteEntry | Exception:
    try:
        return await site
    except Exception as error:  # noqa: BLE001 - passed to the callbacks
        return error
