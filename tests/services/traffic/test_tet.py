"""Tết: the table against the sun and the moon, and the weeks that stand beside its weeks."""

from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from math import floor, pi, sin

import pytest

from stats_service.services.traffic.spans import YEAR, Span, compared_with
from stats_service.services.traffic.tet import TET, weeks_to_year_before

VIETNAM, CHINA = 7, 8
ZONE = "Asia/Ho_Chi_Minh"


def test_the_table_is_that_of_the_sky() -> None:
    """Each year from 1990 to 2060, worked out from new moons and solar terms."""
    assert list(TET) == list(range(1990, 2061))
    assert {year: new_year(year, VIETNAM) for year in TET} == TET


def test_three_years_are_not_those_of_china() -> None:
    """The same computation an hour further east: a library of that calendar would be wrong."""
    assert [year for year in TET if new_year(year, CHINA) != TET[year]] == [2007, 2030, 2053]


@pytest.mark.parametrize(
    "day", [date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6)]
)
def test_years_that_everybody_knows(day: date) -> None:
    """As the calendar on the wall has them."""
    assert TET[day.year] == day


@pytest.mark.parametrize(
    ("monday", "before"),
    [
        # The week of Tết 2026 (a Tuesday) beside that of Tết 2025 (a Wednesday).
        ("2026-02-16", "2025-01-27"),
        ("2026-02-09", "2025-01-20"),
        # What would stand beside the week of Tết 2025 stands beside an ordinary one.
        ("2026-01-26", "2025-01-06"),
        ("2025-01-27", "2024-02-05"),
        # Away from it: 52 weeks.
        ("2026-03-02", "2025-03-03"),
        ("2026-01-12", "2025-01-13"),
        ("2026-11-16", "2025-11-17"),
        # A Tết that no table has.
        ("2061-01-24", "2060-01-26"),
    ],
)
def test_what_stands_beside_a_week(monday: str, before: str) -> None:
    """The same weekdays, and Tết beside Tết."""
    first = date.fromisoformat(monday)
    span = Span(first, first + timedelta(days=6))

    found = compared_with(span, "day", YEAR, date(2062, 1, 1), ZONE)

    assert found is not None
    assert found.span.first == date.fromisoformat(before)


def test_tet_is_at_most_three_days_off() -> None:
    """In every year; and the weekday stays."""
    for year in range(1991, 2061):
        first = TET[year] - timedelta(days=TET[year].weekday())
        weeks = weeks_to_year_before(first, first + timedelta(days=6), ZONE)
        assert abs((TET[year] - timedelta(weeks=weeks) - TET[year - 1]).days) <= 3
        assert 50 <= weeks <= 55


def test_elsewhere_and_in_long_spans_a_year_has_52_weeks() -> None:
    """Only sites in Viet Nam keep Tết, and of a quarter it is a small part."""
    first, last = date(2026, 2, 16), date(2026, 2, 22)

    assert weeks_to_year_before(first, last, "Europe/Berlin") == 52
    assert weeks_to_year_before(first, first + timedelta(days=27), ZONE) == 55
    assert weeks_to_year_before(first, first + timedelta(days=28), ZONE) == 52


def new_year(year: int, hours: int) -> date:
    """Work out the first day of the lunar year from the sky, `hours` east of Greenwich.

    The eleventh month holds the winter solstice. Where thirteen months lie between two of them, the
    first without a major solar term is a leap month; the year begins two months on otherwise.
    """
    eleventh, next_eleventh = (_month_of_solstice(at, hours) for at in (year - 1, year))
    months = [_new_moon(number, hours) for number in range(eleventh, next_eleventh + 1)]
    leap = 0
    if len(months) == 14:
        leap = next(
            at
            for at, (begin, end) in enumerate(pairwise(months))
            if at and _term(begin, hours) == _term(end, hours)
        )
    return months[3 if leap in (1, 2) else 2]


@cache
def _month_of_solstice(year: int, hours: int) -> int:
    """Return the number of the new moon that begins the month of a year's winter solstice."""
    day = next(d for n in range(17, 26) if _term((d := date(year, 12, n)) + _DAY, hours) >= 9)
    number = floor((day - date(2000, 1, 6)).days / 29.530588861) + 1
    while _new_moon(number, hours) > day:
        number -= 1
    return number


