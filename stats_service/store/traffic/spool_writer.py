"""The spool for an event loop: views in flight are kept together, by a thread."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from stats_service.errors import ViewKeptError
from stats_service.store.traffic.spool import KeptView, Spool, SpoolError

#: Most views that wait for the disk in this process; the next is refused at once.
WAITING_MAX = 4096

logger = logging.getLogger(__name__)

#: Told that the view is kept (`ViewKeptError`) or why it is not.
Tell = Callable[[Exception], None]


class ViewKeeper:
    """Keeps views. Everything here is called in the loop's own thread.

    Args:
        spool: where they are kept.
        on_kept: called after views were kept.
    """

    def __init__(self, spool: Spool, on_kept: Callable[[], None]) -> None:
        self._spool = spool
        self._on_kept = on_kept
        self._thread = ThreadPoolExecutor(1, "spool")
        self._views: list[KeptView] = []
        self._tells: list[Tell] = []
        self._under_way: asyncio.Task[None] | None = None

    def keep(self, views: Sequence[KeptView], tells: Sequence[Tell]) -> None:
        """Keep views; each of `tells` is called once, when its view is on the disk or is not."""
        if not views:
            return
        if len(self._views) + len(views) > WAITING_MAX:
            error = SpoolError("Too many views wait for the disk. Try again shortly.")
            self._spool.refused += len(views)
            for tell in tells:
                tell(error)
            return
        self._views += views
        self._tells += tells
        if self._under_way is None:
            self._under_way = asyncio.get_running_loop().create_task(self._write())

    async def stop(self) -> None:
        """Wait for what is under way."""
        if self._under_way:
            await self._under_way
        self._thread.shutdown()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._views:
            views, self._views = self._views, []
            tells, self._tells = self._tells, []
            outcome: Exception
            try:
                await loop.run_in_executor(self._thread, self._spool.add, views)
                outcome = ViewKeptError()
                self._on_kept()
            except SpoolError as error:
                outcome = error
            for tell in tells:
                try:
                    tell(outcome)
                except Exception:
                    logger.exception("a kept view cannot be answered")
        self._under_way = None
