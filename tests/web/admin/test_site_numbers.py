"""The page of a site's numbers: its ranges, its chart, its files, its articles."""

import re
import zipfile
from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest

from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.services.container import Services
from tests.support.admin import Person


@pytest.fixture
def counted(services: Services, site: Site) -> Site:
    """Give a site with a day's numbers, one of its articles named by an attacker."""
    evil = "/<script>alert(1)</script>"
    day = DayHistory(date(2026, 3, 4), (Pair(1234, 5678),), {evil: 40, "=cmd|x": 4}, {"bot": 7})
    services.traffic.history.write(site, [day])
    return services.sites.sites.edit(site.slug, opening_visits=1_000_000, opening_day="2019-12-24")


def test_the_page_of_a_site_tells_the_opening_balance_apart(owner: Person, counted: Site) -> None:
    """Numbers are written as Vietnamese does."""
    page = owner.get("/admin/sites/kimson/").get_data(as_text=True)

    assert "1.001.234" in page
    assert "trong đó 1.000.000 lượt từ bộ đếm cũ" in page
    assert "Chương trình tự động" in page


@pytest.mark.parametrize(
    "query",
    [
        "range=today",
        "range=365",
        "range=all",
        "range=last-quarter&compare=year&unit=week",
        "compare=x",
        "range=91",
        "from=2026-01-01&to=2026-03-04&unit=month",
        "from=2026-01-19&to=2026-03-04&unit=hour",
        "from=1&to=x&unit=%00",
        "range='",
        "from=2026-03-04&to=2020-01-01",
    ],
)
def test_every_range_is_a_page(owner: Person, counted: Site, query: str) -> None:
    """Rubbish in the query becomes the usual four weeks."""
    assert owner.get(f"/admin/sites/kimson/?{query}").status_code == 200


def test_the_csv_has_the_chart_s_numbers(owner: Person, counted: Site) -> None:
    """One row a point, and the period before."""
    text = owner.get("/admin/sites/kimson/visits.csv?range=7").get_data(as_text=True)

    assert text.splitlines()[-1] == "2026-03-04,1234,5678,,,"
    assert text.splitlines()[0].endswith(
        "day,visits,views,visits_before,views_before,readers_estimate"
    )


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (100, 107, "▲ 7%"),
        (100, 999, "▲ 899%"),
        (3, 1356, "▲ ×\xa0452"),
        (4, 3, "▼ 25%"),
    ],
)
def test_growth_from_tenfold_on_is_told_in_times(
    owner: Person, services: Services, site: Site, before: int, now: int, told: str
) -> None:
    """45,100 % is a number that nobody reads, and too wide for its place."""
    days = [(date(2026, 2, 19), 1), (date(2026, 2, 25), before - 1), (date(2026, 3, 4), now)]
    services.traffic.history.write(
        site, [DayHistory(day, (Pair(views, views),), {"/a": views}, {}) for day, views in days]
    )

    page = owner.get("/admin/sites/kimson/articles?range=7").get_data(as_text=True)

    assert told in page.replace("&nbsp;", "\xa0")


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("/tin/b%C3%A0i-m%E1%BB%99t", "/tin/bài-một"),
        ("/a%3Cb%3E", "/a&lt;b&gt;"),
        ("/a%E2%80%AEb", "/a%E2%80%AEb"),
        ("/a%FFb", "/a%FFb"),
        ("/100%25", "/100%"),
    ],
)
def test_articles_are_written_as_in_an_address_bar(
    owner: Person, services: Services, site: Site, key: str, shown: str
) -> None:
    """But nothing that could hide or turn a text is decoded."""
    services.traffic.history.write(
        site, [DayHistory(date(2026, 3, 4), (Pair(1, 1),), {key: 1}, {})]
    )

    page = owner.get("/admin/sites/kimson/articles").get_data(as_text=True)

    assert f'<td class="key">{shown}</td>' in page


def test_an_article_s_name_is_text_and_no_formula(owner: Person, counted: Site) -> None:
    """Neither markup nor a link on the page; no formula in a spreadsheet."""
    page = owner.get("/admin/sites/kimson/articles").get_data(as_text=True)
    text = owner.get("/admin/sites/kimson/articles/top.csv").get_data(as_text=True)

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "'=cmd|x,,4," in text


