"""The regular work: what `stats-service tick` does, however often it is called."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol

from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.models.sites import Site
from stats_service.services.operations.alarm import RedisAlarm
from stats_service.services.operations.health import FAIL, Health
from stats_service.services.portability.uploads import Uploads
from stats_service.services.tick_outcome import Outcome, of_one
from stats_service.services.traffic.retention import Retention
from stats_service.store.operations.ticks import TickStore


class Job(Protocol):
    """One kind of regular work."""

    def run(self, now: float) -> Iterator[Outcome]:
        """Do what is due at the moment `now` (seconds); what fails is tried again next time."""


class RetentionJob:
    """Retention, once a day."""

    def __init__(self, store: TickStore, retention: Retention) -> None:
        self._store = store
        self._retention = retention

    def run(self, now: float) -> Iterator[Outcome]:
        """Do it, unless it was done today (in UTC)."""
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        if self._store.last("retention") == today:
            return
        failed = False
        for site in self._retention.sites():
            for outcome in of_one(site.slug, self._of_site(site, now)):
                failed |= outcome.failed
                yield outcome
        if not failed:
            self._store.note("retention", today)

    def _of_site(self, site: Site, now: float) -> Iterator[Outcome]:
        kept = self._retention.keep(site, now)
        if kept.months:
            yield Outcome(f"{kept.slug}: kept the articles of {', '.join(kept.months)}.")
        if kept.ignored:
            yield Outcome(f"{kept.slug}: forgot {kept.ignored:,} old numbers of ignored views.")
        if kept.ends:
            yield Outcome(f"{kept.slug}: gave an end to {kept.ends:,} keys that had lost it.")


class UploadJob:
    """Erases files that were sent to the admin pages and never confirmed."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    def run(self, now: float) -> Iterator[Outcome]:
        """Do it."""
        if number := self._uploads.forget_old(now):
            yield Outcome(f"Erased {number} files that nobody had confirmed.")


class Ticks:
    """Runs each job, in one process at a time; one that fails does not keep others from theirs."""

    def __init__(
        self, store: TickStore, jobs: Sequence[Job], health: Health, alarm: RedisAlarm
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._health = health
        self._alarm = alarm

    def run(self, now: float) -> Iterator[Outcome]:
        """Do what is due; tell of each thing that was done."""
        faults = [found.text for found in self._health.findings() if found.level == FAIL]
        yield from self._told(" ".join(faults), now)
        try:
            with self._store.locked() as free:
                if not free:
                    yield Outcome("Another tick is running; nothing done.")
                    return
                # First, and whatever the jobs come to: it tells that something calls this.
                self._store.note_run(now)
                for job in self._jobs:
                    yield from of_one(type(job).__name__, job.run(now))
        except StoreUnavailableError as error:
            yield Outcome(str(error), failed=True)

    def last_run(self) -> float:
        """Return when this was called last, in seconds since 1970; 0: never."""
        return self._store.last_run()

    def _told(self, trouble: str, now: float) -> Iterator[Outcome]:
        try:
            if self._alarm.tell(trouble, now):
                yield Outcome("The operator's webhook was told about Redis.")
        except StatsError as error:
            yield Outcome(str(error), failed=True)
