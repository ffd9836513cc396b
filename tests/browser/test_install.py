"""The install page in a browser: widgets by clicking, a preview that counts nothing, a check."""

import re
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from stats_service.services.container import Services
from tests.browser.visitor import Embed
from tests.support.admin import PASSWORD, add_account

OUT = Path(__file__).parent / "out"


@pytest.fixture(scope="session")
def webmaster(services: Services) -> str:
    """Give the name of somebody who runs everything."""
    add_account(services, "nga", operator=True)
    return "nga"


@pytest.fixture
def install(
    service_url: str, webmaster: str, open_context: Callable[..., BrowserContext]
) -> Callable[..., Page]:
    """Give a function that opens the install page of a site."""

    def open_one(slug: str, **options: object) -> Page:
        page = open_context(viewport={"width": 1280, "height": 900}, **options).new_page()
        page.goto(f"{service_url}/admin/sites/{slug}/install")
        page.fill("#name", webmaster)
        page.fill("#password", PASSWORD)
        page.click("button.primary")
        page.wait_for_url("**/install")
        return page

    return open_one


def choose(page: Page, widget: str) -> None:
    """Choose a widget."""
    page.locator(f'input[value="{widget}"]').check(force=True)


def markup(page: Page) -> str:
    """Return what is to be pasted."""
    return page.locator("#markup").inner_text()


def preview(page: Page) -> Locator:
    """Return what the frame shows."""
    return page.frame_locator("iframe").locator("#stage")


def test_a_new_site_is_told_when_its_first_view_comes(
    install: Callable[..., Page], embed: Embed, page: Page
) -> None:
    """While the page with the snippet is open, and with the time."""
    waiting = install(embed.slug)
    expect(waiting.locator("[data-before-first]")).to_contain_text("Đang chờ lượt xem đầu tiên")

    page.goto(embed.put("/tin/1", "<p>Tin</p>"))

    told = waiting.locator("[data-first]")
    expect(told).to_contain_text("Lượt xem đầu tiên đến lúc", timeout=20_000)
    expect(waiting.locator("[data-before-first]")).to_be_hidden()


def test_the_markup_and_the_widget_follow_the_clicks(
    install: Callable[..., Page], embed: Embed
) -> None:
    """Rows in the order of clicking, words of one's own, another language; nothing is counted."""
    page = install(embed.slug)
    page.locator('[data-numbers="live"]').click()
    expect(preview(page).locator("dd").first).to_have_text("1.814.164")
    assert markup(page) == '<div data-stats="visits">Số liệu đang được cập nhật.</div>'

    page.locator('input[value="online"]').uncheck(force=True)
    page.locator('input[value="week"]').check(force=True)

    assert markup(page) == (
        '<div data-stats="visits" data-rows="total today week">Số liệu đang được cập nhật.</div>'
    )
    expect(preview(page).locator("dt")).to_have_text(["Lượt truy cập", "Hôm nay", "Tuần này"])
    page.select_option("#language", "en")
    expect(preview(page).locator("dt")).to_have_text(["Visits", "Today", "This week"])
    expect(preview(page).locator("dd").first).to_have_text("1,814,164")
    page.get_by_text("Đặt nhãn riêng").click()
    page.fill('[data-label="today"]', 'Trong "ngày"')
    assert 'data-labels="|Trong &quot;ngày&quot;|"' in markup(page)
    expect(page.locator("#link-address")).to_have_text(
        "#data-stats=visits&data-rows=total+today+week"
        "&data-labels=%7CTrong+%22ng%C3%A0y%22%7C&lang=en"
    )
    expect(preview(page).locator("dt").nth(1)).to_have_text('Trong "ngày"')
    assert embed.counts().views.total == 0
    assert embed.counts().online == 0


