"""What an editor-in-chief asks for on a Monday, counted in clicks; and what she gets on paper."""

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from stats_service.services.container import Services
from tests.support.admin import PASSWORD, add_account


class Clicks:
    """Counts the clicks that an answer takes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.n = 0

    def on(self, role: str, name: str) -> None:
        """Click a link or a button that is there to be seen."""
        self.page.get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]
        self.n += 1


@pytest.fixture(scope="module")
def editor(services: Services, service_url: str) -> str:
    """Give the name of an editor of the running service's site."""
    add_account(services, "tong-bien-tap", roles={"demo": "editor"})
    return "tong-bien-tap"


@pytest.fixture
def clicks(service_url: str, editor: str, open_context: Callable[..., BrowserContext]) -> Clicks:
    """Give an editor on the page of her site."""
    page = open_context(viewport={"width": 1366, "height": 768}).new_page()
    page.goto(f"{service_url}/admin/")
    page.fill("#name", editor)
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/admin/")
    page.goto(f"{service_url}/admin/sites/demo/")
    return Clicks(page)


def test_questions_of_a_monday_and_their_clicks(clicks: Clicks) -> None:
    """Last week against the one before: 1; against last year: 2; the articles of a month: 2."""
    page = clicks.page
    days = page.locator("[data-series] tbody tr")

    clicks.on("link", "Tuần trước")
    expect(days).to_have_count(7)
    expect(page.locator('.legend [data-key="before"]')).to_be_visible()
    assert clicks.n == 1

    clicks.on("link", "cùng kỳ năm trước")
    expect(page.locator('[aria-label="So sánh"] [aria-current]')).to_have_text("cùng kỳ năm trước")
    expect(days).to_have_count(7)
    assert clicks.n == 2

    page.goto(page.url.partition("?")[0])
    clicks.n = 0
    clicks.on("link", "Bài viết")
    clicks.on("link", "Tháng trước")
    last = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).replace(day=1) - timedelta(days=1)
    expect(page.get_by_role("heading", level=2)).to_contain_text(f"– {last:%d/%m/%Y}")
    expect(page.locator("tbody tr")).to_have_count(30)
    assert clicks.n == 2


def test_a_sheet_of_paper_is_two_clicks(clicks: Clicks, services: Services) -> None:
    """One here, one in the browser's dialog; the sheet has whose numbers, days and moment."""
    page = clicks.page
    page.evaluate("window.print = () => document.body.dataset.printed = 'yes'")

    clicks.on("button", "In báo cáo")
    expect(page.locator("body")).to_have_attribute("data-printed", "yes")
    page.emulate_media(media="print")
    letterhead = page.locator(".letterhead")

    assert clicks.n == 1
    expect(letterhead).to_contain_text(services.sites.sites.get("demo").name)
    expect(letterhead).to_contain_text("Số liệu đến")
    expect(page.locator(".side")).to_be_hidden()
    expect(page.locator("svg.plot")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_the_report_is_one_click_and_two_sheets(clicks: Clicks) -> None:
    """What happened stands on the chart and in its read-out; on paper, too."""
    page = clicks.page
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))

    clicks.on("link", "Báo cáo tuần")
    expect(page.get_by_role("heading", level=1)).to_have_text("Báo cáo tuần")
    expect(page.locator("[data-chart].drawn")).to_be_visible()
    row = page.locator("[data-flags] li").first
    expect(row).to_be_visible()
    point, told = int(row.get_attribute("data-point") or 0), row.locator("span").last.inner_text()
    page.locator("[data-chart]").focus()
    page.keyboard.press("Home")
    for _ in range(point):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".tip")).to_contain_text(told)

    assert clicks.n == 1
    assert troubles == []
    page.emulate_media(media="print")
    expect(page.locator("[data-flags]")).to_be_visible()
    assert len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True, format="A4"))) == 2


def test_files_for_the_boss(clicks: Clicks) -> None:
    """A picture that a slide takes, the drawing, and a workbook; no message in the console."""
    page = clicks.page
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.goto(f"{page.url}?range=28")

    files = {}
    for name in ("PNG", "SVG", "XLSX"):
        with page.expect_download() as download:
            page.get_by_text(name, exact=True).first.click()
        files[name] = download.value

    picture = Image.open(files["PNG"].path())
    book = openpyxl.load_workbook(io.BytesIO(files["XLSX"].path().read_bytes()))
    assert picture.size == (2560, 1440)
    assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 10
    assert re.fullmatch(r"demo-[\d-]+\.png", files["PNG"].suggested_filename)
    assert b"<svg" in files["SVG"].path().read_bytes()
    assert book.active["A1"].value == "Lượt truy cập và lượt xem"
    assert troubles == []


def test_whoever_signs_out_finds_it_on_a_low_screen(clicks: Clicks) -> None:
    """At 1366x768 the account stands in the window without scrolling."""
    expect(clicks.page.locator(".who a")).to_be_in_viewport(ratio=1)


def test_a_chart_of_three_years_answers_when_somebody_comes_to_it(clicks: Clicks) -> None:
    """The table has a row for each month; by keyboard, the chart then tells each day."""
    page, today = clicks.page, datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()
    first = today - timedelta(days=1_000)
    page.goto(f"{page.url}?from={first}&to={today}&unit=day")
    expect(page.locator("[data-series] tbody tr")).to_have_count(
        12 * (today.year - first.year) + today.month - first.month + 1
    )
    expect(page.locator(".uplot")).to_have_count(0)

    page.locator("[data-chart]").focus()
    expect(page.locator(".uplot")).to_have_count(1)
    page.keyboard.press("End")

    expect(page.locator(".tip strong")).to_contain_text(f"{today:%d/%m/%Y}")
    page.get_by_text("Xem số liệu dạng bảng").click()
    page.locator("[data-series] tbody a").last.click()
    expect(page.locator("[data-series] tbody tr")).to_have_count(today.day)


def test_what_was_done_is_said_to_who_does_not_see_it(clicks: Clicks) -> None:
    """Screen readers tell what changes on a page: the words come once more after it has loaded."""
    page = clicks.page
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
          const place = document.querySelector(".flash");
          const told = () => { document.body.dataset.told = place.textContent; };
          if (place) new MutationObserver(told).observe(place, { childList: true });
        });"""
    )
    page.goto(f"{page.url}annotations")
    page.fill("#text", "Lễ hội")

    page.locator("form:has(#text) button.primary").click()

    expect(page.locator(".flash")).to_have_attribute("role", "status")
    expect(page.locator("body")).to_have_attribute("data-told", "Ghi chú đã có trên biểu đồ.")