_DAY = timedelta(days=1)
#: 2000-01-01 12:00 of dynamical time.
_EPOCH = datetime(2000, 1, 1, 12)


def _clock_ahead(year: float) -> float:
    """Return by how much dynamical time is ahead of the clock, in days."""
    return (62.92 + 0.32217 * (year - 2000) + 0.005589 * (year - 2000) ** 2) / 86_400


def _term(day: date, hours: int) -> int:
    """Return which of twelve parts of its way the sun is in at the midnight a day begins with."""
    moment = datetime(day.year, day.month, day.day) - timedelta(hours=hours) - _EPOCH
    t = (moment / _DAY + _clock_ahead(day.year)) / 36_525
    mean = 357.52911 + 35_999.05029 * t - 0.0001537 * t * t
    centre = (
        (1.914602 - 0.004817 * t - 0.000014 * t * t) * _sin(mean)
        + (0.019993 - 0.000101 * t) * _sin(2 * mean)
        + 0.000289 * _sin(3 * mean)
    )
    longitude = 280.46646 + 36_000.76983 * t + 0.0003032 * t * t + centre
    apparent = longitude - 0.00569 - 0.00478 * _sin(125.04 - 1934.136 * t)
    return floor(apparent % 360 / 30)


@cache
def _new_moon(k: int, hours: int) -> date:
    """Return the day of a new moon, counted from January 2000 (Meeus, chapter 49)."""
    t = k / 1236.85
    e = 1 - 0.002516 * t - 0.0000074 * t * t
    sun = 2.5534 + 29.10535670 * k - 0.0000014 * t**2 - 0.00000011 * t**3
    moon = 201.5643 + 385.81693528 * k + 0.0107582 * t**2 + 0.00001238 * t**3
    node = 160.7108 + 390.67050284 * k - 0.0016118 * t**2 - 0.00000227 * t**3
    ascending = 124.7746 - 1.56375588 * k + 0.0020672 * t**2 + 0.00000215 * t**3
    # Each: amplitude in days, power of `e`, and how often the three angles enter.
    terms = (
        *((-0.40720, 0, 0, 1, 0), (0.17241, 1, 1, 0, 0), (0.01608, 0, 0, 2, 0)),
        *((0.01039, 0, 0, 0, 2), (0.00739, 1, -1, 1, 0), (-0.00514, 1, 1, 1, 0)),
        *((0.00208, 2, 2, 0, 0), (-0.00111, 0, 0, 1, -2), (-0.00057, 0, 0, 1, 2)),
        *((0.00056, 1, 1, 2, 0), (-0.00042, 0, 0, 3, 0), (0.00042, 1, 1, 0, 2)),
        *((0.00038, 1, 1, 0, -2), (-0.00024, 1, -1, 2, 0), (-0.00007, 0, 2, 1, 0)),
        *((0.00004, 0, 0, 2, -2), (0.00004, 0, 3, 0, 0), (0.00003, 0, 1, 1, -2)),
        *((0.00003, 0, 0, 2, 2), (-0.00003, 0, 1, 1, 2), (0.00003, 0, -1, 1, 2)),
        *((-0.00002, 0, -1, 1, -2), (-0.00002, 0, 1, 3, 0), (0.00002, 0, 0, 4, 0)),
    )
    days = 5.09766 + 29.530588861 * k + 0.00015437 * t**2 - 0.00017 * _sin(ascending)
    days += 0.000325 * _sin(299.77 + 0.107408 * k - 0.009173 * t**2)
    days += 0.000165 * _sin(251.88 + 0.016321 * k)
    for amplitude, power, a, b, c in terms:
        days += amplitude * e**power * _sin(a * sun + b * moon + c * node)
    days -= _clock_ahead(2000 + t * 100)
    return (_EPOCH + timedelta(days=days, hours=hours)).date()


def _sin(degrees: float) -> float:
    return sin(degrees * pi / 180)