def test_the_number_of_a_document_has_its_path(install: Callable[..., Page], embed: Embed) -> None:
    """An example until there is one; made-up numbers in the preview."""
    page = install(embed.slug)
    choose(page, "stats-count")

    page.select_option("#metric", "downloads")

    assert markup(page) == ('<span data-stats="downloads" data-article="/van-ban/12.pdf">…</span>')
    expect(page.get_by_role("combobox", name="Tài liệu")).to_be_visible()
    expect(preview(page).locator("stats-count")).to_have_text("128 lượt tải")
    page.fill("#article", "/tai-lieu/Tờ khai.docx")
    page.locator("#element").check()
    assert markup(page) == (
        '<stats-count metric="downloads" article="/tai-lieu/Tờ khai.docx">…</stats-count>'
    )
    expect(page.locator("#link-address")).to_have_text(
        "#data-stats=downloads&data-article=/tai-lieu/T%E1%BB%9D+khai.docx"
    )
    page.select_option("#metric", "today")
    expect(page.locator("#article")).to_be_hidden()


def test_what_is_pasted_shows_on_the_portal_what_the_preview_showed(
    install: Callable[..., Page], embed: Embed, page: Page
) -> None:
    """The markup is used as it stands there."""
    admin = install(embed.slug)
    choose(admin, "stats-count")
    admin.select_option("#metric", "year")
    pasted, address = markup(admin), admin.locator("#link-address").inner_text()
    choose(admin, "stats-visits")
    admin.get_by_text("Đặt nhãn riêng").click()
    admin.fill('[data-label="total"]', "Tổng & hết")
    admin.select_option("#language", "en")
    block = admin.locator("#link-address").inner_text()

    links = f'<p id="a"><a href="{address}">số</a></p><a href="{escape(block)}">x</a>'
    page.goto(embed.put("/tin/1", f"<p>{pasted}</p>{links}"))

    assert pasted == '<span data-stats="year">…</span>'
    expect(page.locator("p").first).to_have_text("1")
    expect(page.locator("#a")).to_have_text("1")
    expect(page.locator("dt")).to_have_text(["Tổng & hết", "Online", "Today"])


def test_every_widget_is_shown_with_made_up_numbers(
    install: Callable[..., Page], embed: Embed
) -> None:
    """A new site has none of its own yet; that they are made up stands there."""
    page = install(embed.slug)
    expect(page.locator(".stage .badge")).to_have_text("Số liệu mẫu")
    expect(preview(page).locator("dd").first).to_have_text("1.814.165")

    choose(page, "stats-views")
    expect(preview(page).locator("stats-views")).to_have_text("366 lượt xem")
    page.fill("#word", "lượt đọc")
    expect(preview(page).locator("stats-views")).to_have_text("366 lượt đọc")
    assert markup(page) == '<span data-stats="views">…</span> lượt đọc'
    choose(page, "stats-poll")
    expect(preview(page).get_by_text("Thủ tục hành chính")).to_be_visible()
    choose(page, "stats-poll-archive")
    expect(preview(page).locator("details").first).to_be_visible()
    choose(page, "stats-top")
    expect(preview(page).get_by_role("link", name="Khánh thành cầu")).to_be_visible()
    page.select_option("#by", "rising")
    page.fill("#only", "/tin-tuc/")
    assert markup(page) == (
        '<div data-stats="top" data-by="rising" data-only="/tin-tuc/">Tin đọc nhiều</div>'
    )
    choose(page, "stats-rating")
    expect(preview(page).get_by_text("4,3 trên 5 điểm")).to_be_visible()
    page.fill("#word", "")
    page.check("#readonly")
    assert markup(page) == '<div data-stats="rating" data-readonly="1">Đánh giá</div>'
    page.check("#element")
    assert markup(page) == "<stats-rating readonly>Đánh giá</stats-rating>"


def test_a_vote_in_the_preview_goes_nowhere(
    install: Callable[..., Page], embed: Embed, services: Services
) -> None:
    """The widget says that nothing can be sent from there."""
    page = install(embed.slug)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    choose(page, "stats-poll")

    preview(page).get_by_text("Văn bản, chỉ đạo").click()
    preview(page).get_by_role("button", name="Bình chọn").click()

    expect(preview(page).get_by_text("Trang này không gửi được.")).to_be_visible()
    assert not [request for request in sent if request.startswith("POST")]