def test_a_workbook_is_for_people(owner: Person, counted: Site) -> None:
    """A title, whose numbers, of when, real dates, formats of numbers, sums and a chart."""
    answer = owner.get("/admin/sites/kimson/visits.xlsx?range=7")
    book = openpyxl.load_workbook(BytesIO(answer.get_data()))
    sheet = book.active
    rows = list(sheet.values)

    assert answer.headers["Content-Disposition"].endswith('.xlsx"')
    assert book.sheetnames == ["Lượt truy cập và lượt xem"]
    assert [row[0] for row in rows[:4]] == [
        "Lượt truy cập và lượt xem",
        "Kim Sơn",
        "26/02/2026 – 04/03/2026",
        "Số liệu đến 04/03/2026 12:00 (Asia/Ho_Chi_Minh)",
    ]
    assert rows[5][:4] == ("Ngày", "Lượt truy cập", "Lượt xem", "Người đọc (ước lượng)")
    assert rows[-2][:3] == (datetime(2026, 3, 4), 1234, 5678)
    assert rows[-1][:3] == ("Tổng", "=SUM(B7:B13)", "=SUM(C7:C13)")
    assert sheet["B13"].number_format == "#,##0"
    assert sheet["A13"].number_format == "dd/mm/yyyy"
    with zipfile.ZipFile(BytesIO(answer.get_data())) as parts:
        chart = parts.read("xl/charts/chart1.xml").decode()
    assert "lineChart" in chart
    assert "$B$7:$B$13" in chart


@pytest.mark.parametrize("unit", ["hour", "day", "week", "month"])
def test_every_unit_has_real_dates(owner: Person, counted: Site, unit: str) -> None:
    """In English as well; hours are moments."""
    query = f"from=2026-03-01&to=2026-03-04&unit={unit}&lang=en"
    answer = owner.get(f"/admin/sites/kimson/visits.xlsx?{query}")
    rows = list(openpyxl.load_workbook(BytesIO(answer.get_data())).active.values)

    assert rows[0][0] == "Visits and views"
    last = {"hour": datetime(2026, 3, 4, 23), "day": datetime(2026, 3, 4)}
    last |= {"week": datetime(2026, 3, 2), "month": datetime(2026, 3, 1)}
    assert rows[-2][0] == last[unit]


def test_a_text_of_a_workbook_is_no_formula(owner: Person, counted: Site) -> None:
    """Articles are named by readers; the list has its bars."""
    answer = owner.get("/admin/sites/kimson/articles/top.xlsx")
    rows = list(openpyxl.load_workbook(BytesIO(answer.get_data())).active)

    assert [cell.value for cell in rows[-1]][:3] == ["=cmd|x", "", 4]
    assert rows[-1][0].data_type == "s"
    with zipfile.ZipFile(BytesIO(answer.get_data())) as parts:
        assert "barChart" in parts.read("xl/charts/chart1.xml").decode()


def test_hours_to_come_have_no_numbers(owner: Person, counted: Site) -> None:
    """At noon, eleven hours of the day have not begun; the thirteenth is drawn as unfinished."""
    page = owner.get("/admin/sites/kimson/?range=today").get_data(as_text=True)

    assert len(re.findall("<td>–<td>–", page)) == 11
    assert 'data-begun="13"' in page


def test_a_new_site_has_a_text_in_place_of_zeros(
    owner: Person, services: Services, site: Site
) -> None:
    """It leads to the snippet; what was refused alone, or an opening balance, is something."""
    new = owner.get("/admin/sites/kimson/").get_data(as_text=True)
    services.traffic.history.write(site, [DayHistory(date(2026, 3, 4), (), {}, {"host": 3})])
    refused = owner.get("/admin/sites/kimson/").get_data(as_text=True)

    assert "Chưa có số liệu nào" in new
    assert "/admin/sites/kimson/install" in new.partition("Chưa có số liệu nào")[2]
    assert 'class="figure' not in new
    assert 'class="figure' in refused
    assert "Tên miền lạ" in refused


def test_a_range_that_is_over_has_no_unfinished_point(owner: Person, counted: Site) -> None:
    """Yesterday's numbers do not change any more."""
    page = owner.get("/admin/sites/kimson/?from=2026-02-02&to=2026-03-03").get_data(as_text=True)

    assert "data-begun" not in page
    assert page.count("<tr><td>") == 30


def test_the_live_numbers_are_json(owner: Person, counted: Site) -> None:
    """What the page asks for every 15 seconds."""
    answer = owner.get("/admin/sites/kimson/live.json")

    assert answer.get_json() == {
        "online": 0,
        "today": 1234,
        "total": 1_001_234,
        "views": 5678,
    }


