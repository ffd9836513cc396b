"""Group commit: all page views in flight in this process go to Redis together.

Views that come while a batch is under way are collected; they leave, in one write with one
script call for each site, when that batch is answered and a turn of the loop brings no more of
them, and none is answered before Redis has answered it. The busier the service is, the larger the
batches and the cheaper each view.

Sites are served in turn: a write has one batch of each, the smallest first, so that a site that is
flooded does not hold up the others.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from stats_service.errors import StatsError, StoreUnavailableError, UnknownSiteError
from stats_service.models.periods import Periods
from stats_service.models.sites import Site
from stats_service.models.traffic import StoredCounts, ViewCommand, ViewResult
from stats_service.store.redis.pipeline import LoopConnection, lacks_script, pack
from stats_service.store.traffic.spool import KeptView
from stats_service.store.traffic.spool_writer import ViewKeeper
from stats_service.store.traffic.traffic import RECORD_VIEWS
from stats_service.store.traffic.view_batch import ViewBatch

#: Most views in one script call: a millisecond of Redis, in which nobody else is served.
BATCH_MAX = 128
#: Most views that wait in this process; the next is refused at once.
WAITING_MAX = 4096
#: Most turns of the loop that a batch waits for more views.
GATHER_TURNS = 4

logger = logging.getLogger(__name__)


class Waiter(Protocol):
    """Whoever waits for a view to be recorded. Exactly one of the two is called, once."""

    def recorded(self, counts: StoredCounts, result: ViewResult) -> None:
        """Redis has recorded the view. `counts` is one object for all views of a batch."""

    def failed(self, error: Exception) -> None:
        """Redis has not acknowledged the view: StatsError, or something unforeseen."""


class _Batch:
    """The views of one site that go into one script call."""

    __slots__ = ("commands", "now", "periods", "site", "waiters")

    def __init__(self, site: Site, periods: Periods) -> None:
        self.site = site
        self.periods = periods
        self.now = 0.0
        self.commands: list[ViewCommand] = []
        self.waiters: list[Waiter] = []

    def takes(self, site: Site, periods: Periods) -> bool:
        """Tell whether a view may join: one call has one day and hour, one set of settings."""
        return self.periods is periods and self.site is site and len(self.commands) < BATCH_MAX


class GroupCommit:
    """Records views over a connection. Everything here is called in its loop's own thread.

    Args:
        connection: To Redis; started and stopped with this.
        prefix: What every key begins with.
        keeper: Takes the views that Redis does not acknowledge; None: they fail.
    """

    def __init__(
        self, connection: LoopConnection, prefix: str, keeper: ViewKeeper | None = None
    ) -> None:
        self._keeper = keeper
        self._connection = connection
        self._prefix = prefix
        self._batches: list[_Batch] = []
        #: By slug: the batch that still takes views.
        self._open: dict[str, _Batch] = {}
        self._waiting = 0
        self._in_flight = 0
        self._scheduled = False

    async def start(self) -> None:
        """Connect, and stay connected; return after the first try."""
        self._loop = asyncio.get_running_loop()
        await self._connection.start()

    async def stop(self) -> None:
        """Wait for what is under way, then close the connection."""
        while self._in_flight or self._batches:
            await asyncio.sleep(0.005)  # it ends by itself: the connection has a timeout
        await self._connection.stop()
        if self._keeper:
            await self._keeper.stop()

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
            batch = self._open[site.slug] = _Batch(site, periods)
            self._batches.append(batch)
        batch.now = now
        batch.commands.append(command)
        batch.waiters.append(waiter)
        self._waiting += 1
        if not self._in_flight and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._gather, 0, GATHER_TURNS)

    def _gather(self, before: int, turns: int) -> None:
        """Send what waits once a turn of the loop has brought nothing more.

        A call of the script costs Redis as much as some views in it: a batch that leaves while
        requests still come in would be followed by others of the same size.
        """
        if self._waiting > before and turns:
            self._loop.call_soon(self._gather, self._waiting, turns - 1)
        else:
            self._flush()

    def _flush(self) -> None:
        self._scheduled = False
        batches = self._next_batches()
        self._waiting -= sum(len(batch.commands) for batch in batches)
        self._in_flight += len(batches)
        answers = [_Answer(self, batch, self._call(batch)) for batch in batches]
        self._connection.send(
            [
                (
                    answer.batch.site.slug,
                    _packed(answer.call, "EVALSHA", RECORD_VIEWS.sha),
                    answer,
                )
                for answer in answers
            ]
        )

    def _next_batches(self) -> list[_Batch]:
        """Take the first batch of each site out of those that wait, the smallest first."""
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

    def _call(self, batch: _Batch) -> ViewBatch:
        return ViewBatch(self._prefix, batch.site, batch.periods, batch.now, batch.commands)

    def answered(self, answer: "_Answer", reply: object) -> None:
        """Take Redis' reply to a batch, or the exception that stands for it."""
        batch = answer.batch
        if lacks_script(reply):
            packed = _packed(answer.call, "EVAL", RECORD_VIEWS.body)
            self._connection.send([(batch.site.slug, packed, answer)])
            return
        self._in_flight -= 1
        if isinstance(reply, Exception):
            self._refused(batch, reply)
        else:
            try:
                counts, results = answer.call.results(reply)
            except UnknownSiteError as error:
                self._fail(batch.waiters, error)
            except Exception as error:  # a number that is none must not break the connection of all
                logger.exception("what Redis answered for %s cannot be read", batch.site.slug)
                self._fail(batch.waiters, error)
            else:
                self._recorded(batch, counts, results)
        if self._batches and not self._in_flight and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._gather, 0, GATHER_TURNS)

    def _recorded(self, batch: _Batch, counts: StoredCounts, results: Sequence[ViewResult]) -> None:
        for waiter, result in zip(batch.waiters, results, strict=True):
            try:
                waiter.recorded(counts, result)
            except Exception:  # the views of others do not suffer for it
                logger.exception("a recorded view cannot be answered")

    def _refused(self, batch: _Batch, reply: Exception) -> None:
        error = self._connection.error_of(reply)
        self._unacknowledged(batch.site, batch.now, batch.commands, batch.waiters, error)

    def _unacknowledged(
        self,
        site: Site,
        now: float,
        commands: Sequence[ViewCommand],
        waiters: Sequence[Waiter],
        error: Exception,
    ) -> None:
        """Keep the views that Redis did not acknowledge, and fail whatever is no view.

        Whether Redis recorded them is unknown: they are repeated later under their hit ids.
        """
        if self._keeper is None or not isinstance(error, StoreUnavailableError):
            self._fail(waiters, error)
            return
        both = list(zip(commands, waiters, strict=True))
        views = [(command, waiter) for command, waiter in both if command.kind == "view"]
        self._fail([waiter for command, waiter in both if command.kind != "view"], error)
        self._keeper.keep(
            [KeptView(site.slug, now, command) for command, _ in views],
            [waiter.failed for _, waiter in views],
        )

    def _fail(self, waiters: Sequence[Waiter], error: Exception) -> None:
        if not isinstance(error, StatsError):
            logger.error("Redis refused to record views: %s", error)
        for waiter in waiters:
            try:
                waiter.failed(error)
            except Exception:
                logger.exception("a view that failed cannot be answered")


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
