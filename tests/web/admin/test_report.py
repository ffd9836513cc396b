"""The page of the weekly report: what it shows, to whom, and where its numbers are defined."""

import re
from datetime import date, datetime
from html import unescape
from importlib.resources import files
from io import BytesIO
from urllib.parse import unquote
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import redis
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.pages.definitions import ANCHORS
from tests.services.notices.test_report_numbers import past
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.votes import WHO, make_poll, new_voter, vote

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
REPORT = "/admin/sites/kimson/report"


@pytest.fixture
def told(client: FlaskClient, services: Services, site: Site, clock: FakeClock) -> Site:
    """Give a site with a year behind it, on the Monday after the week of Tết."""
    clock.set(datetime(2026, 2, 20, 9, tzinfo=VIETNAM))
    closes = clock.now() + 3600
    make_poll(services, question={"vi": "Bạn <b>thích</b> gì?"}, closes=closes)
    assert vote(client, new_voter(services), "a").status_code == 200
    services.traffic.history.write(site, past(date(2025, 1, 6), date(2026, 2, 23)))
    documents = {"/van-ban/<b>12.pdf": 41, "/van-ban/13.docx": 7}
    services.traffic.clicks.write(site, {date(2026, 2, 18): {"document": documents}})
    clock.set(datetime(2026, 2, 23, 8, tzinfo=VIETNAM))
    services.traffic.titles.set(site, "/moi/8", "Tết & <b>Xuân</b>", Author(WHO, clock.now()))
    return site


def test_the_page_answers_monday(owner: Person, told: Site) -> None:
    """In both languages: against the week before and the year before, Tết beside Tết."""
    page = unescape(owner.get(REPORT).text)
    english = unescape(owner.get(f"{REPORT}?lang=en").text)

    for text in (
        *("16/02/2026 – 22/02/2026", "09/02/2026 – 15/02/2026", "27/01/2025 – 02/02/2025"),
        *(
            "/moi/8",
            "Tết & <b>Xuân</b>",
            "/moi/7",
            "bao8.vn",
            "dưới 3 → ",
            "Bạn <b>thích</b> gì?",
            "Mục a",
            "100%",
            "Được tải nhiều nhất",
            "/van-ban/<b>12.pdf",
        ),
        *("Báo cáo tuần", "so với tuần trước", "Tết", "Chương trình tự động (bot)"),
    ):
        assert text in page, text
    for text in ("Weekly report", "against the week before", "Tết beside Tết", "Rose most"):
        assert text in english, text
    assert "<b>thích" not in owner.get(REPORT).text
    assert "<b>Xuân" not in owner.get(REPORT).text
    assert "<b>12" not in owner.get(REPORT).text
    assert len(owner.get(REPORT).data) < 100_000


def test_weeks_and_months_are_a_step_away(owner: Person, told: Site) -> None:
    """To the last that is over, and to as early as there may be numbers."""
    page = owner.get(REPORT).text
    assert "period=2026-W07" in page
    assert "period=2026-W09" not in page

    before = owner.get(f"{REPORT}?period=2026-W07").text
    month = owner.get(f"{REPORT}?period=2026-01").text
    never = owner.get(f"{REPORT}?period=1996-W01").text

    assert "09/02/2026 – 15/02/2026" in before
    assert "period=2026-W08" in before
    assert "01/01/2026 – 31/01/2026" in month
    assert "Báo cáo tháng" in month
    assert 'rel="prev"' not in owner.get(f"{REPORT}?period=1996-01").text
    assert "400 ngày" in never


@pytest.mark.parametrize("name", ["2026-W08", "2999-W01", "2026-W99", "'", "2026-02", "9999-W52"])
def test_what_is_not_over_is_not_told(owner: Person, told: Site, name: str) -> None:
    """The last week that is over comes instead, or the last month."""
    page = owner.get(f"{REPORT}?period={name}")

    assert page.status_code == 200
    days = "01/01/2026 – 31/01/2026" if name == "2026-02" else "16/02/2026 – 22/02/2026"
    assert days in unescape(page.text)


