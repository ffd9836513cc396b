"""What a report says, against naive sums: weeks of Tết, of a change of the clock, and the first."""

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from flask.testing import FlaskClient

from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.models.traffic.readers import DIRECT
from stats_service.services.container import Services
from stats_service.services.notices.reports.numbers import (
    MONTH,
    WEEK,
    ReportNumbers,
    moments,
    name_of,
    neighbour,
    period,
    period_named,
)
from stats_service.services.traffic.spans import Span
from tests.support.clock import FakeClock
from tests.support.pages import view
from tests.support.votes import WHO, make_poll, new_voter, rate, vote

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
#: A Monday morning, and the week before it: that of Tết 2026.
MONDAY = datetime(2026, 2, 23, 8, tzinfo=VIETNAM)
WEEK_OF_TET = date(2026, 2, 16)


def past(first: date, last: date, seed: int = 7) -> list[DayHistory]:
    """Return days with articles that come and go, and sources."""
    random = Random(seed)
    days = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        visits = random.randrange(100, 200)
        articles = {f"/tin/{random.randrange(60)}": random.randrange(1, 60) for _ in range(25)} | {
            f"/moi/{day.isocalendar().week}": 40
        }
        sources = {
            "Google": random.randrange(40),
            DIRECT: random.randrange(20),
            f"bao{day.isocalendar().week}.vn": 4,
            "hiếm.vn": random.randrange(2),
        }
        # Every visit tells where it came from.
        sources["Facebook"] = visits - sum(sources.values())
        views = sum(articles.values())
        days.append(
            DayHistory(
                day,
                (Pair(visits, views), *[Pair()] * 23),
                articles,
                {"bot": random.randrange(30), "host": random.randrange(2)},
                private=random.randrange(3),
                told={"source": {value: n for value, n in sources.items() if n}},
            )
        )
    return days


def days_from(days: list[DayHistory], first: date, number: int = 7) -> list[DayHistory]:
    """Return some days of a past."""
    return [day for day in days if 0 <= (day.day - first).days < number]


def total(days: list[DayHistory]) -> Pair:
    """Add up visits and views."""
    return sum((pair for day in days for pair in day.hours), Pair())


def read(services: Services, site: Site, every: str = WEEK) -> ReportNumbers:
    """Return the report of the last period."""
    now = services.clock.now()
    return services.notices.report_numbers.read(site, every, period(every, site, now), now)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_number_is_a_naive_sum(
    services: Services, site: Site, clock: FakeClock, seed: int
) -> None:
    """Sums, what rose and fell, sources, and what was not counted, of the week of Tết."""
    clock.set(MONDAY)
    days = past(date(2025, 1, 6), date(2026, 2, 23), seed)
    services.traffic.history.write(site, days)

    report = read(services, site)

    week, before = days_from(days, WEEK_OF_TET), days_from(days, date(2026, 2, 9))
    # Tết 2026 is a Tuesday, Tết 2025 a Wednesday: the weeks with them stand side by side.
    year = days_from(days, date(2025, 1, 27))
    assert (report.first, report.last) == (WEEK_OF_TET, date(2026, 2, 22))
    assert report.by_tet
    assert (report.year_first, report.year_last) == (date(2025, 1, 27), date(2025, 2, 2))
    assert (report.total, report.before, report.year) == (total(week), total(before), total(year))
    assert report.average == round(total(week).visits / 7)
    assert report.busiest.now.visits == max(total([day]).visits for day in week)

    now, former = Counter[str](), Counter[str]()
    for counter, some in ((now, week), (former, before)):
        for day in some:
            counter.update(day.articles)
    gains = {key: now[key] - former[key] for key in {*now, *former}}
    risen = sorted((k for k, n in gains.items() if n > 0 and now[k] >= 10), key=lambda k: -gains[k])
    fallen = sorted(
        (k for k, n in gains.items() if n < 0 and former[k] >= 10), key=lambda k: gains[k]
    )
    shown = report.articles
    assert [a.gain for a in shown.risen] == [gains[key] for key in risen[:5]]
    assert [a.gain for a in shown.fallen] == [gains[key] for key in fallen[:5]]
    assert {a.key: a.gain for a in (*shown.risen, *shown.fallen)}.items() <= gains.items()
    assert (shown.risen[0].key, shown.fallen[0].key) == ("/moi/8", "/moi/7")  # one of each week
    assert shown.fallen[0].views == 0
    assert [a.views for a in shown.most] == [n for _, n in now.most_common(10)]

    told, told_before = Counter[str](), Counter[str]()
    for counter, some in ((told, week), (told_before, before)):
        for day in some:
            counter.update(day.told["source"])
    changes = (*report.sources_up, *report.sources_down)
    assert {"bao8.vn", "bao7.vn"} <= {one.value for one in changes}
    for one in changes:
        assert (one.visits or 0) in (told[one.value], 0)
        assert one.visits == (told[one.value] if told[one.value] >= 3 else None)
        assert one.before == (told_before[one.value] if told_before[one.value] >= 3 else None)

    assert report.shortfall is not None
    ignored = Counter[str]()
    for day in week:
        ignored.update(day.ignored)
    assert {row.reason: row.n for row in report.shortfall.ignored} == +ignored
    assert report.shortfall.private == sum(day.private for day in week)


