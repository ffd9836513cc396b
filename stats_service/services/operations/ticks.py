"""The periodic jobs that `stats-service tick` runs, however often it is called."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.models.operations.health import FAIL
from stats_service.services.operations.alarm import RedisAlarm
from stats_service.services.operations.health import Health
from stats_service.services.tick_outcome import Outcome, isolated
from stats_service.store.operations.ticks import TickStore


class Job(Protocol):
    """One kind of periodic job."""

    def run(self, now: float) -> Iterator[Outcome]:
        """Do the work due at the moment `now` (seconds); failed work is retried next time."""


class Ticks:
    """Runs all jobs, in one process at a time; a failed job does not stop the others."""

    def __init__(
        self, store: TickStore, jobs: Sequence[Job], health: Health, alarm: RedisAlarm
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._health = health
        self._alarm = alarm

    def run(self, now: float) -> Iterator[Outcome]:
        """Run the jobs; yield an outcome for each piece of work done."""
        faults = [found.text for found in self._health.findings() if found.level == FAIL]
        yield from self._told(" ".join(faults), now)
        try:
            with self._store.locked() as free:
                if not free:
                    yield Outcome("Another tick is running; nothing done.")
                    return
                # First, even if jobs fail: it records that `tick` is called.
                self._store.note_run(now)
                for job in self._jobs:
                    yield from isolated(type(job).__name__, job.run(now))
        except StoreUnavailableError as error:
            yield Outcome(str(error), failed=True)

    def last_run(self) -> float:
        """Return the time of the last run, in seconds since 1970; 0: never."""
        return self._store.last_run()

    def _told(self, trouble: str, now: float) -> Iterator[Outcome]:
        try:
            if self._alarm.tell(trouble, now):
                yield Outcome("The operator's webhook was told about Redis.")
        except StatsError as error:
            yield Outcome(str(error), failed=True)
