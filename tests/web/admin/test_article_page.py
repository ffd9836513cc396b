"""The page of one article: its numbers beside the span before, its title, what can be done."""

from datetime import date, timedelta

import pytest
from flask import Flask

from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import ArticleRule
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.services.container import Services
from stats_service.services.traffic.spans import Span
from tests.support.admin import Person, add_account
from tests.support.clock import FakeClock

TODAY = date(2026, 3, 4)
PAGE = "/admin/sites/kimson/articles/article"


@pytest.fixture
def counted(services: Services, site: Site) -> Site:
    """Give a site with an article that was read on sixty days, from 1 view to 60."""
    days = [
        DayHistory(
            day=TODAY - timedelta(days=59 - n),
            hours=(Pair(1, n + 1),) * 24,
            articles={"/tin/1": n + 1, "/cu": 1},
            told={"entry": {"/tin/1": 2, "/cu": 1}},
        )
        for n in range(60)
    ]
    services.traffic.history.write(site, days)
    return site


def test_an_article_has_its_numbers_beside_the_span_before(
    owner: Person, counted: Site, services: Services, clock: FakeClock
) -> None:
    """Views by day, visits that began with it, of all time with the balance."""
    services.traffic.opening_balances.set(counted, "/tin/1", 1_000, "an", clock.now())
    numbers = services.traffic.article_pages.get(
        counted, "/tin/1", Span(TODAY - timedelta(days=7), TODAY - timedelta(days=1)), "day",
        clock.now(),
    )  # fmt: skip

    assert [point.now.views for point in numbers.series.points] == list(range(53, 60))
    assert [point.before and point.before.views for point in numbers.series.points] == list(
        range(46, 53)
    )
    assert numbers.series.total_before == Pair(0, sum(range(46, 53)))
    assert (numbers.entries, numbers.entries_before) == (14, 14)
    assert (numbers.total, numbers.opening) == (1_000 + sum(range(61)), 1_000)
    page = owner.get(f"{PAGE}?key=/tin/1&range=7").get_data(as_text=True)
    assert "2.830" in page
    assert 'data-line="views"' in page


def test_today_stands_beside_as_much_of_the_day_before(
    counted: Site, services: Services, clock: FakeClock
) -> None:
    """At noon, half of the other day."""
    numbers = services.traffic.article_pages.get(
        counted, "/tin/1", Span(TODAY, TODAY), "day", clock.now()
    )

    assert numbers.series.begun == 1
    assert numbers.series.total_before == Pair(0, round(53 / 2))
    # Two visits have no name here either.
    assert numbers.entries is None


def test_months_whose_days_are_forgotten_count_as_a_whole(
    site: Site, services: Services, clock: FakeClock
) -> None:
    """And by day it is said what is missing."""
    day = date(2024, 10, 7)
    services.traffic.history.write(
        site, [DayHistory(day, (Pair(5, 9),), {"/cu": 9}, told={"entry": {"/cu": 4}})]
    )
    services.traffic.retention._store.roll_up_month("kimson", "2024-10", [day.isoformat()])
    span = Span(date(2024, 10, 1), date(2024, 12, 31))

    by_month = services.traffic.article_pages.get(site, "/cu", span, "month", clock.now())
    by_day = services.traffic.article_pages.get(site, "/cu", span, "day", clock.now())

    assert [point.now.views for point in by_month.series.points] == [9, 0, 0]
    assert by_day.series.total.views == 0
    assert by_day.gone == 92


def test_a_merged_key_leads_to_its_article(
    owner: Person, counted: Site, services: Services, clock: FakeClock
) -> None:
    """Which shows it, with the visits that began there."""
    author = Author("an", clock.now())
    services.traffic.article_changes.apply(
        counted, ArticleRule("merge", key="/cu", into="/tin/1"), author
    )

    answer = owner.get(f"{PAGE}?key=/cu")
    numbers = services.traffic.article_pages.get(
        counted, "/tin/1", Span(TODAY - timedelta(days=6), TODAY), "day", clock.now()
    )

    assert answer.location.endswith("key=/tin/1")
    assert numbers.others == ("/cu",)
    assert numbers.entries == 7 * 3
    assert "Các địa chỉ khác" in owner.get(answer.location).get_data(as_text=True)


def test_a_title_is_set_by_hand(owner: Person, counted: Site, services: Services) -> None:
    """As text; the list shows it, and an empty one removes it."""
    title = "Tin <b>một</b>"
    owner.post("/admin/sites/kimson/articles/title", key="/tin/1", title=title)

    page = owner.get(f"{PAGE}?key=/tin/1").get_data(as_text=True)
    listed = owner.get("/admin/sites/kimson/articles").get_data(as_text=True)
    rows = owner.get("/admin/sites/kimson/articles/top.csv").get_data(as_text=True)

    assert "<h1>Tin &lt;b&gt;một&lt;/b&gt;</h1>" in page
    assert "Tin &lt;b&gt;một&lt;/b&gt;" in listed
    assert f"/tin/1,{title}," in rows
    owner.post("/admin/sites/kimson/articles/title", key="/tin/1", title="")
    assert services.traffic.titles.of(counted, ["/tin/1"]) == {}
    too_long = owner.post("/admin/sites/kimson/articles/title", key="/tin/1", title="x" * 201)
    assert "200" in owner.get(too_long.location).get_data(as_text=True)


def test_who_may_what(app: Flask, owner: Person, counted: Site, services: Services) -> None:
    """Everybody sees the numbers; a title is an editor's, other changes are an owner's."""
    add_account(services, "xem", roles={"kimson": "viewer"})
    viewer = Person(app)
    viewer.sign_in("xem")
    page = viewer.get(f"{PAGE}?key=/tin/1").get_data(as_text=True)

    assert "/articles/title" not in page
    assert "articles/changes" not in page
    assert viewer.post("/admin/sites/kimson/articles/title", key="/tin/1").status_code == 403
    own = owner.get(f"{PAGE}?key=/tin/1").get_data(as_text=True)
    assert "do=delete&amp;by=key&amp;which=/tin/1" in own
    assert owner.get(f"{PAGE}?key=/nope").status_code == 404
