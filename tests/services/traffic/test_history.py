"""Reading the past: every number has its counterpart in the span before."""

from datetime import UTC, date, datetime, timedelta

import pytest

from stats_service.cli.demo.history import demo_history
from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair, Series
from stats_service.services.container import Services
from stats_service.services.traffic.spans import Span
from tests.support.clock import FakeClock

#: Noon of a Wednesday in Vietnam, as the clock's start.
TODAY = date(2026, 3, 4)


def steady(first: date, last: date, visits: int = 1) -> list[DayHistory]:
    """Return days with `visits` visits, and twice as many views, in every hour."""
    hours = tuple(Pair(visits, 2 * visits) for _ in range(24))
    days = (last - first).days + 1
    return [DayHistory(first + timedelta(days=n), hours) for n in range(days)]


def test_cards_stand_beside_as_much_of_the_span_before(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """On an even past every span so far is as large as the one before at the same point."""
    services.traffic.history.write(site, steady(date(2025, 1, 1), TODAY - timedelta(days=1)))
    half = tuple(Pair(1, 2) if hour < 12 else Pair() for hour in range(24))
    services.traffic.history.write(site, [DayHistory(TODAY, half)])

    cards = {card.span: card for card in services.traffic.history.cards(site, clock.now())}

    assert (cards["today"].now, cards["today"].before) == (Pair(12, 24), Pair(12, 24))
    assert (cards["yesterday"].now, cards["yesterday"].before) == (Pair(24, 48), Pair(24, 48))
    assert (cards["week"].now, cards["week"].before) == (Pair(60, 120), Pair(60, 120))
    assert (cards["month"].now, cards["month"].before) == (Pair(84, 168), Pair(84, 168))
    assert cards["year"].now == Pair(24 * 62 + 12, 2 * (24 * 62 + 12))
    assert cards["year"].before == cards["year"].now
    assert cards["year"].change("views") == 0


def test_nothing_before_is_no_change(services: Services, site: Site, clock: FakeClock) -> None:
    """A site's first day has no percentage."""
    services.traffic.history.write(site, steady(TODAY, TODAY))

    today = services.traffic.history.cards(site, clock.now())[0]

    assert today.change("visits") is None


@pytest.mark.parametrize(
    ("now", "before_first", "before_last"),
    [
        (datetime(2026, 3, 31, 5, tzinfo=UTC), date(2026, 2, 1), date(2026, 2, 28)),
        (datetime(2026, 3, 28, 17, 1, tzinfo=UTC), date(2026, 2, 1), date(2026, 2, 28)),
        (datetime(2024, 2, 29, 5, tzinfo=UTC), date(2024, 1, 1), date(2024, 1, 29)),
    ],
)
def test_a_long_month_stands_beside_the_whole_short_one(
    services: Services, site: Site, now: datetime, before_first: date, before_last: date
) -> None:
    """The 31st has no like in February: it comes after the whole of that month.

    So does the 30th at a minute past midnight: a comparison never shrinks while a month goes on.
    """
    services.traffic.history.write(site, steady(before_first, before_last))

    month = services.traffic.history.cards(site, now.timestamp())[3]

    days = (before_last - before_first).days
    has_such_a_day = before_last.day == 29
    assert month.before is not None
    assert month.before.visits == 24 * days + (12 if has_such_a_day else 24)


def test_nothing_stands_beside_what_was_before_the_first_day(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """A site that began within the month before has no growth, and no zeros where it was not."""
    services.traffic.history.write(site, steady(date(2026, 2, 3), TODAY))

    cards = {card.span: card for card in services.traffic.history.cards(site, clock.now())}
    series = services.traffic.history.series(
        site, "day", Span(date(2026, 3, 1), TODAY, 1), clock.now()
    )
    month = services.traffic.history.series(
        site, "month", Span(date(2026, 3, 1), TODAY, 1), clock.now()
    )

    assert cards["month"].before is None
    assert cards["month"].change("visits") is None
    assert cards["week"].before is not None
    assert [point.before for point in series.points] == [None, None, Pair(24, 48), Pair(12, 24)]
    assert (series.total_before, series.change("visits")) == (None, None)
    assert [point.before for point in month.points] == [None]
    assert (series.is_compared, month.is_compared) == (True, False)


def test_hours_that_are_not_kept_are_no_zeros(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """A year ago the day is known, its hours are not."""
    services.traffic.history.write(site, steady(date(2025, 1, 1), TODAY))

    series = services.traffic.history.series(site, "hour", Span(TODAY, TODAY), clock.now(), "year")

    assert {point.before for point in series.points} == {None}
    assert series.total_before == Pair(12, 24)


def test_a_series_has_the_same_weekdays_before_beside_it(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """By day, hour and month: names, values and counterparts."""
    past = [DayHistory(date(2026, 2, 1) + timedelta(days=n), (Pair(n, n),)) for n in range(14)]
    services.traffic.history.write(site, past)

    def series(unit: str, first: date, last: date) -> Series:
        return services.traffic.history.series(site, unit, Span(first, last), clock.now())

    by_day = series("day", date(2026, 2, 8), date(2026, 2, 14))
    by_hour = series("hour", date(2026, 2, 14), date(2026, 2, 14))
    by_month = series("month", date(2026, 2, 1), date(2026, 3, 4))

    assert [point.now.visits for point in by_day.points] == [7, 8, 9, 10, 11, 12, 13]
    assert [point.before for point in by_day.points] == [None, *(Pair(n, n) for n in range(1, 7))]
    assert by_day.total.visits == 70
    assert by_hour.points[0].name == "2026-02-14T00"
    assert by_hour.points[0].now.visits == 13
    assert by_hour.points[0].before == Pair(6, 6)
    assert len(by_hour.points) == 24
    assert [(p.name, p.now.visits) for p in by_month.points] == [("2026-02", 91), ("2026-03", 0)]


@pytest.mark.parametrize(
    ("unit", "days"),
    [("hour", 46), ("day", 1101), ("week", 3661), ("month", 3661), ("day", 0), ("year", 7)],
)
def test_a_range_that_is_too_long_is_refused(
    services: Services, site: Site, clock: FakeClock, unit: str, days: int
) -> None:
    """What one page reads is bounded."""
    with pytest.raises(InvalidInputError):
        services.traffic.history.series(
            site, unit, Span(TODAY - timedelta(days=days - 1), TODAY), clock.now()
        )


def test_what_was_not_counted_is_a_share_of_what_arrived(services: Services, site: Site) -> None:
    """Reasons come most frequent first; other days do not belong to it."""
    counted = DayHistory(TODAY, (Pair(10, 60),), ignored={"host": 10, "bot": 30})
    other = DayHistory(TODAY - timedelta(days=1), (Pair(1, 1),), ignored={"bot": 500})
    services.traffic.history.write(site, [other, counted])

    rows = services.traffic.history.ignored(site, TODAY, TODAY)

    assert [(row.reason, row.n, row.share) for row in rows] == [("bot", 30, 0.3), ("host", 10, 0.1)]


def test_a_site_that_falls_silent_is_noticed(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Silence counts only in hours that are otherwise busy."""
    services.traffic.history.write(
        site, steady(TODAY - timedelta(days=9), TODAY - timedelta(days=1), 9)
    )

    assert services.traffic.history.is_silent(site, clock.now(), 3)
    services.traffic.history.write(site, steady(TODAY, TODAY))
    assert not services.traffic.history.is_silent(site, clock.now(), 3)


def test_top_articles_are_exact_sums_beside_the_span_before(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Seven days, the seven before, all time with opening balances, and what is rising."""
    services.traffic.history.write(
        site,
        [
            DayHistory(
                TODAY - timedelta(days=n),
                (Pair(1, 1),),
                {"/a": 10, "/b": 30 if n < 7 else 1, "/c": 1 if n < 7 else 90},
            )
            for n in range(13, -1, -1)
        ],
    )
    services.traffic.opening_balances.set(site, "/a", 5000, "an", services.clock.now())

    clock.set(datetime(2026, 3, 4, 16, 59, 59, tzinfo=UTC).timestamp())
    span = Span(TODAY - timedelta(days=6), TODAY)
    week = services.traffic.top_articles.of_span(site, span, clock.now())
    rising = services.traffic.top_articles.rising(site, span, clock.now())
    ever = services.traffic.top_articles.of_all_time(site)

    assert [(a.key, a.views, a.before) for a in week] == [
        ("/b", 210, 7),
        ("/a", 70, 70),
        ("/c", 7, 630),
    ]
    assert [a.key for a in rising] == ["/b"]
    assert (ever[0].key, ever[0].views) == ("/a", 5140)


def test_a_span_that_is_not_over_stands_beside_as_much_of_the_one_before(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """At noon, half of the day a week ago is taken; the other days are whole."""
    past = steady(TODAY - timedelta(days=13), TODAY - timedelta(days=1))
    days = [DayHistory(day.day, day.hours, {"/a": 100}) for day in past]
    services.traffic.history.write(site, [*days, DayHistory(TODAY, (Pair(1, 1),), {"/a": 50})])

    span = Span(TODAY - timedelta(days=6), TODAY)
    (article,) = services.traffic.top_articles.of_span(site, span, clock.now())

    assert (article.views, article.before) == (650, 650)


def test_the_demo_has_two_years_that_add_up(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """The same at every start; total, years, months and days agree; Tết is quiet."""
    days = demo_history(site, clock.now())

    services.traffic.history.write(site, days)

    assert demo_history(site, clock.now()) == days
    counts = services.traffic.views.counts(site, clock.now())
    total = sum((sum(day.hours, Pair()) for day in days), Pair())
    assert (counts.visits.total, counts.views.total) == (total.visits, total.views)
    span = Span(date(2024, 1, 1), TODAY)
    by_month = services.traffic.history.series(site, "month", span, clock.now())
    assert by_month.total == total
    by_name = {day.day: sum(day.hours, Pair()).visits for day in days}
    assert by_name[date(2026, 2, 17)] < 0.6 * by_name[date(2026, 3, 3)]
    assert counts.views.record is not None
    assert counts.views.record.n == max(sum(day.hours, Pair()).views for day in days)


def test_the_demo_s_visits_tell_where_they_came_from(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Two years of it, no dimension with more visits than there were, months and days alike."""
    days = demo_history(site, clock.now())
    services.traffic.history.write(site, days)
    # A part of a month that is longer ago than days are kept has no sums: the whole month has.
    span = Span(days[0].day.replace(day=1), days[-1].day)

    found = services.traffic.readers.of_span(site, span, clock.now())
    services.traffic.retention.retain(site, clock.now())
    again = services.traffic.readers.of_span(site, span, clock.now())

    told = {row.dimension: row.told for row in found.dimensions}
    assert found.visits == sum(pair.visits for day in days for pair in day.hours)
    assert all(0 < n <= found.visits for name, n in told.items() if name in ("source", "browser"))
    assert told["source"] == sum(sum(day.told["source"].values()) for day in days)
    assert told["campaign"] > 100
    assert {row.dimension: row.told for row in again.dimensions} == told
