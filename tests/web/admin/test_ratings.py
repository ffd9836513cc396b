"""Ratings on the admin pages: orders, a burst seen, looked at, taken out and put back."""

import csv
import io
import re

import pytest
from flask import Flask
from openpyxl import load_workbook

from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.views import PageQuery, Visitor
from stats_service.services.container import Services
from tests.support.admin import Person, add_account
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, new_hit
from tests.support.votes import new_voter

URL = "/admin/sites/kimson/ratings"
GOOD, BAD, LONE = "/tin/tot", "/tin/xau", "/tin/mot-minh"


@pytest.fixture
def _rated(services: Services, site: Site, clock: FakeClock) -> None:
    """Rate three articles: well, badly in a burst, and once."""
    visitor = Visitor("192.0.2.1", BROWSER, ORIGIN, private=False, prefetch=False)

    def rate(article: str, *scores: int) -> None:
        now = clock.now()
        entry = services.sites.directory.entry(site.slug, now)
        services.loop.run(
            services.traffic.recorder.record(
                entry, PageQuery(hit=new_hit(), article=article), visitor, now
            )
        )
        for score in scores:
            query = RatingQuery(article, score, new_voter(services))
            services.loop.run(services.ratings.ratings.rate_article(entry, query, visitor, now))

    rate(GOOD, 5, 5, 4, 5, 4, 5)
    rate(BAD, 3, 4)
    rate(LONE, 5)
    clock.advance(7200)
    rate(BAD, *[1] * 20)
    clock.advance(7200)


def order(page: str) -> list[str]:
    """Return the articles of the list, from the top."""
    table = page[page.index('<th class="right">#') :].split("</table>", maxsplit=1)[0]
    return re.findall(r'class="key wide">([^<]+)<', table)


@pytest.mark.usefixtures("_rated")
def test_the_list_as_a_file(editor: Person) -> None:
    """As it is asked for; real numbers for people, plain ones for programs."""
    address = "/admin/sites/kimson/ratings/ratings"
    rows = list(csv.DictReader(io.StringIO(editor.get(f"{address}.csv?order=most").text[1:])))
    book = editor.get(f"{address}.xlsx?order=worst&min=10&lang=vi").data
    sheet = load_workbook(io.BytesIO(book)).worksheets[0]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]

    assert [row["article"] for row in rows] == [BAD, GOOD, LONE]
    assert rows[1] == {
        "article": GOOD,
        "average": "4.67",
        "weighted": rows[1]["weighted"],
        "ratings": "6",
        **{f"score_{n}": str(votes) for n, votes in enumerate((0, 0, 0, 2, 4), 1)},
    }
    assert cells[0][0] == "Bài viết được đánh giá thấp nhất"
    assert [row[0] for row in cells[1:4]] == [
        "Kim Sơn",
        "Bài viết có ít nhất 10 lượt đánh giá",
        cells[3][0],
    ]
    assert cells[6][:4] == [BAD, pytest.approx(1.23, abs=0.01), cells[6][2], 22]
    assert cells[6][4:9] == [20, 0, 1, 1, 0]
    page = editor.get(f"{URL}?order=most&q=tot").text
    assert "/ratings/ratings.xlsx?order=most&amp;q=tot" in page


@pytest.mark.usefixtures("_rated")
def test_the_best_and_the_worst_have_enough_ratings(editor: Person) -> None:
    """One rating leads nowhere unless it is asked for; the most rated need no number."""
    assert order(editor.get(URL).get_data(as_text=True)) == [GOOD, BAD]
    assert order(editor.get(f"{URL}?order=worst").get_data(as_text=True)) == [BAD, GOOD]
    assert order(editor.get(f"{URL}?order=worst&min=1").get_data(as_text=True)) == [BAD, LONE, GOOD]
    assert order(editor.get(f"{URL}?order=most").get_data(as_text=True)) == [BAD, GOOD, LONE]
    assert order(editor.get(f"{URL}?order=best&min=10").get_data(as_text=True)) == [BAD]
    assert order(editor.get(f"{URL}?min=1&q=TOT").get_data(as_text=True)) == [GOOD]
    assert "Không có bài viết phù hợp" in editor.get(f"{URL}?min=50").get_data(as_text=True)


