"""The series of a site: a span of its past beside another one."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from stats_service.models.sites import Site
from stats_service.models.traffic.history import Pair, Point, Series, StoredHistory
from stats_service.services.traffic.beginning import first_day
from stats_service.services.traffic.spans import (
    DAY,
    Bucket,
    Comparison,
    Span,
    buckets,
    compared_with,
)
from stats_service.services.traffic.sums import (
    fields_of,
    into_hour,
    iso_days,
    names_of,
    part_of,
    part_of_day,
    sum_of_bucket,
    sum_of_days,
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
        """Return a span and what it is compared with.

        It is one round trip, and some more where the span compared begins with nothing: then there
        may have been no site yet.
        """
        today = self._local.date()
        comparison = compared_with(span, unit, compare, today, self._site.timezone)
        is_open = span.first <= today <= span.last
        past = _Past(self._local, span, unit, comparison, is_open=is_open)
        stored = past.stored = self._read(past)
        if past.begins_with_nothing:
            past.begin = first_day(self._store, self._site, today)
        by_hour = self._by_hour if unit == "hour" else self._by_bucket
        points = tuple(by_hour(past, stored))
        return Series(
            unit,
            span.first,
            span.last,
            points,
            past.total,
            comparison.span.first if comparison else None,
            comparison.span.last if comparison else None,
            self._begun(points, past.shown) if is_open else None,
        )

    def _read(self, past: "_Past") -> StoredHistory:
        """Read everything that the points and the sum of a span need."""
        names = names_of([*past.shown, *past.compared, *past.whole])
        names |= dict.fromkeys(iso_days(bucket.first for bucket in past.whole[:1]))
        days = [bucket.name for bucket in past.shown] if past.unit == "hour" else []
        readers = [f"visitors:{bucket.name}" for bucket in past.shown] if past.unit == "day" else []
        if past.unit == "hour":
            days += [bucket.name for bucket in past.compared]
        if past.cut:
            cut = past.cut.date()
            days.append(cut.isoformat())
            for bucket in (*past.compared, *past.whole):
                if bucket.first <= cut <= bucket.last:
                    names |= dict.fromkeys(iso_days(Span(bucket.first, bucket.last).each()))
        fields = [*fields_of(names), *readers]
        return self._store.read(self._site, fields, list(dict.fromkeys(days)), ())

    def _by_bucket(self, past: "_Past", stored: StoredHistory) -> Iterator[Point]:
        for bucket, part in zip(past.shown, past.parts, strict=True):
            yield Point(
                bucket.name,
                sum_of_bucket(stored, bucket),
                past.before(part),
                stored.counts.get(f"visitors:{bucket.name}"),
            )

    def _by_hour(self, past: "_Past", stored: StoredHistory) -> Iterator[Point]:
        """Give points by hour; an hour that a change of the clock leaves out is none."""
        zone = ZoneInfo(self._site.timezone)
        for bucket, part in zip(past.shown, past.parts, strict=True):
            hours = _hours_of(part.first, zone) if part else ()
            for hour in _hours_of(bucket.first, zone):
                yield Point(
                    f"{bucket.name}T{hour:02d}",
                    stored.hour(bucket.name, hour),
                    past.hour_before(part, hour) if part and hour in hours else None,
                )

    def _begun(self, points: Sequence[Point], shown: Sequence[Bucket]) -> int:
        if points and "T" in points[0].name:
            now = f"{self._local:%Y-%m-%dT%H}"
            return sum(point.name <= now for point in points)
        return sum(bucket.first <= self._local.date() for bucket in shown)


class _Past:
    """The span compared, point by point; `stored` has to be set before anything is asked."""

    stored: StoredHistory

    def __init__(
        self,
        local: datetime,
        span: Span,
        unit: str,
        comparison: Comparison | None,
        *,
        is_open: bool,
    ) -> None:
        self.unit = unit
        self.shown = buckets(span, unit)
        #: For each bucket shown the days that stand beside it.
        self.parts = [comparison.part(one, span) if comparison else None for one in self.shown]
        self._buckets = {part: buckets(part, unit) for part in self.parts if part}
        self.compared = [one for part in self._buckets.values() for one in part]
        #: The span compared, whose sum may have days that stand beside none.
        self.whole = buckets(comparison.span, unit) if comparison else []
        #: Where the span compared ends, if the one that is shown is not over.
        self.cut = comparison.moment(local, span) if comparison and is_open else None
        #: The first day of which there is a number, if that matters.
        self.begin: date | None = date.min

    @property
    def begins_with_nothing(self) -> bool:
        """Whether nothing was counted on the first day of the span compared."""
        return bool(self.whole) and self.stored.pair(self.whole[0].first.isoformat()) == Pair()

    @property
    def total(self) -> Pair | None:
        """The sum up to the same moment; None if there is nothing, or not all of it."""
        if not self.whole or not self._is_known(self.whole[0].first):
            return None
        return sum((self._up_to_cut(bucket) for bucket in self.whole), Pair())

    def before(self, part: Span | None) -> Pair | None:
        """Return what was counted in some days; to the same moment on the last of them."""
        if part is None or not self._is_known(part.last):
            return None
        cut = self.cut
        return sum(
            (
                sum_of_bucket(self.stored, bucket)
                # Beside what is still to come stands the whole of it.
                if cut is None or cut.date() < bucket.first
                else self._up_to_cut(bucket)
                for bucket in self._buckets[part]
            ),
            Pair(),
        )

    def hour_before(self, part: Span, hour: int) -> Pair | None:
        """Return what was counted in an hour; hours to come stand beside whole ones."""
        name = part.first.isoformat()
        if not self._is_known(part.first):
            return None
        if not self.stored.hours.get(name) and self.stored.pair(name) != Pair():
            return None  # its hours are not kept any more, or never were
        pair = self.stored.hour(name, hour)
        if self.cut and self.cut.date() == part.first and hour == self.cut.hour:
            return part_of(pair, into_hour(self.cut))
        return pair

    def _is_known(self, day: date) -> bool:
        return self.begin is not None and self.begin <= day

    def _up_to_cut(self, bucket: Bucket) -> Pair:
        cut = self.cut
        if cut is None or bucket.last < cut.date():
            return sum_of_bucket(self.stored, bucket)
        if bucket.first > cut.date():
            return Pair()
        days = sum_of_days(self.stored, bucket.first, cut.date() - DAY)
        return days + part_of_day(self.stored, cut.date(), cut)


def _hours_of(day: date, zone: ZoneInfo) -> tuple[int, ...]:
    """Return the hours that a day has where the clock may be put forward."""
    begin = datetime(day.year, day.month, day.day, tzinfo=zone)
    if begin.utcoffset() == (begin + DAY).utcoffset() == (begin - DAY).utcoffset():
        return tuple(range(24))
    return tuple(
        hour
        for hour in range(24)
        if any(_exists(begin.replace(hour=hour, minute=minute)) for minute in (0, 59))
    )


def _exists(local: datetime) -> bool:
    """Tell whether a clock on the wall ever shows a moment."""
    return datetime.fromtimestamp(local.timestamp(), local.tzinfo).hour == local.hour
