"""Detect a clock that jumps or differs from that of Redis: it puts views into wrong days.

A jump shows against the monotonic clock, even if Redis is on the same machine.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from stats_service.clock import Clock
from stats_service.errors import StoreUnavailableError
from stats_service.meters import Meters
from stats_service.services.operations.machine_findings import CLOCK_SECONDS, clock_finding
from stats_service.store.redis.loop_client import LoopClient

#: Seconds between two checks; each sends one short command.
LOOK_SECONDS = 10.0

logger = logging.getLogger(__name__)


class ClockWatch:
    """Checks the clocks while the event loop runs.

    Args:
        client: reads the time of Redis.
        clock: the clock of the service.
        meters: counts unexpected faults.
        monotonic: a clock that never jumps, in seconds.
    """

    def __init__(
        self,
        client: LoopClient,
        clock: Clock,
        meters: Meters,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._clock = clock
        self._meters = meters
        self._monotonic = monotonic
        self._last: tuple[float, float] | None = None
        self._apart = False
        self._task: asyncio.Task[None] | None = None
        #: Jumps detected, and checks at which the clock differed from that of Redis.
        self.jumps = 0
        self.looks_apart = 0

    def start(self) -> None:
        """Start checking."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop checking."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - this task must go on
                self._meters.fault("clock", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Compare the clocks; log a difference when it begins and when it ends."""
        before, steady = self._clock.now(), self._monotonic()
        if self._last is not None:
            jump = (before - self._last[0]) - (steady - self._last[1])
            if abs(jump) > CLOCK_SECONDS:
                self.jumps += 1
                logger.warning(
                    "The clock of this machine jumped by %+.0f s. What was counted meanwhile may "
                    "be in a wrong day; records: `stats-service site correct-records`.",
                    jump,
                )
        self._last = before, steady
        with contextlib.suppress(StoreUnavailableError):
            at = await self._client.time()
            offset = max(before - at, 0.0) or min(self._clock.now() - at, 0.0)
            apart = abs(offset) > CLOCK_SECONDS
            self.looks_apart += apart
            if apart and not self._apart:
                logger.error(clock_finding(offset).text)
            elif self._apart and not apart:
                logger.warning("The clocks of this machine and of Redis agree again.")
            self._apart = apart