def test_days_that_are_none_are_told(owner: Person, counted: Site) -> None:
    """Two the other way round mean the same; others are told of, and four weeks are shown."""
    pages = {
        query: owner.get(f"/admin/sites/kimson/?{query}").get_data(as_text=True)
        for query in (
            "from=2026-02-02&to=2026-03-03",
            "from=2026-03-03&to=2026-02-02",
            "from=2026-13-45&to=2026-03-03",
            "to=2026-03-03",
        )
    }
    shown = [re.findall(r'name="(?:from|to)" required value="([^"]+)"', p) for p in pages.values()]

    assert shown[0] == shown[1] == ["2026-02-02", "2026-03-03"]
    assert shown[2] == shown[3] == ["2026-02-05", "2026-03-04"]
    assert ["Không dùng được các ngày này" in page for page in pages.values()] == [
        False,
        False,
        True,
        True,
    ]


def test_a_long_span_has_a_row_for_each_month_that_leads_to_its_days(
    owner: Person, counted: Site, services: Services
) -> None:
    """Three years by day were a page of 158 KB; the chart asks for its points when it is used."""
    services.traffic.history.write(counted, [DayHistory(date(2024, 2, 29), (Pair(10, 30),))])
    query = "from=2024-02-10&to=2026-03-04&unit=day&compare=nothing"

    page = owner.get(f"/admin/sites/kimson/?{query}").get_data(as_text=True)
    points = owner.get(f"/admin/sites/kimson/points.json?{query}").get_json()

    rows = re.findall(r'<tr><td><a href="\?([^"]*)">([^<]*)</a><td>([\d.]+)<td>([\d.]+)', page)
    assert len(rows) == 26
    assert rows[0] == (
        "from=2024-02-10&amp;to=2024-02-29&amp;unit=day&amp;compare=nothing",
        "02/2024",
        "10",
        "30",
    )
    assert rows[-1][0].startswith("from=2026-03-01&amp;to=2026-03-04")
    assert rows[-1][2:] == ("1.234", "5.678")
    assert sum(int(row[3].replace(".", "")) for row in rows) == 5_708
    assert len(points["names"]) == 754
    visits, views, readers = points["lines"]
    assert (visits["kind"], visits["values"][19], visits["values"][-1]) == ("visits", 10, 1234)
    assert sum(views["values"]) == 5_708
    assert readers["name"] == "Người đọc (ước lượng)"
    days = owner.get(f"/admin/sites/kimson/?{rows[0][0].replace('&amp;', '&')}")
    assert days.get_data(as_text=True).count("<tr><td>") >= 20


def test_many_hours_are_rows_by_day_and_what_has_not_begun_is_none(
    owner: Person, counted: Site, services: Services
) -> None:
    """Of 45 days by hour; the last row is not over yet."""
    query = "from=2026-01-19&to=2026-03-04&unit=hour"

    page = owner.get(f"/admin/sites/kimson/?{query}").get_data(as_text=True)
    points = owner.get(f"/admin/sites/kimson/points.json?{query}").get_json()

    rows = re.findall(r'<tr><td><a href="\?([^"]*)">', page)
    assert len(rows) == 45
    assert "from=2026-03-04&amp;to=2026-03-04&amp;unit=hour" in rows[-1]
    assert len(points["names"]) == 45 * 24
    assert points["lines"][0]["values"][-1] is None


def test_all_time_begins_with_the_first_number(
    owner: Person, services: Services, site: Site
) -> None:
    """Not with 34 empty months before it (E19)."""
    days = [
        DayHistory(date(2025, 11, 30), (Pair(5, 9),)),
        DayHistory(date(2026, 3, 1), (Pair(1, 2),)),
    ]
    services.traffic.history.write(site, days)

    csv = owner.get("/admin/sites/kimson/visits.csv?range=all&unit=month").get_data(as_text=True)
    page = owner.get("/admin/sites/kimson/?range=all").get_data(as_text=True)

    months = [line.split(",")[:2] for line in csv.splitlines()[1:]]
    assert months == [
        ["2025-11", "5"],
        *[[m, "0"] for m in ("2025-12", "2026-01", "2026-02")],
        ["2026-03", "1"],
    ]
    assert 'data-first="2025-11-30"' in page
