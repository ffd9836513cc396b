"""What stands beside what, on every face of the numbers: page, chart, files, API and lists."""

import csv
import io
from datetime import date, timedelta

import openpyxl
import pytest

from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.services.container import Services
from tests.support.admin import Person

#: A month of 31 days beside one of 30; today is 4 March 2026.
OCTOBER = "from=2025-10-01&to=2025-10-31"


@pytest.fixture
def years(services: Services, site: Site) -> Site:
    """Give a site with the same numbers on every day since July; its articles change by month."""
    first = date(2025, 7, 1)
    days = [first + timedelta(days=n) for n in range((date(2026, 3, 4) - first).days)]
    services.traffic.history.write(
        site,
        [DayHistory(day, (Pair(5, 9),), {"/a": 5, f"/thang-{day.month}": 4}) for day in days],
    )
    return site


def table(owner: Person, address: str) -> list[list[str]]:
    """Return a CSV file of the site."""
    text = owner.get(f"/admin/sites/kimson/{address}").get_data(as_text=True)
    return list(csv.reader(io.StringIO(text.removeprefix("\N{BYTE ORDER MARK}"))))


def test_the_31st_has_nothing_beside_it_on_any_face(owner: Person, years: Site) -> None:
    """A dash in the table, an empty cell in the files; the curve before ends a day earlier."""
    page = owner.get(f"/admin/sites/kimson/?{OCTOBER}&unit=day").get_data(as_text=True)
    rows = table(owner, f"visits.csv?{OCTOBER}&unit=day")
    file = owner.get(f"/admin/sites/kimson/visits.xlsx?{OCTOBER}&unit=day").get_data()
    sheet = openpyxl.load_workbook(io.BytesIO(file)).worksheets[0]

    assert "31/10/2025<td>5<td>9<td>–<td>–" in page
    assert "30/10/2025<td>5<td>9<td>5<td>9" in page
    before = page.partition('class="line before" d="M0 ')[2].partition('"')[0].partition("l")[2]
    # Each step is `67 0`; 30 of them would be as wide as the chart.
    assert sum(int(step) for step in before.split(" 0") if step) == round(2000 / 30 * 29)
    assert rows[-1] == ["2025-10-31", "5", "9", "", "", ""]
    assert rows[-2] == ["2025-10-30", "5", "9", "5", "9", ""]
    assert [cell.value for cell in list(sheet.rows)[-2]][1:5] == [5, 9, None, None]


def test_days_before_the_site_are_no_zeros(owner: Person, years: Site) -> None:
    """July 2025 is the first month: no growth is told, and the page says why."""
    page = owner.get("/admin/sites/kimson/?from=2025-07-01&to=2025-07-31").get_data(as_text=True)
    rows = table(owner, "visits.csv?from=2025-07-01&to=2025-07-31")

    assert "Không có gì để so sánh" in page
    assert 'data-line="before"' not in page
    assert rows[-1] == ["2025-07-31", "5", "9", "", "", ""]


def test_hours_that_have_not_begun_are_no_zeros(owner: Person, years: Site) -> None:
    """It is noon: the file ends its numbers of today there, not those of last week."""
    rows = table(owner, "visits.csv?range=today&unit=hour")

    assert rows[1] == ["2026-03-04T00", "0", "0", "5", "9"]
    assert rows[-1] == ["2026-03-04T23", "", "", "0", "0"]


@pytest.mark.parametrize(
    ("query", "first", "before"),
    [
        (OCTOBER, ["/a", "", "155", "150"], "01/09/2025 – 30/09/2025"),
        ("range=last-month", ["/a", "", "140", "155"], "01/01/2026 – 31/01/2026"),
        ("range=last-month&order=rising", ["/thang-2", "", "112", "0"], "01/01/2026 – 31/01/2026"),
        (f"{OCTOBER}&compare=nothing", ["/a", "", "155", ""], ""),
        ("from=2025-07-01&to=2025-07-31", ["/a", "", "155", ""], ""),
    ],
)
def test_articles_follow_the_same_range(
    owner: Person, years: Site, query: str, first: list[str], before: str
) -> None:
    """On the page and in the file, which says whose views stand beside whose."""
    page = owner.get(f"/admin/sites/kimson/articles?{query}").get_data(as_text=True)
    rows = table(owner, f"articles/top.csv?{query}")

    assert rows[1] == first
    assert first[0] in page
    assert (before in page) if before else ("Trước" not in page.partition("<tbody>")[0])


def test_the_page_of_a_site_leads_to_its_articles_of_the_same_days(
    owner: Person, years: Site
) -> None:
    """The link and the two files carry the range and the comparison."""
    page = owner.get("/admin/sites/kimson/?range=last-month&compare=year").get_data(as_text=True)
    articles = owner.get("/admin/sites/kimson/articles?range=last-month&compare=year&order=rising")

    assert "/admin/sites/kimson/articles?compare=year&amp;range=last-month" in page
    assert "top.csv?order=rising&amp;compare=year&amp;range=last-month" in articles.get_data(
        as_text=True
    )


def test_months_whose_days_are_forgotten_count_as_a_whole(
    owner: Person, services: Services, site: Site
) -> None:
    """Articles are kept by day for 400 days; the list of an older month is that of the month."""
    day = date(2024, 10, 7)
    services.traffic.history.write(site, [DayHistory(day, (Pair(5, 9),), {"/cu": 9})])
    services.traffic.retention._store.roll_up_month("kimson", "2024-10", [day.isoformat()])

    whole = table(owner, "articles/top.csv?from=2024-10-01&to=2024-10-31")
    cut = table(owner, "articles/top.csv?from=2024-10-02&to=2024-10-31")
    page = owner.get("/admin/sites/kimson/articles?from=2024-10-01&to=2024-12-31")

    assert whole[1:] == [["/cu", "", "9", ""]]
    assert cut[1:] == []
    assert "/cu" in page.get_data(as_text=True)
