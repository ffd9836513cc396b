"""Retention: hours 91 days, articles by day 400 days, days for ever; run by `stats-service tick`.

Redis expires old hours and days by itself. This job saves the most read articles of each month
before its days expire, deletes old daily numbers of ignored views, and restores missing expiries.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

from stats_service.models.sites import Site
from stats_service.services.periods import day_of
from stats_service.services.sites.sites import Sites
from stats_service.services.tick_outcome import Outcome, isolated
from stats_service.store.keys import ARTICLE_DAYS_KEPT, HOURS_DAYS_KEPT
from stats_service.store.operations.ticks import TickStore
from stats_service.store.traffic.readers import ReadersStore
from stats_service.store.traffic.retention import RetentionStore

DAY_SECONDS, DAY = 86_400, timedelta(days=1)
#: Days whose articles are trimmed each day: spooled views may come late.
TRIMMED_DAYS = 10


class Retained(msgspec.Struct, frozen=True):
    """The work done for one site."""

    slug: str
    #: Months whose articles were rolled up.
    months: tuple[str, ...]
    #: Daily numbers of ignored views that were deleted.
    ignored: int
    #: Keys that got an expiry.
    ends: int
    #: Articles of days that are over that were added up.
    trimmed: int


class Retention:
    """The daily work that expiries of Redis cannot do."""

    def __init__(self, store: RetentionStore, readers: ReadersStore, sites: Sites) -> None:
        self._store = store
        self._readers = readers
        self._sites = sites

    def sites(self) -> list[Site]:
        """Return the sites to process."""
        return self._sites.all()

    def retain(self, site: Site, now: float) -> Retained:
        """Process one site; a second run changes nothing."""
        today = date.fromisoformat(day_of(now, site.timezone))
        oldest = today - timedelta(days=ARTICLE_DAYS_KEPT)
        months = tuple(
            month
            for month, days in _ended_months(oldest, today)
            if self._store.roll_up_month(site.slug, month, days)
        )
        lives = [
            (
                (today - timedelta(days=age)).isoformat(),
                (HOURS_DAYS_KEPT - age) * DAY_SECONDS,
                (ARTICLE_DAYS_KEPT - age) * DAY_SECONDS,
            )
            for age in range(2, ARTICLE_DAYS_KEPT + 30)
        ]
        # What a visit told comes with its identity, which a spooled view has for a day.
        settled = today - 2 * DAY
        self._readers.sum_days(
            site.slug,
            [(settled - age * DAY).isoformat() for age in range(TRIMMED_DAYS)],
        )
        for month, days in _ended_months(oldest, today):
            if date.fromisoformat(days[-1]) <= settled:
                self._readers.roll_up_month(site.slug, month, days)
        return Retained(
            site.slug,
            months,
            self._store.forget_ignored(site.slug, oldest.isoformat()),
            self._store.set_ends(site.slug, lives),
            self._store.trim_days(
                site.slug,
                [(today - timedelta(days=age)).isoformat() for age in range(1, TRIMMED_DAYS + 1)],
            ),
        )


def _ended_months(oldest: date, today: date) -> list[tuple[str, list[str]]]:
    """Return the months that are over and of which some days are kept, with all their days."""
    months = []
    first = oldest.replace(day=1)
    while first < today.replace(day=1):
        length = monthrange(first.year, first.month)[1]
        days = [first.replace(day=number).isoformat() for number in range(1, length + 1)]
        months.append((f"{first:%Y-%m}", days))
        first = first + timedelta(days=length)
    return months


class RetentionJob:
    """Retention, once a day."""

    def __init__(self, store: TickStore, retention: Retention) -> None:
        self._store = store
        self._retention = retention

    def run(self, now: float) -> Iterator[Outcome]:
        """Run, unless it has run today (in UTC)."""
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        if self._store.last("retention") == today:
            return
        failed = False
        for site in self._retention.sites():
            for outcome in isolated(site.slug, self._of_site(site, now)):
                failed |= outcome.failed
                yield outcome
        if not failed:
            self._store.note("retention", today)

    def _of_site(self, site: Site, now: float) -> Iterator[Outcome]:
        kept = self._retention.retain(site, now)
        if kept.months:
            yield Outcome(f"{kept.slug}: kept the articles of {', '.join(kept.months)}.")
        if kept.ignored:
            yield Outcome(f"{kept.slug}: forgot {kept.ignored:,} old numbers of ignored views.")
        if kept.trimmed:
            yield Outcome(f"{kept.slug}: added up {kept.trimmed:,} articles of past days.")
        if kept.ends:
            yield Outcome(f"{kept.slug}: gave an end to {kept.ends:,} keys that had lost it.")