def test_looks_become_a_style_sheet_of_the_portal(
    install: Callable[..., Page], embed: Embed
) -> None:
    """Only what was chosen, and gone again when all is as usual."""
    page = install(embed.slug)
    page.get_by_text("Hình thức").click()

    page.locator('[data-property="--stats-value-color"]').fill("#0000ff")
    page.locator('[data-property="--stats-flow"]').check()

    expect(page.locator("#styles")).to_have_text(
        'stats-visits, [data-stats="visits"] { --stats-value-color: #0000ff; --stats-flow: column }'
    )
    expect(preview(page).locator("dd").first).to_have_css("color", "rgb(0, 0, 255)")
    page.get_by_role("button", name="Trở lại mặc định").click()
    expect(page.locator("[data-styles]")).to_be_hidden()


def test_a_checked_page_reports_to_the_page_that_opened_it(
    install: Callable[..., Page], embed: Embed
) -> None:
    """The link opens the portal; what it finds appears here while one waits."""
    url = embed.put("/tin/1", embed.snippet + "<stats-visits></stats-visits>")
    page = install(embed.slug)
    page.fill("#page-address", url)

    with page.context.expect_page() as opened:
        page.locator("[data-open]").click()
    portal = opened.value
    expect(portal.locator("li").first).to_be_visible(timeout=20_000)
    page.bring_to_front()

    findings = page.locator("[data-findings] li")
    expect(findings.first).to_be_visible(timeout=20_000)
    expect(page.locator("[data-findings] li.warn")).to_contain_text("2 lần")
    # The line that waits for the first view is a status too, until it has seen it.
    expect(page.locator("[data-told]")).to_have_text("Bộ đếm hoạt động, có điều cần xem.")
    assert embed.counts().views.total == 1
    OUT.mkdir(exist_ok=True)
    page.locator("#check").screenshot(path=OUT / "admin-install-check.png")


def test_a_site_just_added_can_be_checked(install: Callable[..., Page], embed: Embed) -> None:
    """The page that says that the site was added has the check as well."""
    page = install(embed.slug)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))

    page.goto(page.url.replace(f"/sites/{embed.slug}/install", "/sites/new"))
    page.fill("[name=name]", "Yên Mô")
    page.fill("[name=slug]", f"{embed.slug}-new")
    page.fill("[name=hosts]", "yenmo.example.vn")
    page.click("main form button.primary")
    page.wait_for_url("**/install")

    expect(page.locator(".flash")).to_be_visible()
    expect(page.locator("[data-check]")).to_be_visible()
    expect(page.locator("[data-open]")).to_have_attribute(
        "href", re.compile(r"^https?://yenmo\.example\.vn/#stats-check=")
    )
    assert errors == []


def test_an_address_that_is_none_opens_nothing(install: Callable[..., Page], embed: Embed) -> None:
    """Only pages are opened."""
    page = install(embed.slug)
    page.fill("#page-address", "javascript:alert(1)")

    page.locator("[data-open]").click()

    assert len(page.context.pages) == 1
    assert page.locator("[data-open]").get_attribute("href", timeout=1000) != "javascript:alert(1)"


def test_without_javascript_there_are_lists_and_links(
    install: Callable[..., Page], embed: Embed
) -> None:
    """Markup of each widget, the steps for each system, a link to open and one for the result."""
    page = install(embed.slug, java_script_enabled=False)

    expect(
        page.get_by_text('<div data-stats="archive">Các cuộc bình chọn trước</div>')
    ).to_be_visible()
    expect(page.locator("#place-html ol")).to_be_visible()
    page.locator("#place-liferay summary").click()
    expect(page.locator("#place-liferay ol")).to_be_visible()
    expect(page.get_by_role("link", name="Xem kết quả")).to_be_visible()
    expect(page.locator("[data-builder]")).to_be_hidden()
