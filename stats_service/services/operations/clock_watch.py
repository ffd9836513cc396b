"""Notice a clock that jumps, or that is not that of Redis: numbers land in wrong days by it.

A jump shows against the machine's monotonic clock, also where Redis is on the same machine and
jumps along.
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

#: Seconds between two looks, each one short command beside the views.
LOOK_SECONDS = 10.0

logger = logging.getLogger(__name__)


class ClockWatch:
    """Looks at the clocks while the event loop runs.

    Args:
        client: asks Redis for its time.
        clock: the service's.
        meters: where faults are counted that nobody foresaw.
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
        #: Jumps that were noticed, and looks at which the clock was not that of Redis.
        self.jumps = 0
        self.looks_apart = 0

    def start(self) -> None:
        """Look from now on."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Look no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - without this task nobody looks again
                self._meters.fault("clock", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Compare the clocks; say what is wrong when it begins, and when it ends."""
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
