"""The sites that a worker knows, for its event loop: `SiteDirectory.entry` without blocking it.

Redis is read in a few threads, once for all who wait for the same site. Everything here is called
in the loop's own thread.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.services.known_sites.site_directory import SiteDirectory, SiteEntry

#: Threads that read sites from Redis, and how many sites may be read or wait for it.
READING_THREADS = 4
READING_MAX = 256
#: Longest wait for a site beyond the time that Redis has for one answer, in seconds.
EXTRA_SECONDS = 0.1
#: Longest wait for a site that is known, if not freshly: the request itself may have to wait too.
STALE_SECONDS = 0.1

#: Gets the site, or why there is none; and the moment of its reading, whose day it knows.
Then = Callable[[SiteEntry | Exception, float], None]

logger = logging.getLogger(__name__)


class LoopSites:
    """Gives sites to whoever asks in the event loop.

    Args:
        directory: what the worker knows.
        timeout: what Redis has for one answer, in seconds.
    """

    def __init__(self, directory: SiteDirectory, timeout: float) -> None:
        self._directory = directory
        self._patience = timeout + EXTRA_SECONDS
        self._threads = ThreadPoolExecutor(READING_THREADS, "site")
        self._reading: dict[str, asyncio.Future[SiteEntry]] = {}
        self._waiting: dict[str, list[Then]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Let those who wait have their answers, then end."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2 * self._patience)
        self._threads.shutdown(wait=False)

    def cached(self, slug: str, now: float) -> SiteEntry | None:
        """Return the site if it is known well enough; it is read ahead before it is not.

        Raises:
            UnknownSiteError: there was no such site a moment ago.
        """
        entry = self._directory.cached(slug, now)
        if entry is not None and self._directory.ageing(entry, now) and self._may_read(slug):
            self._read(slug, now)
        return entry

    def when_read(self, slug: str, now: float, then: Then) -> None:
        """Read a site that is not `cached`, and call `then`, once."""
        waiting = self._waiting.setdefault(slug, [])
        waiting.append(then)
        if len(waiting) == 1:
            task = asyncio.get_running_loop().create_task(self._serve(slug, now))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def entry(self, slug: str, now: float) -> SiteEntry:
        """Return the site, read if need be; errors as `SiteDirectory.entry`."""
        return self.cached(slug, now) or await self._read_or_stale(slug, now)

    async def load(self, slug: str, now: float) -> SiteEntry:
        """Return the site as Redis has it now; errors as `SiteDirectory.load`."""
        return await self._within(self._patience, slug, now)

    async def _serve(self, slug: str, now: float) -> None:
        found: SiteEntry | Exception
        try:
            found = await self._read_or_stale(slug, now)
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            found = error
        for then in self._waiting.pop(slug):
            try:
                then(found, now)
            except Exception:  # the others who wait are told
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