def test_a_month_stands_beside_months(services: Services, site: Site, clock: FakeClock) -> None:
    """January beside December, and beside January; Tết changes nothing there."""
    clock.set(datetime(2026, 2, 2, 8, tzinfo=VIETNAM))
    days = past(date(2024, 12, 1), date(2026, 2, 1))
    services.traffic.history.write(site, days)

    report = read(services, site, MONTH)

    assert report.total == total(days_from(days, date(2026, 1, 1), 31))
    assert report.before == total(days_from(days, date(2025, 12, 1), 31))
    assert report.year == total(days_from(days, date(2025, 1, 1), 31))
    assert not report.by_tet


def test_the_first_weeks_of_a_site(services: Services, site: Site, clock: FakeClock) -> None:
    """Nothing stands beside them, and nothing rises from nothing."""
    clock.set(MONDAY)
    services.traffic.history.write(site, past(date(2026, 2, 18), date(2026, 2, 23)))

    first = read(services, site)
    clock.advance(7 * 86_400)
    second = read(services, site)
    empty = services.notices.report_numbers.read(
        site, WEEK, neighbour(WEEK, period(WEEK, site, clock.now()), -9), clock.now()
    )

    for report in (first, second):
        assert (report.before, report.year, report.change("visits")) == (None, None, None)
        assert not report.articles.is_compared
        assert report.articles.risen == report.articles.fallen == ()
        assert report.sources_up == report.sources_down == ()
    assert first.articles.most
    assert empty.total == Pair()
    assert empty.articles.most == ()


