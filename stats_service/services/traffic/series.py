"""The series of a site: a span of its past beside another one, in one read."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import zip_longest

from stats_service.models.history import Pair, Point, Series, StoredHistory
from stats_service.models.sites import Site
from stats_service.services.traffic.spans import (
    DAY,
    Bucket,
    Span,
    buckets,
    compared_with,
)
from stats_service.store.traffic.history import HistoryStore


class SeriesReader:
    """Reads the series of one site.

    Args:
        store: what is kept.
        site: the site.
        local: this moment, in the site's zone.
    """

    def __init__(self, store: HistoryStore, site: Site, local: datetime) -> None:
        self._store = store
        self._site = site
        self._local = local

    def read(self, unit: str, span: Span, compare: str) -> Series:
        """Return a span and what it is compared with, in one round trip."""
        today = self._local.date()
        comparison = compared_with(span, unit, compare, today)
        is_open = span.first <= today <= span.last
        cut = comparison.counterpart(today, span) if comparison and is_open else None
        shown = buckets(span, unit)
        others = buckets(comparison.span, unit) if comparison else []
        stored = self._stored(unit, shown, others, cut)
        now = [_pair_of(stored, bucket) for bucket in shown]
        before = [self._pair_before(stored, bucket, cut) for bucket in others]
        points = (
            self._hours(stored, shown, others, cut)
            if unit == "hour"
            else tuple(
                Point(bucket.name, pair, then, stored.counts.get(f"visitors:{bucket.name}", 0))
                for bucket, pair, then in zip(shown, now, _padded(before, len(shown)), strict=True)
            )
        )
        return Series(
            unit,
            span.first,
            span.last,
            points,
            sum(before, Pair()),
            comparison.span.first if comparison else None,
            comparison.span.last if comparison else None,
            self._begun(unit, span, shown) if is_open else None,
        )

    def _stored(
        self, unit: str, shown: Sequence[Bucket], others: Sequence[Bucket], cut: date | None
    ) -> StoredHistory:
        names = dict.fromkeys(bucket.name for bucket in (*shown, *others) if bucket.whole)
        for bucket in (*shown, *others):
            if not bucket.whole or (cut and bucket.first <= cut <= bucket.last):
                names |= dict.fromkeys(iso_days(Span(bucket.first, bucket.last).each()))
        days = [bucket.name for bucket in (*shown, *others)] if unit == "hour" else []
        if cut and cut.isoformat() not in days:
            days.append(cut.isoformat())
        readers = [f"visitors:{bucket.name}" for bucket in shown] if unit == "day" else []
        return self._store.read(self._site, [*fields_of(names), *readers], days, ())

    def _pair_before(self, stored: StoredHistory, bucket: Bucket, cut: date | None) -> Pair:
        if cut is None or bucket.last < cut:
            return _pair_of(stored, bucket)
        if bucket.first > cut:
            return Pair()
        return sum_of_days(stored, bucket.first, cut - DAY) + part_of_day(stored, cut, self._local)

    def _hours(
        self,
        stored: StoredHistory,
        shown: Sequence[Bucket],
        others: Sequence[Bucket],
        cut: date | None,
    ) -> tuple[Point, ...]:
        """Return points by hour; hours that have not begun stand beside the whole ones before."""
        points = []
        for bucket, other in zip_longest(shown, others[: len(shown)]):
            for hour in range(24):
                before = stored.hour(other.name, hour) if other else Pair()
                if other and other.first == cut and hour == self._local.hour:
                    before = _share_of(before, into_hour(self._local))
                points.append(
                    Point(f"{bucket.name}T{hour:02d}", stored.hour(bucket.name, hour), before)
                )
        return tuple(points)

    def _begun(self, unit: str, span: Span, shown: Sequence[Bucket]) -> int:
        today = self._local.date()
        if unit == "hour":
            return (today - span.first).days * 24 + self._local.hour + 1
        return sum(bucket.first <= today for bucket in shown)


def iso_days(days: Iterable[date]) -> list[str]:
    """Return days as they are named in Redis: `2026-11-23`."""
    return [day.isoformat() for day in days]


def fields_of(names: Iterable[str]) -> list[str]:
    """Return the fields of `counts` with the visits and views of days, weeks, months or years."""
    names = list(names)
    return [f"{metric}:{name}" for metric in ("visits", "views") for name in names]


def sum_of_days(stored: StoredHistory, first: date, last: date) -> Pair:
    """Return what was counted from the first day to the last, both included."""
    return sum((stored.pair(day.isoformat()) for day in Span(first, last).each()), Pair())


def _pair_of(stored: StoredHistory, bucket: Bucket) -> Pair:
    if bucket.whole:
        return stored.pair(bucket.name)
    return sum_of_days(stored, bucket.first, bucket.last)


def _padded(pairs: Sequence[Pair], length: int) -> list[Pair]:
    return [*pairs[:length], *[Pair()] * (length - len(pairs))]


def _share_of(pair: Pair, share: float) -> Pair:
    return Pair(round(pair.visits * share), round(pair.views * share))


def into_hour(moment: datetime) -> float:
    """Return how much of its hour has gone by at a moment, as a share of 1."""
    return (moment.minute * 60 + moment.second) / 3600


def part_of_day(stored: StoredHistory, day: date, moment: datetime) -> Pair:
    """Return what `day` had counted by the time of day of `moment`."""
    name = day.isoformat()
    if not stored.hours.get(name):
        return _share_of(stored.pair(name), (moment.hour + into_hour(moment)) / 24)
    hours = sum((stored.hour(name, hour) for hour in range(moment.hour)), Pair())
    return hours + _share_of(stored.hour(name, moment.hour), into_hour(moment))
