"""The spool for an event loop: a thread writes all views in flight together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from stats_service.errors import ViewSpooledError
from stats_service.meters import Meters
from stats_service.store.traffic.spool import Spool, SpooledView, SpoolError

#: Most views of this process that wait for the disk; the next is refused at once.
WAITING_MAX = 4096

#: Longest wait for the disk when the process ends, in seconds.
STOP_SECONDS = 2.0
#: Meter of views that cannot be spooled.
FAULT = "kept view"

#: Callback: receives `ViewSpooledError`, or the reason why the view is not spooled.
Callback = Callable[[Exception], None]


class SpoolWriter:
    """Spools views. All methods run in the thread of the loop.

    Args:
        spool: the spool.
        on_kept: called after views were spooled, or lost.
        meters: counts views that fail unexpectedly.
    """

    def __init__(
        self, spool: Spool, on_kept: Callable[[], None], meters: Meters | None = None
    ) -> None:
        self._meters = meters or Meters()
        self._spool = spool
        self._on_kept = on_kept
        self._thread = ThreadPoolExecutor(1, "spool")
        self._views: list[SpooledView] = []
        self._callbacks: list[Callback] = []
        self._under_way: asyncio.Task[None] | None = None

    def write(self, views: Sequence[SpooledView], callbacks: Sequence[Callback]) -> None:
        """Write views; each callback is called once, after its view was written or has failed."""
        if not views:
            return
        if len(self._views) + len(views) > WAITING_MAX:
            error = SpoolError("Too many views wait for the disk. Try again shortly.")
            self._spool.refuse(views, error)
            self._call_back(callbacks, [error] * len(callbacks))
            return
        self._views += views
        self._callbacks += callbacks
        if self._under_way is None:
            self._under_way = asyncio.get_running_loop().create_task(self._write())

    async def stop(self) -> None:
        """Wait a while for pending views."""
        if self._under_way:
            await asyncio.wait({self._under_way}, timeout=STOP_SECONDS)
        self._thread.shutdown(wait=False)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._views:
                views, self._views = self._views, []
                callbacks, self._callbacks = self._callbacks, []
                outcomes: Sequence[Exception] = [_unkept()] * len(callbacks)
                try:
                    outcomes = await loop.run_in_executor(self._thread, self._outcomes, views)
                    self._on_kept()
                except Exception as error:  # noqa: BLE001 - passed to the callback
                    self._meters.fault(FAULT, error)
                finally:
                    self._call_back(callbacks, outcomes)
        finally:
            self._under_way = None

    def _outcomes(self, views: Sequence[SpooledView]) -> Sequence[Exception]:
        """Return the result of each view; a view that cannot be spooled does not affect others."""
        try:
            self._spool.add(views)
        except SpoolError as error:
            return [error] * len(views)
        except Exception as error:  # noqa: BLE001 - of one view, which is looked for
            if len(views) > 1:
                return [outcome for view in views for outcome in self._outcomes([view])]
            self._meters.fault(FAULT, error)
            self._spool.refuse(views, error)
            return [_unkept()]
        return [ViewSpooledError()] * len(views)

    def _call_back(self, callbacks: Sequence[Callback], outcomes: Sequence[Exception]) -> None:
        for callback, outcome in zip(callbacks, outcomes, strict=True):
            try:
                callback(outcome)
            except Exception as error:  # noqa: BLE001 - the others are told
                self._meters.fault("answer to a page view", error)


def _unkept() -> SpoolError:
    return SpoolError("The view could not be kept. Nothing was stored; try again shortly.")