def test_a_new_site_has_a_page(owner: Person) -> None:
    """With a word instead of a chart, and no growth."""
    page = owner.get(REPORT).text

    assert "▲" not in page
    assert "Không có lượt nào được tính trong những ngày này" in page


def test_every_definition_is_where_it_is_said_to_be(owner: Person, told: Site) -> None:
    """A question mark leads to a heading of the handbook, in both languages."""
    pages = files("stats_service.web.admin.handbook").joinpath("pages")
    for at, lang in enumerate(("vi", "en")):
        text = pages.joinpath(f"how-we-count.{lang}.html").read_text("utf-8")
        assert {a[at] for a in ANCHORS.values()} <= set(re.findall(r'<h[23] id="([^"]+)"', text))
    links = re.findall(r'class="define[^>]*href="([^"]+)"', owner.get(REPORT).text)

    assert len(links) >= 10
    assert {unquote(link.partition("#")[2]) for link in links} <= {a[0] for a in ANCHORS.values()}
    assert owner.get(links[0].partition("#")[0]).status_code == 200


def test_the_workbook_has_a_sheet_and_a_chart_for_each_part(owner: Person, told: Site) -> None:
    """The same numbers, as numbers; articles are texts; days are days."""
    answer = owner.get(f"{REPORT}/report.xlsx")
    book = openpyxl.load_workbook(BytesIO(answer.data))

    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="kimson-report-2026-W08.xlsx"'
    )
    assert book.sheetnames == [
        *("Báo cáo tuần", "Theo ngày", "Tăng và giảm nhiều nhất", "Nguồn tăng và giảm"),
        *("Đọc nhiều nhất", "Được tải nhiều nhất", "Bình chọn đã kết thúc"),
        "Lượt không được tính và lý do",
    ]
    first = list(book["Báo cáo tuần"].values)
    assert [row[0] for row in first[:3]] == ["Báo cáo tuần", "Kim Sơn", "16/02/2026 – 22/02/2026"]
    visits = next(row for row in first if row[0] == "Lượt truy cập")
    assert visits[3] == pytest.approx((visits[1] - visits[2]) / visits[2])
    days = [row for row in book["Theo ngày"].values if isinstance(row[0], datetime)]
    assert sum(row[1] for row in days) == visits[1]
    assert days[4][4] == (
        "Mở bình chọn: Bạn <b>thích</b> gì?; Đóng bình chọn: Bạn <b>thích</b> gì?"
    )
    changed = {row[0]: row[4] for row in book["Tăng và giảm nhiều nhất"].values}
    assert changed["/moi/8"] > 0 > changed["/moi/7"]
    assert "Tết & <b>Xuân</b>" in {row[1] for row in book["Đọc nhiều nhất"].values}
    with ZipFile(BytesIO(answer.data)) as parts:
        charts = [name for name in parts.namelist() if name.startswith("xl/charts/chart")]
        assert len(charts) == 7
    downloads = {row[0]: row[1] for row in book["Được tải nhiều nhất"].values}
    assert (downloads["/van-ban/<b>12.pdf"], downloads["/van-ban/13.docx"]) == (41, 7)
    english = openpyxl.load_workbook(BytesIO(owner.get(f"{REPORT}/report.xlsx?lang=en").data))
    assert english.sheetnames[0] == "Weekly report"


def test_three_years_are_a_small_page(
    owner: Person, told: Site, redis_client: redis.Redis, settings: Settings
) -> None:
    """Long keys and many of them: still below 150 KB with what it loads."""
    keys = [f"/tin-tuc/{'x' * 500}{n}" for n in range(300)]
    for day in range(16, 23):
        redis_client.zadd(
            f"{settings.key_prefix}:{{kimson}}:articles:2026-02-{day}",
            {key: 900 + n for n, key in enumerate(keys)},
        )

    page = owner.get(REPORT)

    assert page.status_code == 200
    assert len(page.data) < 110_000
