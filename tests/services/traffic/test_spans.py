"""Spans and what stands beside them: by the calendar, and against a naive sum of hours."""

from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest

from stats_service.errors import InvalidInputError
from stats_service.models.history import DayHistory, Pair
from stats_service.models.sites import Site
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
        ("28", "11-01", "11-28", "10-01", "10-28"),
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

    def hour(self, day: date, hour: int) -> Pair:
        """Return what an hour had."""
        return self._hours[day][hour] if self._hours.get(day) else Pair()

    def total(self, first: date, last: date, hours_of_last: int = 24) -> Pair:
        """Add up hours, one by one; of the last day some alone."""
        found = Pair()
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            for hour in range(24 if day < last else hours_of_last):
                found += self.hour(day, hour)
        return found


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/Santiago"])
def test_every_series_is_a_naive_sum(services: Services, site: Site, zone: str) -> None:
    """Random spans, units, comparisons and moments, through leap years and changes of the clock."""
    random, past = Random(zone), Past(Random(zone))
    site = msgspec.structs.replace(site, timezone=zone)
    services.traffic.history.write(site, past.days)
    midnight, seen = datetime(LAST.year, LAST.month, LAST.day, tzinfo=ZoneInfo(zone)), 0

    for _ in range(200):
        moment = midnight + timedelta(minutes=random.randrange(-20 * 1440, 1440))
        unit, length = random.choice([("hour", 20), ("day", 120), ("week", 300), ("month", 400)])
        last = moment.date() - timedelta(days=random.choice([0, 0, random.randrange(20)]))
        span = Span(last - timedelta(days=random.randrange(length)), last)
        compare = random.choice(["before", "year", "nothing", "2024-02-29"])

        series = services.traffic.history.series(site, unit, span, moment.timestamp(), compare)

        assert series.total == past.total(span.first, span.last)
        assert sum((point.now for point in series.points), Pair()) == series.total
        first, end = series.first_before, series.last_before
        if first is None or end is None:
            assert (compare, series.total_before) == ("nothing", Pair())
        elif series.begun is None:
            assert span.last < moment.date()
            assert series.total_before == past.total(first, end)
        else:
            by_months = compare in ("before", "year") and unit != "week"
            cut = counterpart(span, first, moment.date(), by_months=by_months)
            exact, current = past.total(first, cut, moment.hour), past.hour(cut, moment.hour)
            if cut >= HOURS_SINCE:
                seen += 1
                share = (moment.minute * 60 + moment.second) / 3600
                assert series.total_before == exact + Pair(
                    round(current.visits * share), round(current.views * share)
                )
            else:
                whole = past.total(first, cut)
                assert past.total(first, cut, 0).views <= series.total_before.views <= whole.views
    assert seen > 5


def counterpart(span: Span, first: date, today: date, *, by_months: bool) -> date:
    """Return the day of the span that begins with `first` that stands beside today."""
    months = (span.first.year - first.year) * 12 + span.first.month - first.month
    if by_months and span.first.day == first.day and (span.first - first).days % 7:
        return shift_months(today, months)
    return first + (today - span.first)
