"""Group commit: all page views in flight in this process go to Redis together.

Views that arrive while a batch is in flight are collected. They leave in one write, with one
script call for each site, when the reply to that batch has come and a turn of the loop brings no
more views. No view gets its response before Redis has replied. The busier the service, the larger
the batches and the cheaper each view.

A write contains one batch of each site, the smallest first, so a flooded site does not delay the
others.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from stats_service.errors import (
    SiteLostError,
    StatsError,
    StoreUnavailableError,
    UnknownSiteError,
)
from stats_service.meters import Meters
from stats_service.models.sites import Site
from stats_service.models.traffic.periods import Periods
from stats_service.models.traffic.views import StoredCounts, ViewCommand, ViewResult
from stats_service.store.redis.pipeline import Command, LoopConnection, lacks_script, pack
from stats_service.store.traffic.now import NowWriter
from stats_service.store.traffic.spool import SpooledView
from stats_service.store.traffic.spool_writer import SpoolWriter
from stats_service.store.traffic.traffic import RECORD_VIEWS
from stats_service.store.traffic.view_batch import ViewBatch

#: Most views in one script call, which blocks Redis for about a millisecond.
BATCH_MAX = 128
#: Most pending views of this process; the next is refused at once.
WAITING_MAX = 4096
#: Most turns of the loop that a batch waits for more views.
GATHER_TURNS = 4
#: Longest wait for pending views when the process ends, in seconds.
STOP_SECONDS = 2.0
#: Meter of views that failed alone.
FAULT = "page view"


class Waiter(Protocol):
    """The callbacks of a pending view. Exactly one of the two is called, once."""

    def recorded(self, counts: StoredCounts, result: ViewResult) -> None:
        """Redis has recorded the view. `counts` is one object for all views of a batch."""

    def failed(self, error: Exception) -> None:
        """Redis has not acknowledged the view: StatsError, or an unexpected error."""


class _Batch:
    """The views of one site that go into one script call."""

    __slots__ = ("commands", "now", "periods", "reads", "site", "waiters")

    def __init__(self, site: Site, periods: Periods, now: float) -> None:
        self.site = site
        self.periods = periods
        self.now = now
        self.commands: list[ViewCommand] = []
        self.waiters: list[Waiter] = []
        #: Reads, by what they ask for.
        self.reads: dict[tuple[object, ...], _SharedRead] = {}

    def takes(self, site: Site, periods: Periods) -> bool:
        """Return whether a view may join: a call has one day, one hour and one set of settings."""
        return self.periods is periods and self.site is site and len(self.commands) < BATCH_MAX

    def take(self, command: ViewCommand, waiter: Waiter) -> None:
        """Add a view to the batch."""
        self.commands.append(command)
        self.waiters.append(waiter)


class _SharedRead:
    """A read that waits for several callers, who asked for the same before it was sent."""

    __slots__ = ("waiters",)

    def __init__(self, waiter: Waiter) -> None:
        self.waiters = [waiter]

    def recorded(self, counts: StoredCounts, result: ViewResult) -> None:
        self._each(lambda waiter: waiter.recorded(counts, result))

    def failed(self, error: Exception) -> None:
        self._each(lambda waiter: waiter.failed(error))

    def _each(self, tell: Callable[[Waiter], None]) -> None:
        fault: Exception | None = None
        for waiter in self.waiters:
            try:
                tell(waiter)
            except Exception as error:  # noqa: BLE001 - the other callers must be told
                fault = error
        if fault:
            raise fault


class GroupCommit:
    """Records views over a connection. All methods run in the thread of the loop.

    Args:
        connection: The connection to Redis; started and stopped together with this object.
        prefix: The prefix of every key.
        spool_writer: Spools the views that Redis does not acknowledge; None: they fail.
        meters: Counts views that fail unexpectedly.
        is_lost: Returns whether Redis has lost a site that it does not know; it queries Redis, and
            is called in a thread. The views of a lost site are spooled.
        now_writer: Sums what was recorded for the page of what happens now.
    """

    def __init__(
        self,
        connection: LoopConnection,
        prefix: str,
        spool_writer: SpoolWriter | None = None,
        meters: Meters | None = None,
        is_lost: Callable[[str], bool] = lambda _: False,
        now_writer: NowWriter | None = None,
    ) -> None:
        self._now_writer = now_writer
        self._spool_writer = spool_writer
        self._meters = meters or Meters()
        self._is_lost = is_lost
        #: Batches of sites that Redis does not know.
        self._unknown: set[asyncio.Task[None]] = set()
        self._connection = connection
        self._prefix = prefix
        self._batches: list[_Batch] = []
        #: By slug: the batch that still accepts views.
        self._open: dict[str, _Batch] = {}
        self._waiting = 0
        self._in_flight = 0
        self._scheduled = False

    async def start(self) -> None:
        """Connect and stay connected; return after the first attempt."""
        self._loop = asyncio.get_running_loop()
        await self._connection.start()

    async def stop(self) -> None:
        """Wait a while for pending views, then close the connection; the rest is spooled."""
        end = self._loop.time() + STOP_SECONDS
        while (self._in_flight or self._batches) and self._loop.time() < end:
            await asyncio.sleep(0.005)
        if self._now_writer:
            await self._now_writer.stop()
        await self._connection.stop()
        waiting, self._batches, self._open, self._waiting = self._batches, [], {}, 0
        for batch in waiting:
            self._refused(
                batch,
                StoreUnavailableError("The service ends. Nothing was stored; try again shortly."),
            )
        await asyncio.gather(*self._unknown)
        if self._spool_writer:
            await self._spool_writer.stop()

    def add(
        self, site: Site, periods: Periods, now: float, command: ViewCommand, waiter: Waiter
    ) -> None:
        """Record `command`, decided at the moment `now` (seconds), with the next batch."""
        if not self._connection.ready_for(site.slug) or self._waiting >= WAITING_MAX:
            full = self._waiting >= WAITING_MAX
            reason = "Too many views wait for Redis" if full else "Redis is not connected"
            self._unacknowledged(
                site,
                now,
                [command],
                [waiter],
                StoreUnavailableError(f"{reason}. Nothing was stored; try again shortly."),
            )
            return
        batch = self._open.get(site.slug)
        if batch is None or not batch.takes(site, periods):
            batch = self._open[site.slug] = _Batch(site, periods, now)
            self._batches.append(batch)
        batch.now = now
        batch.take(command, waiter)
        self._waiting += 1
        if not self._in_flight and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._gather, 0, GATHER_TURNS)

    def read(
        self, site: Site, periods: Periods, now: float, command: ViewCommand, waiter: Waiter
    ) -> None:
        """Send a `command` that only reads; callers who ask for the same share one.

        Only a read that was not sent yet is shared: each caller gets numbers from after its call.
        """
        asked = (command.listed, command.poll and command.poll.id)
        batch = self._open.get(site.slug)
        known = batch.reads.get(asked) if batch and batch.takes(site, periods) else None
        if known:
            known.waiters.append(waiter)
            return
        shared = _SharedRead(waiter)
        self.add(site, periods, now, command, shared)
        batch = self._open.get(site.slug)
        if batch and batch.waiters[-1] is shared:
            batch.reads[asked] = shared

    def _gather(self, before: int, turns: int) -> None:
        """Send the collected views once a turn of the loop has brought no more.

        A script call has a fixed cost of several views, so a batch that left while requests still
        arrive would be followed by more small batches.
        """
        if self._waiting > before and turns:
            self._loop.call_soon(self._gather, self._waiting, turns - 1)
        else:
            self._flush()

    def _flush(self) -> None:
        self._scheduled = False
        batches = self._next_batches()
        self._waiting -= sum(len(batch.commands) for batch in batches)
        commands: list[Command] = []
        for batch in batches:
            try:
                commands.append(self._command(batch))
            except Exception:  # noqa: BLE001 - one view is bad; it is found and failed
                commands += self._without_the_bad(batch)
        self._in_flight += len(commands)
        if commands:
            self._connection.send(commands)
        else:
            self._go_on()

    def _without_the_bad(self, batch: _Batch) -> list[Command]:
        """Fail the views of a batch that cannot be encoded; return commands for the others."""
        good = _Batch(batch.site, batch.periods, batch.now)
        for command, waiter in zip(batch.commands, batch.waiters, strict=True):
            alone = _Batch(batch.site, batch.periods, batch.now)
            alone.take(command, waiter)
            try:
                self._command(alone)
            except Exception as error:  # noqa: BLE001 - passed to the callback
                self._fail(alone, error)
            else:
                good.take(command, waiter)
        try:
            return [self._command(good)] if good.commands else []
        except Exception as error:  # noqa: BLE001 - passed to the callback
            self._fail(good, error)
            return []

    def _next_batches(self) -> list[_Batch]:
        """Remove the first waiting batch of each site from the queue, the smallest first."""
        first: dict[str, _Batch] = {}
        self._batches = [
            batch
            for batch in self._batches
            if first.setdefault(batch.site.slug, batch) is not batch
        ]
        self._open = {batch.site.slug: batch for batch in self._batches}
        if len(first) == 1:
            return list(first.values())
        return sorted(first.values(), key=lambda batch: len(batch.commands))

    def _command(self, batch: _Batch) -> Command:
        call = ViewBatch(self._prefix, batch.site, batch.periods, batch.now, batch.commands)
        packed = _packed(call, "EVALSHA", RECORD_VIEWS.sha)
        return batch.site.slug, packed, _Answer(self, batch, call)

    def answered(self, answer: "_Answer", reply: object) -> None:
        """Handle the reply to a batch, or an exception."""
        batch = answer.batch
        try:
            if lacks_script(reply):
                packed = _packed(answer.call, "EVAL", RECORD_VIEWS.body)
                self._connection.send([(batch.site.slug, packed, answer)])
                return
            if isinstance(reply, Exception):
                self._refused(batch, self._connection.error_of(reply))
            else:
                self._recorded(batch, *answer.call.results(reply))
        except UnknownSiteError as error:
            task = self._loop.create_task(self._keep_or_fail(batch, error))
            self._unknown.add(task)
            task.add_done_callback(self._unknown.discard)
        except Exception as error:  # noqa: BLE001 - passed to the callbacks; the others go on
            self._fail(batch, error)
        self._in_flight -= 1
        self._go_on()

    def _go_on(self) -> None:
        if self._batches and not self._in_flight and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._gather, 0, GATHER_TURNS)

    async def _keep_or_fail(self, batch: _Batch, error: UnknownSiteError) -> None:
        """Spool the views of a site that Redis has lost; fail those of an erased site."""
        refused: Exception = error
        try:
            if await asyncio.to_thread(self._is_lost, batch.site.slug):
                refused = SiteLostError(batch.site.slug)
        except StatsError as away:  # the state of the site is unknown for now
            refused = away
        except Exception as fault:  # noqa: BLE001 - passed to the callback
            self._fail(batch, fault)
            return
        waiters, batch.waiters = batch.waiters, []
        self._unacknowledged(batch.site, batch.now, batch.commands, waiters, refused)

    def _recorded(
        self, batch: _Batch, counts: StoredCounts, results: Sequence[ViewResult | Exception]
    ) -> None:
        waiters, batch.waiters = batch.waiters, []
        for waiter, result in zip(waiters, results, strict=True):
            try:
                if isinstance(result, ViewResult):
                    waiter.recorded(counts, result)
                else:
                    self._meters.fault(FAULT, result)
                    waiter.failed(result)
            except Exception as error:  # noqa: BLE001 - other views must go on
                self._meters.fault("answer to a page view", error)
        if self._now_writer:
            try:
                self._now_writer.add(batch.site, batch.now, batch.commands, results)
            except Exception as error:  # noqa: BLE001 - the views are recorded
                self._meters.fault("sums of now", error)

    def _refused(self, batch: _Batch, error: Exception) -> None:
        if isinstance(error, StatsError) or len(batch.commands) == 1:
            waiters, batch.waiters = batch.waiters, []
            self._unacknowledged(batch.site, batch.now, batch.commands, waiters, error)
            return
        # The script failed, perhaps because of one view: retry each half. Hit ids keep a view from
        # counting twice.
        middle = len(batch.commands) // 2
        for part in (slice(None, middle), slice(middle, None)):
            half = _Batch(batch.site, batch.periods, batch.now)
            half.commands, half.waiters = batch.commands[part], batch.waiters[part]
            self._batches.append(half)
            self._waiting += len(half.commands)

    def _unacknowledged(
        self,
        site: Site,
        now: float,
        commands: Sequence[ViewCommand],
        waiters: Sequence[Waiter],
        error: Exception,
    ) -> None:
        """Spool the views that Redis did not acknowledge, and fail everything but views.

        Whether Redis recorded them is unknown; they are sent again later with the same hit ids.
        """
        if self._spool_writer is None or not isinstance(error, StoreUnavailableError):
            self._tell(waiters, error)
            return
        both = list(zip(commands, waiters, strict=True))
        views = [(command, waiter) for command, waiter in both if command.kind == "view"]
        self._tell([waiter for command, waiter in both if command.kind != "view"], error)
        self._spool_writer.write(
            [SpooledView(site.slug, now, command, site.birth) for command, _ in views],
            [waiter.failed for _, waiter in views],
        )

    def _fail(self, batch: _Batch, error: Exception) -> None:
        waiters, batch.waiters = batch.waiters, []
        self._tell(waiters, error)

    def _tell(self, waiters: Sequence[Waiter], error: Exception) -> None:
        """Call `failed` of all waiters."""
        for waiter in waiters:
            if not isinstance(error, StatsError):
                self._meters.fault(FAULT, error)
            try:
                waiter.failed(error)
            except Exception as another:  # noqa: BLE001 - the other waiters must be called
                self._meters.fault("answer to a page view", another)


def _packed(call: ViewBatch, command: str, script: str) -> bytes:
    return pack((command, script, len(call.keys), *call.keys, *call.args))


class _Answer:
    """The callback of one batch."""

    __slots__ = ("_commit", "batch", "call")

    def __init__(self, commit: GroupCommit, batch: _Batch, call: ViewBatch) -> None:
        self._commit = commit
        self.batch = batch
        self.call = call

    def __call__(self, reply: object) -> None:
        self._commit.answered(self, reply)
