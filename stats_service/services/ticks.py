"""The regular work: what `stats-service tick` does, however often it is called."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from stats_service.services.retention import Retention
from stats_service.store.ticks import TickStore


class Ticks:
    """Runs each job as often as it is due, in one process at a time."""

    def __init__(self, store: TickStore, retention: Retention) -> None:
        self._store = store
        self._retention = retention

    def run(self, now: float) -> Iterator[str]:
        """Do what is due; tell of each thing that was done."""
        with self._store.locked() as free:
            if not free:
                yield "Another tick is running; nothing done."
                return
            yield from self._daily("retention", now, self._keep)

    def _daily(self, job: str, now: float, run: Callable[[float], Iterator[str]]) -> Iterator[str]:
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        if self._store.last(job) != today:
            yield from run(now)
            self._store.note(job, today)

    def _keep(self, now: float) -> Iterator[str]:
        for kept in self._retention.run(now):
            if kept.months:
                yield f"{kept.slug}: kept the articles of {', '.join(kept.months)}."
            if kept.ignored:
                yield f"{kept.slug}: forgot {kept.ignored:,} old numbers of ignored views."
            if kept.ends:
                yield f"{kept.slug}: gave an end to {kept.ends:,} keys that had lost it."