def test_sources_that_were_not_told_alike_are_not_compared(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Where they were counted from the middle of the week before on, none has gained anything."""
    clock.set(MONDAY)
    days = [
        day if day.day >= date(2026, 2, 12) else msgspec.structs.replace(day, told={})
        for day in past(date(2025, 1, 6), date(2026, 2, 23))
    ]
    services.traffic.history.write(site, days)

    report = read(services, site)
    clock.advance(7 * 86_400)
    services.traffic.history.write(site, past(date(2026, 2, 24), date(2026, 3, 1)))
    next_week = read(services, site)

    assert report.before is not None
    assert (report.sources_compared, report.sources_up, report.sources_down) == (False, (), ())
    assert next_week.sources_compared


def test_a_site_that_nobody_has_visited(services: Services, site: Site, clock: FakeClock) -> None:
    """It has a report as well."""
    clock.set(MONDAY)

    report = read(services, site)

    assert (report.total, report.before, report.average) == (Pair(), None, 0)


@pytest.mark.parametrize(("monday", "hours"), [("2026-03-23", 167), ("2026-10-19", 169)])
def test_a_week_in_which_the_clock_changes(
    services: Services, site: Site, clock: FakeClock, monday: str, hours: int
) -> None:
    """Its days are days, however long, and a Tết that nobody there keeps moves nothing."""
    site, zone = msgspec.structs.replace(site, timezone="Europe/Berlin"), ZoneInfo("Europe/Berlin")
    first = date.fromisoformat(monday)
    days = past(first - timedelta(days=400), first + timedelta(days=7))
    services.traffic.history.write(site, days)
    after = first + timedelta(days=7)
    clock.set(datetime(after.year, after.month, after.day, 0, 1, tzinfo=zone))

    report = read(services, site)

    begin, end = moments(Span(report.first, report.last), site.timezone)
    assert (end - begin) / 3600 == hours
    assert report.first == first
    assert report.total == total(days_from(days, first))
    assert report.before == total(days_from(days, first - timedelta(days=7)))
    assert report.year == total(days_from(days, first - timedelta(weeks=52)))
    assert len(report.points) == 7


def test_polls_that_ended(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """By hand or by the clock, in the week alone; without what administrators alone may see."""
    clock.set(datetime(2026, 2, 17, 9, tzinfo=VIETNAM))
    sunday = datetime(2026, 2, 22, 23, 59, tzinfo=VIETNAM).timestamp()
    make_poll(services, id="theo-gio", closes=sunday)
    make_poll(services, id="kin", results_when="admins")
    make_poll(services, id="con-mo")
    make_poll(services, id="hom-sau", closes=sunday + 60)
    make_poll(services, id="nhap", status="draft")
    for poll, choices in (("theo-gio", "aab"), ("kin", "a")):
        for choice in choices:
            answer = vote(client, new_voter(services), choice, poll=poll)
            assert answer.status_code == 200, answer.text
    services.polls.polls.close(site.slug, "kin", WHO, clock.now())
    clock.set(MONDAY)

    by_clock, kin = read(services, site).polls

    assert (kin.poll.id, kin.ballots, kin.choices) == ("kin", 1, ())
    assert (by_clock.poll.id, by_clock.ballots, by_clock.ended) == ("theo-gio", 3, sunday)
    assert [(part.id, part.votes, part.percent) for part in by_clock.choices] == [
        ("a", 2, 66.7),
        ("b", 1, 33.3),
        ("c", 0, 0.0),
    ]


def test_ratings_of_the_week(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """Those that were first given in it and count; as long as their times are kept."""
    clock.set(datetime(2026, 2, 12, 9, tzinfo=VIETNAM))
    view(client, "/tin/1")
    services.traffic.history.write(
        site, [DayHistory(date(2026, 2, 9), (Pair(1, 1), *[Pair()] * 23))]
    )
    rate(client, new_voter(services), 2)
    clock.set(datetime(2026, 2, 18, 9, tzinfo=VIETNAM))
    for score in (5, 4, 4):
        rate(client, new_voter(services), score)
    view(client, "/tin/2")
    rate(client, new_voter(services), 1, article="/tin/2")
    services.ratings.review.void(site, "/tin/2", None, WHO, clock.now())
    clock.set(MONDAY)

    ratings = read(services, site).ratings
    clock.advance(9 * 86_400)
    later = services.notices.report_numbers.read(
        site, WEEK, Span(WEEK_OF_TET, date(2026, 2, 22)), clock.now()
    )

    assert ratings is not None
    assert (ratings.all.count, ratings.all.average) == (3, 4.33)
    assert ratings.before is not None
    assert ratings.before.count == 1
    assert [(one.key, one.rating.count) for one in ratings.articles] == [("/tin/1", 3)]
    assert later.ratings is None


def test_names_of_periods() -> None:
    """A week by its number, a month by its own; rubbish is none."""
    week, month = period_named("2026-W01"), period_named("2026-02")

    assert week is not None
    assert week[1][:2] == (date(2025, 12, 29), date(2026, 1, 4))
    assert month is not None
    assert month[1][:2] == (date(2026, 2, 1), date(2026, 2, 28))
    assert (name_of(WEEK, week[1].first), name_of(MONTH, month[1].first)) == ("2026-W01", "2026-02")
    assert neighbour(MONTH, month[1], -1)[:2] == (date(2026, 1, 1), date(2026, 1, 31))
    assert neighbour(MONTH, month[1], 1)[:2] == (date(2026, 3, 1), date(2026, 3, 31))
    rubbish = ("", "2026-W54", "2026-13", "W", "2026-W", "26-W01x", "'")
    for name in (*rubbish, "9999-W53", "9999-12", "0000-01"):
        assert period_named(name) is None
