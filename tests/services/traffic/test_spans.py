"""Spans and what stands beside them: by the calendar, and against a naive sum of hours."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair, Point
from stats_service.services.container import Services
from stats_service.services.traffic.spans import (
    PRESETS,
    Span,
    buckets,
    compared_with,
    last_of_month,
    preset,
    shift_months,
)

#: A Saturday.
TODAY = date(2026, 11, 28)


def day(text: str) -> date:
    """Return a day of 2026, or of the year that is said."""
    return date.fromisoformat(text if len(text) == 10 else f"2026-{text}")


@pytest.mark.parametrize(
    ("name", "first", "last", "first_before", "last_before"),
    [
        ("today", "11-28", "11-28", "11-21", "11-21"),
        ("yesterday", "11-27", "11-27", "11-20", "11-20"),
        ("week", "11-23", "11-28", "11-16", "11-21"),
        ("last-week", "11-16", "11-22", "11-09", "11-15"),
        ("month", "11-01", "11-28", "10-01", "10-28"),
        ("last-month", "10-01", "10-31", "09-01", "09-30"),
        ("quarter", "10-01", "11-28", "07-01", "08-28"),
        ("last-quarter", "07-01", "09-30", "04-01", "06-30"),
        ("year", "01-01", "11-28", "2025-01-01", "2025-11-28"),
        ("last-year", "2025-01-01", "2025-12-31", "2024-01-01", "2024-12-31"),
        ("7", "11-22", "11-28", "11-15", "11-21"),
        ("28", "11-01", "11-28", "10-04", "10-31"),
        ("91", "08-30", "11-28", "05-31", "08-29"),
        ("365", "2025-12-01", "11-28", "2024-12-01", "2025-11-28"),
        ("all", "2026-02-03", "11-28", "2025-04-08", "2026-01-31"),
    ],
)
def test_a_named_span_and_the_one_before(
    name: str, first: str, last: str, first_before: str, last_before: str
) -> None:
    """Months stand beside months, anything else beside the same weekdays."""
    span = preset(name, TODAY, date(2026, 2, 3))
    assert span is not None
    before = compared_with(span, "day", "before", TODAY)

    assert (span.first, span.last) == (day(first), day(last))
    assert before is not None
    assert before.span[:2] == (day(first_before), day(last_before))


@pytest.mark.parametrize("name", ["today", "yesterday", "week", "7", "28", "91"])
def test_days_stay_days_on_the_first_of_a_month(name: str) -> None:
    """On 1 November today stands beside Sunday last week, as on any other day."""
    for today in (date(2026, 11, 1), date(2026, 11, 7), date(2026, 11, 28), date(2026, 6, 1)):
        span = preset(name, today, today)
        assert span is not None
        before = compared_with(span, "day", "before", today)
        assert before is not None
        assert (span.first - before.span.first).days == -(-span.days // 7) * 7


def test_every_name_has_a_span() -> None:
    """And nothing else has."""
    assert all(preset(name, TODAY, TODAY) for name in PRESETS)
    assert preset("never", TODAY, TODAY) is None


@pytest.mark.parametrize(
    ("span", "unit", "compare", "before"),
    [
        # By month: November beside November, be it of two years before.
        (Span(date(2025, 12, 1), TODAY), "month", "before", ("2024-12-01", "2025-11-28")),
        (Span(date(2025, 1, 1), TODAY), "month", "before", ("2023-01-01", "2024-11-28")),
        # The year before: the same months, or the same weekdays 52 weeks before.
        (Span(date(2026, 10, 1), date(2026, 10, 31)), "day", "year", ("2025-10-01", "2025-10-31")),
        (Span(date(2026, 11, 16), date(2026, 11, 22)), "day", "year", ("2025-11-17", "2025-11-23")),
        # February: the whole of it, however long.
        (Span(date(2024, 2, 1), date(2024, 2, 29)), "day", "year", ("2023-02-01", "2023-02-28")),
        (Span(date(2025, 2, 1), date(2025, 2, 28)), "day", "year", ("2024-02-01", "2024-02-29")),
        (Span(date(2026, 3, 1), date(2026, 3, 31)), "day", "before", ("2026-02-01", "2026-02-28")),
        # By week: the same weekdays, also of a month.
        (Span(date(2026, 10, 1), date(2026, 10, 31)), "week", "before", ("08-27", "09-26")),
        (Span(date(2026, 11, 2), date(2026, 11, 4)), "day", "2026-04-06", ("04-06", "04-08")),
    ],
)
def test_what_a_span_is_compared_with(
    span: Span, unit: str, compare: str, before: tuple[str, str]
) -> None:
    """As docs/admin.md says it."""
    found = compared_with(span, unit, compare, TODAY)

    assert found is not None
    assert found.span[:2] == (day(before[0]), day(before[1]))


def test_a_comparison_that_is_none_is_refused() -> None:
    """Nothing is compared with nothing; a word that means nothing is an error that names it."""
    assert compared_with(Span(TODAY, TODAY), "day", "nothing", TODAY) is None
    with pytest.raises(InvalidInputError, match="'last'"):
        compared_with(Span(TODAY, TODAY), "day", "last", TODAY)


def test_buckets_are_cut_at_both_ends() -> None:
    """Weeks go from Monday to Sunday, months from the first to the last."""
    span = Span(date(2025, 12, 30), date(2026, 2, 3))

    weeks, months = buckets(span, "week"), buckets(span, "month")

    assert [week.name for week in weeks] == [f"2026-W0{n}" for n in range(1, 7)]
    assert [week.whole for week in weeks] == [False, True, True, True, True, False]
    assert [(month.name, month.whole) for month in months] == [
        ("2025-12", False),
        ("2026-01", True),
        ("2026-02", False),
    ]


def test_the_last_day_of_a_month_has_a_day_before() -> None:
    """31 March a month before is the last of February."""
    assert shift_months(date(2024, 3, 31), 1) == date(2024, 2, 29)
    assert shift_months(date(2024, 2, 29), 12) == date(2023, 2, 28)
    assert last_of_month(date(2026, 12, 31)) == date(2026, 12, 31)


#: A past that ends shortly before the change of the clock in Europe.
FIRST, DAYS = date(2023, 12, 20), 820
LAST = FIRST + timedelta(days=DAYS - 1)
#: Hours of older days are not kept: what a part of such a day had counted is an estimate.
HOURS_SINCE = LAST - timedelta(days=90)


class Past:
    """Visits and views in every hour of some years; some days have none."""

    def __init__(self, random: Random) -> None:
        self.days = [
            DayHistory(
                FIRST + timedelta(days=n),
                tuple(Pair(v := random.randrange(9), v + random.randrange(30)) for _ in range(24))
                if random.random() > 0.1
                else (),
            )
            for n in range(DAYS)
        ]
        self._hours = {day.day: day.hours for day in self.days}
        self.begin = next(day.day for day in self.days if sum(day.hours, Pair()) != Pair())

    def hour(self, day: date, hour: int) -> Pair:
        """Return what an hour had."""
        return self._hours[day][hour] if self._hours.get(day) else Pair()

    def total(self, first: date, last: date, hours_of_last: int = 24) -> Pair:
        """Add up hours, one by one; of the last day some alone."""
        visits = views = 0
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            for pair in self._hours.get(day, ())[: None if day < last else hours_of_last]:
                visits += pair.visits
                views += pair.views
        return Pair(visits, views)


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/Santiago"])
def test_every_series_is_a_naive_sum(services: Services, site: Site, zone: str) -> None:
    """Random spans, units, comparisons and moments, through leap years and changes of the clock."""
    random, past = Random(zone), Past(Random(zone))
    site = msgspec.structs.replace(site, timezone=zone)
    services.traffic.history.write(site, past.days)
    midnight, seen = (
        datetime(LAST.year, LAST.month, LAST.day, tzinfo=ZoneInfo(zone)),
        Counter[str](),
    )

    for _ in range(150):
        moment = midnight + timedelta(minutes=random.randrange(-20 * 1440, 1440))
        unit, length = random.choice([("hour", 20), ("day", 120), ("week", 300), ("month", 400)])
        last = moment.date() - timedelta(days=random.choice([0, 0, random.randrange(20)]))
        span = Span(last - timedelta(days=random.randrange(length)), last)
        compare = random.choice(["before", "year", "nothing", "2024-02-29", "2023-12-01"])
        if unit != "hour" and random.random() < 0.3:
            span = preset(random.choice(["last-month", "month", "365"]), moment.date(), FIRST)
            assert span is not None

        series = services.traffic.history.series(site, unit, span, moment.timestamp(), compare)

        assert series.total == past.total(span.first, span.last)
        if unit != "week":
            begun = [p.name for p in series.points if p.name <= f"{moment:%Y-%m-%dT%H}"]
            assert series.begun in (None, len(begun))
        first, end = series.first_before, series.last_before
        if first is None or end is None:
            assert (compare, series.total_before, series.is_compared) == ("nothing", None, False)
            continue
        naive = Naive(past, span, first, moment, by_months=months_apart(span, first, unit, compare))
        if first < past.begin:
            assert series.total_before is None
            seen["not yet"] += 1
        elif naive.cut is None:
            assert series.total_before == past.total(first, end)
        elif naive.cut.date() >= HOURS_SINCE:
            assert series.total_before == naive.up_to_cut(first, end)
            seen["to the moment"] += 1
        for point in series.points:
            assert naive.stands_beside(point), (span, unit, compare, moment, point)
            seen["nothing beside it"] += point.before is None
            seen["all the same"] += point.before is not None
    assert min(seen[kind] for kind in ("not yet", "to the moment")) > 5
    assert min(seen[kind] for kind in ("nothing beside it", "all the same")) > 50


def months_apart(span: Span, first: date, unit: str, compare: str) -> int:
    """Return by how many months a span is earlier; 0: by days."""
    months = (span.first.year - first.year) * 12 + span.first.month - first.month
    whole = unit == "month" or (span.first.day == 1 and (span.first - first).days % 7)
    return months if whole and compare in ("before", "year") and unit != "week" else 0


@cache
def hours_on_a_clock(day: date, zone: tzinfo) -> set[int]:
    """Return what the hand of a clock shows in a day, half an hour after the other."""
    at, found = datetime(day.year, day.month, day.day, 12, tzinfo=UTC), set[int]()
    for minutes in range(-30 * 60, 30 * 60, 30):
        local = (at + timedelta(minutes=minutes)).astimezone(zone)
        if local.date() == day:
            found.add(local.hour)
    return found


class Naive:
    """What stands beside a point, told day by day and hour by hour."""

    def __init__(
        self, past: Past, span: Span, first: date, moment: datetime, *, by_months: int
    ) -> None:
        self._past, self._span, self._first = past, span, first
        assert moment.tzinfo
        self._zone, self._months = moment.tzinfo, by_months
        self.cut: datetime | None = None
        if span.first <= moment.date() <= span.last:
            found, clock = self.like(moment.date()), moment.time()
            days_earlier = 0
            while found is None:  # after the whole of that month
                days_earlier += 1
                found, clock = self.like(moment.date() - timedelta(days_earlier)), time.max
            self.cut = datetime.combine(found, clock)

    def like(self, day: date) -> date | None:
        """Return the day that has the place of `day`."""
        if not self._months:
            return self._first + (day - self._span.first)
        number = day.year * 12 + day.month - 1 - self._months
        try:
            return date(number // 12, number % 12 + 1, day.day)
        except ValueError:
            return None

    def up_to_cut(self, first: date, last: date) -> Pair:
        """Add up days; the last one to the minute."""
        if self.cut is None or last < self.cut.date():
            return self._past.total(first, last)
        if first > self.cut.date():
            return Pair()
        day, hour = self.cut.date(), self.cut.hour
        if self.cut.time() == time.max:
            return self._past.total(first, day)
        share = (self.cut.minute * 60 + self.cut.second) / 3600
        part = self._past.hour(day, hour)
        return self._past.total(first, day, hour) + Pair(
            round(part.visits * share), round(part.views * share)
        )

    def stands_beside(self, point: Point) -> bool:
        """Tell whether the right thing stands beside a point."""
        if "T" in point.name:
            return self._hour(point)
        days = self._days_of(point.name)
        found = [like for day in days if (like := self.like(day))]
        if not found or found[-1] < self._past.begin:
            return point.before is None
        last = found[-1]
        if self._months and len(days) > 1 and days[-1] == last_of_month(days[-1]):
            last = last_of_month(last)
        if self.cut and found[0] <= self.cut.date() <= last and self.cut.date() < HOURS_SINCE:
            return point.before is not None
        if self.cut and found[0] > self.cut.date():
            return point.before == self._past.total(found[0], last)
        return point.before == self.up_to_cut(found[0], last)

    def _hour(self, point: Point) -> bool:
        day, hour = date.fromisoformat(point.name[:10]), int(point.name[11:])
        assert hour in hours_on_a_clock(day, self._zone)
        like = self.like(day)
        if (
            like is None
            or like < self._past.begin
            or hour not in hours_on_a_clock(like, self._zone)
        ):
            return point.before is None
        if like < HOURS_SINCE:
            return point.before in (None, Pair())
        here = self.cut and self.cut.time() != time.max and self.cut.date() == like
        if here and self.cut and self.cut.hour == hour:
            until = self.up_to_cut(like, like)
            sofar = self._past.total(like, like, hour)
            return point.before is not None and sofar + point.before == until
        return point.before == self._past.hour(like, hour)

    def _days_of(self, name: str) -> list[date]:
        ways = {10: "%Y-%m-%d", 8: "%G-W%V", 7: "%Y-%m"}
        return [day for day in self._span.each() if day.strftime(ways[len(name)]) == name]


@pytest.mark.parametrize(
    ("zone", "day", "missing"),
    [
        ("Europe/Berlin", "03-29", 2),
        ("America/Santiago", "09-06", 0),
        ("Europe/Berlin", "10-25", None),
        ("Asia/Ho_Chi_Minh", "03-29", None),
    ],
)
def test_an_hour_that_the_clock_leaves_out_is_no_point(
    services: Services, site: Site, zone: str, day: str, missing: int | None
) -> None:
    """Nor does one stand beside it a week later."""
    site = msgspec.structs.replace(site, timezone=zone)
    first = date.fromisoformat(f"2026-{day}")
    hours = tuple(Pair(1, 1) for _ in range(24))
    services.traffic.history.write(
        site, [DayHistory(first + timedelta(days=n), hours) for n in range(-7, 8)]
    )
    now = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()

    week_later = first + timedelta(days=7)
    that_day, later = (
        services.traffic.history.series(site, "hour", Span(one, one), now).points
        for one in (first, week_later)
    )

    every = [f"2026-{day}T{hour:02d}" for hour in range(24) if hour != missing]
    assert [point.name for point in that_day] == every
    assert [at for at, point in enumerate(later) if point.before is None] == (
        [] if missing is None else [missing]
    )


def test_the_31st_has_none_beside_it_in_a_shorter_month(services: Services, site: Site) -> None:
    """The line ends there; the sum is that of the whole month."""
    month = Span(date(2026, 10, 1), date(2026, 10, 31), 1)
    days = [DayHistory(date(2026, 8, 1) + timedelta(days=n), (Pair(1, 2),)) for n in range(110)]
    services.traffic.history.write(site, days)
    now = datetime(2026, 11, 28, 9, tzinfo=UTC).timestamp()

    october = services.traffic.history.series(site, "day", month, now)
    september = services.traffic.history.series(
        site, "day", Span(date(2026, 9, 1), date(2026, 9, 30), 1), now
    )

    assert [point.before for point in october.points] == [*[Pair(1, 2)] * 30, None]
    assert october.total_before == Pair(30, 60)
    assert all(point.before for point in september.points)
    assert september.total_before == Pair(31, 62)