@pytest.mark.usefixtures("_rated")
def test_a_burst_is_looked_at_taken_out_and_put_back(
    editor: Person, services: Services, site: Site
) -> None:
    """The list leads to the span; the page says what would change before anything does."""
    page = editor.get(URL).get_data(as_text=True)
    assert "hầu hết cùng điểm" in page
    (link,) = re.findall(r'href="([^"]+ratings/article[^"]+from=[^"]+)"', page)

    shown = editor.get(link.replace("&amp;", "&")).get_data(as_text=True)
    assert "1,23 → 3,50" in shown
    assert "Loại 20 đánh giá này" in shown
    assert services.ratings.ratings.get(site, [BAD]).ratings[BAD].rating.count == 22
    fields = dict(re.findall(r'name="(article|from|to)" value="([^"]+)"', shown))
    done = editor.post(f"{URL}/void", token=editor.token(URL), **fields)

    assert done.status_code == 302
    assert services.ratings.ratings.get(site, [BAD]).ratings[BAD].rating.counts == (0, 0, 1, 1, 0)
    after = editor.get(f"{URL}/article?key={BAD}").get_data(as_text=True)
    assert "Đã loại 20 đánh giá" in after
    (decision,) = re.findall(r'name="decision" value="([^"]+)"', after)
    editor.post(f"{URL}/restore", token=editor.token(URL), decision=decision)
    assert services.ratings.ratings.get(site, [BAD]).ratings[BAD].rating.count == 22
    whats = [entry.what for entry in services.accounts.audit.newest("kimson")]
    assert whats[:2] == ["rating.restored", "rating.voided"]


@pytest.mark.usefixtures("_rated")
def test_held_ratings_are_an_alarm_and_are_decided_about(
    editor: Person, services: Services, site: Site
) -> None:
    """The overview leads to them; one group is counted, the other taken out."""
    services.sites.sites.edit("kimson", rating_ceiling=1)
    entry, now = services.sites.directory.load("kimson", services.clock.now()), services.clock.now()
    for number, article in enumerate((GOOD, GOOD, BAD)):
        query = RatingQuery(article, 1, new_voter(services))
        visitor = Visitor("192.0.2.77", BROWSER, ORIGIN, private=False, prefetch=False)
        rated = services.ratings.ratings.rate_article(entry, query, visitor, now)
        assert services.loop.run(rated).outcome == ("held" if number else "counted")

    overview = editor.get("/admin/").get_data(as_text=True)
    page = editor.get(URL).get_data(as_text=True)
    assert "/admin/sites/kimson/ratings#held" in overview
    assert "2 đánh giá vượt mức một mạng được gửi" in page
    groups = dict.fromkeys(re.findall(r'name="group" value="([0-9a-f]+)"', page))
    assert len(groups) == 2
    before = services.ratings.ratings.get(site, [GOOD]).ratings[GOOD].rating.count
    for group in services.ratings.review.held(site):
        do = "release" if group.article == GOOD else "reject"
        token = editor.token(URL)
        assert editor.post(f"{URL}/held", token=token, group=group.id, do=do).status_code == 302

    assert services.ratings.review.held(site) == []
    assert services.ratings.ratings.get(site, [GOOD]).ratings[GOOD].rating.count == before + 1
    assert [one.article for one in services.ratings.review.voided(site)] == [BAD]
    assert services.ratings.review.faults(site) == []
    editor.post(f"{URL}/held", token=editor.token(URL), group="all", do="release")
    assert "Không có đánh giá nào chờ" in editor.get(URL).get_data(as_text=True)


@pytest.mark.usefixtures("_rated")
def test_what_cannot_be_done_is_said(editor: Person, services: Services, site: Site) -> None:
    """A span that is none, an article without ratings, a decision that there is not."""
    token = editor.token(URL)
    for span in ({"from": "soon", "to": "later"}, {"from": "2026-03-04T09:00", "to": "x"}):
        answer = editor.post(f"{URL}/void", token=token, article=BAD, **span)
        assert answer.status_code == 302
    page = editor.get(URL).get_data(as_text=True)
    assert "hai ngày giờ" in page
    editor.post(f"{URL}/restore", token=token, decision="none")
    editor.post(f"{URL}/void", token=token, article="/none", all="yes")
    assert services.ratings.review.voided(site) == []
    backwards = f"{URL}/article?key={BAD}&from=2026-03-04T12:00&to=2026-03-04T11:00"
    assert 'role="alert"' in editor.get(backwards).get_data(as_text=True)
    assert editor.get(f"{URL}/article?key=/none").status_code == 404


@pytest.mark.usefixtures("_rated")
def test_a_viewer_sees_a_burst_and_takes_nothing_out(
    app: Flask, services: Services, site: Site
) -> None:
    """No button that would only lead to a refusal."""
    add_account(services, "xem", roles={"kimson": "viewer"})
    viewer = Person(app)
    viewer.sign_in("xem")

    page = viewer.get(f"{URL}/article?key={BAD}").get_data(as_text=True)

    assert '<form method="post" action="/admin/sites' not in page
    answer = viewer.post(f"{URL}/void", token=viewer.token(URL), article=BAD, all="yes")
    assert answer.status_code == 403
    assert services.ratings.ratings.get(site, [BAD]).ratings[BAD].rating.count == 22


def test_a_site_without_ratings_is_told_how_to_begin(editor: Person) -> None:
    """An empty state with the element to paste."""
    assert "&lt;stats-rating&gt;" in editor.get(URL).get_data(as_text=True)
