"""The admin pages in a real browser: signing in, every page in both languages, axe, pictures."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pyotp import TOTP

from stats_service.models.devices import Caller
from stats_service.services.container import Services
from tests.support.admin import PASSWORD, add_account

EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
#: Pictures for people to look at; not kept.
OUT = Path(__file__).parent / "out"

PAGES = {
    "overview": "",
    "site": "sites/demo/",
    "site-today": "sites/demo/?range=today",
    "site-hours": "sites/demo/?range=7&unit=hour",
    "report": "sites/demo/report",
    "annotations": "sites/demo/annotations",
    "now": "sites/demo/now",
    "articles": "sites/demo/articles?order=rising",
    "article-changes": "sites/demo/articles/changes?do=merge&by=prefix&which=/tin-tuc/&into=/tin/",
    "article": "sites/demo/articles/article?key=/thu-tuc-hanh-chinh",
    "articles-ever": "sites/demo/articles?range=all",
    "poll-open": "sites/demo/polls/muc-quan-tam",
    "poll-burst": "sites/demo/polls/le-hoi-2027/review",
    "data": "sites/demo/data",
    "notices": "sites/demo/notices",
    "archives": "archives",
    "polls": "sites/demo/polls",
    "poll": "sites/demo/polls/admin-test",
    "poll-review": "sites/demo/polls/admin-test/review",
    "poll-integrity": "sites/demo/polls/admin-test/integrity",
    "poll-new": "sites/demo/polls/new",
    "poll-edit": "sites/demo/polls/admin-test/edit",
    "install": "sites/demo/install",
    "public": "../s/demo",
    "public-rules": "../s/demo/how-we-count",
    "polls-none": "sites/demo/polls?q=khong-co",
    "ratings": "sites/demo/ratings",
    "ratings-worst": "sites/demo/ratings?order=worst&min=1",
    "rated-article": "sites/demo/ratings/article?key=/demo/tin-tuc/khanh-thanh-cau-song-vac",
    "upload": "sites/demo/data/{upload}",
    "settings": "sites/demo/settings",
    "people": "sites/demo/people",
    "tokens": "sites/demo/tokens",
    "log": "sites/demo/audit",
    "accounts": "accounts",
    "service-log": "audit",
    "site-new": "sites/new",
    "help": "help/vi/admin",
    "help-embed": "help/en/embed",
    "account": "account",
    "new-site": "sites/new",
    "missing": "nowhere",
}


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {n['html'][:160]}" for v in found for n in v["nodes"]]


def test_a_person_signs_in_and_out(service_url: str, signed_in: Callable[..., Page]) -> None:
    """After signing out, going back shows nothing."""
    page = signed_in()
    expect(page.locator("h1")).to_have_text("Tổng quan")

    page.locator(".who button").click()
    page.goto(f"{service_url}/admin/sites/demo/")

    expect(page.locator("h1")).to_have_text("Đăng nhập")
    assert page.url.endswith("/admin/sign-in?next=/admin/sites/demo/")


@pytest.mark.parametrize(
    ("look", "options"),
    [
        ("wide-vi", {"viewport": {"width": 1360, "height": 900}}),
        ("phone-vi-dark", {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}),
        ("wide-en-dark", {"viewport": {"width": 1360, "height": 900}, "color_scheme": "dark"}),
    ],
)
def test_every_page_is_accessible_and_fits(
    service_url: str,
    signed_in: Callable[..., Page],
    services: Services,
    look: str,
    options: dict[str, object],
) -> None:
    """Axe finds nothing, nothing overflows sideways, and each page has its picture."""
    page = signed_in(**options)
    if "-en" in look:
        page.get_by_role("button", name="English").click()
        expect(page.locator("h1")).to_have_text("Overview")
    OUT.mkdir(exist_ok=True)
    faults = []

    waiting = services.portability.uploads.of_site("demo")[0].id
    for name, path in PAGES.items():
        page.goto(f"{service_url}/admin/{path.format(upload=waiting)}")
        page.screenshot(path=OUT / f"admin-{name}-{look}.png", full_page=True)
        faults += [f"{name}: {line}" for line in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{name}: wider than the screen")

    assert faults == []


def test_the_chart_tells_the_numbers_of_a_day(
    service_url: str, signed_in: Callable[..., Page]
) -> None:
    """What the read-out says is the row of the table below: by mouse, by keys, by finger."""
    page = signed_in(viewport={"width": 1360, "height": 900}, has_touch=True)
    page.goto(f"{service_url}/admin/sites/demo/?range=28")
    rows = page.locator("[data-series] tbody tr")
    name, visits = page.locator(".tip strong"), page.locator(".tip span b").first

    def cell(row: int, column: int) -> str:
        return (rows.nth(row).locator("td").nth(column).text_content() or "").strip()

    box = page.locator(".u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + 1, box["y"] + 60)
    expect(name).to_have_text(cell(0, 0))
    expect(visits).to_have_text(cell(0, 1))
    page.locator("[data-chart]").focus()
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text(cell(1, 0))
    page.keyboard.press("End")
    expect(name).to_have_text(cell(27, 0))
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_be_hidden()
    page.touchscreen.tap(box["x"] + 1, box["y"] + 60)
    expect(visits).to_have_text(cell(0, 1))


def test_a_part_of_the_chart_is_chosen_by_dragging(
    service_url: str, signed_in: Callable[..., Page]
) -> None:
    """The page then shows these days alone, its table as well."""
    page = signed_in(viewport={"width": 1360, "height": 900})
    page.goto(f"{service_url}/admin/sites/demo/?range=28")
    box = page.locator(".u-over").bounding_box()
    assert box
    day = box["width"] / 27

    page.mouse.move(box["x"] + 4 * day, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 10 * day, box["y"] + 80, steps=4)
    page.mouse.up()

    page.wait_for_url("**/?from=*")
    expect(page.locator("[data-series] tbody tr")).to_have_count(7)


def test_a_line_of_the_chart_can_be_taken_away(
    service_url: str, signed_in: Callable[..., Page]
) -> None:
    """The names above the chart are buttons."""
    page = signed_in(viewport={"width": 1360, "height": 900})
    page.goto(f"{service_url}/admin/sites/demo/?range=28")
    views = page.locator("[data-key=views] button")

    before = page.locator(".uplot canvas").screenshot()
    views.click()

    expect(views).to_have_attribute("aria-pressed", "false")
    assert page.locator(".uplot canvas").screenshot() != before


def test_without_a_script_the_chart_is_a_picture(
    service_url: str, signed_in: Callable[..., Page], chromium: Browser
) -> None:
    """The server's own, which is also what is printed."""
    scripted = signed_in()
    cookies = scripted.context.cookies()
    scripted.goto(f"{service_url}/admin/sites/demo/")
    expect(scripted.locator(".plot")).to_be_hidden()
    scripted.emulate_media(media="print")
    expect(scripted.locator(".plot")).to_be_visible()
    expect(scripted.locator(".uplot")).to_be_hidden()
    plain = chromium.new_context(java_script_enabled=False)
    plain.add_cookies(cookies)  # type: ignore[arg-type]
    page = plain.new_page()

    page.goto(f"{service_url}/admin/sites/demo/")

    expect(page.locator(".plot path.line.visits").first).to_be_visible()
    plain.close()


def test_settings_are_saved_by_a_person(
    service_url: str, signed_in: Callable[..., Page], services: Services
) -> None:
    """A mistake is told; the right value is kept."""
    page = signed_in()
    page.goto(f"{service_url}/admin/sites/demo/settings")

    page.fill("#name", "Cổng thông tin huyện")
    page.locator("form", has=page.locator("#name")).get_by_role("button").first.click()

    expect(page.get_by_role("status")).to_contain_text("Đã lưu cài đặt")
    assert services.sites.sites.get("demo").name == "Cổng thông tin huyện"


def test_a_page_is_small_and_quick(service_url: str, signed_in: Callable[..., Page]) -> None:
    """Under 150 KB with everything that it loads."""
    page = signed_in()
    page.goto(f"{service_url}/admin/sites/demo/")
    sizes = page.evaluate(
        "performance.getEntries().filter((e) => e.transferSize !== undefined)"
        ".map((e) => e.decodedBodySize)"
    )

    assert 0 < sum(sizes) < 150_000
    assert re.search(r"\d", page.locator("[data-number=online]").text_content() or "")


def test_a_new_token_is_shown_with_its_first_call(
    service_url: str, signed_in: Callable[..., Page]
) -> None:
    """It fits on the phone too, and the call that the page tells of works."""
    page = signed_in(viewport={"width": 1280, "height": 860})
    page.goto(f"{service_url}/admin/sites/demo/tokens")
    page.fill("#name", "báo cáo tháng")
    page.locator("main form.inline button").click()

    faults = look(page, "tokens-fresh-vi")
    call = page.locator("main pre").text_content() or ""
    header, url = re.findall(r'"([^"]+)" (\S+)', call)[0]
    answer = page.request.get(url, headers=dict([header.split(": ")]))

    assert answer.status == 200
    assert answer.json()["headline"] == "visits"
    assert faults == []


def look(page: Page, name: str) -> list[str]:
    """Take pictures of a page, wide and as on a phone at night; return what is wrong with it."""
    OUT.mkdir(exist_ok=True)
    faults = []
    for kind, width, colours in (("wide", 1280, "light"), ("phone-dark", 360, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=colours)
        picture = OUT / f"admin-{name}-{kind}.png"
        page.screenshot(path=picture, full_page=True, animations="disabled")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{name}: wider than the screen")
        faults += [f"{name}: {line}" for line in violations(page)]
    page.set_viewport_size({"width": 1280, "height": 860})
    return faults


def test_a_phone_takes_part_in_the_sign_in(
    service_url: str, services: Services, open_context: Callable[..., BrowserContext]
) -> None:
    """Set up, recovery codes, sign-in with a code: in both languages, without a fault of axe."""
    add_account(services, "thao", operator=True)
    page = open_context(viewport={"width": 1280, "height": 860}).new_page()
    faults: list[str] = []

    def sign_in() -> None:
        page.goto(f"{service_url}/admin/")
        page.fill("#name", "thao")
        page.fill("#password", PASSWORD)
        page.click("button.primary")

    sign_in()
    now = services.clock.now()
    for address in ("198.51.100.7", "2001:db8::7"):
        services.accounts.devices.welcome("thao", Caller(address, EDGE), None, now, confirmed=False)
    page.goto(f"{service_url}/admin/account")
    faults += look(page, "new-devices-vi")
    page.get_by_role("button", name="Đó là tôi").first.click()
    page.get_by_role("button", name="Không phải tôi").click()
    expect(page.get_by_text("Thiết bị đã bị đăng xuất")).to_be_visible()
    expect(page.get_by_text("Một thiết bị mới")).to_have_count(0)
    page.fill("#second-password", PASSWORD)
    page.get_by_role("button", name="Thiết lập").click()
    secret = page.locator("#secret").input_value()
    faults += look(page, "second-factor-vi")
    page.fill("#code", TOTP(secret).now())
    page.get_by_role("button", name="Bật", exact=True).click()
    codes = (page.locator("#codes").text_content() or "").split()
    faults += look(page, "recovery-codes-vi")
    page.locator("main a.primary").click()
    expect(page.get_by_text("Còn 10 mã dự phòng.")).to_be_visible()
    faults += look(page, "account-two-step-vi")
    page.get_by_role("button", name="English").click()
    faults += look(page, "account-two-step-en")
    page.goto(f"{service_url}/admin/accounts")
    expect(page.get_by_text("two-step sign-in", exact=True)).to_be_visible()
    faults += look(page, "accounts-two-step-en")
    page.locator(".who button").click()

    sign_in()
    expect(page.locator("h1")).to_have_text("Enter the code")
    faults += look(page, "code-en")
    page.fill("#code", "000000")
    page.click("button.primary")
    expect(page.get_by_role("alert")).to_contain_text("That did not match")
    page.fill("#code", TOTP(secret).at(time.time() + 30))
    page.click("button.primary")
    expect(page.locator("h1")).to_have_text("Overview")
    page.get_by_role("button", name="Tiếng Việt").click()
    page.locator(".who button").click()

    sign_in()
    expect(page.locator("h1")).to_have_text("Nhập mã xác thực")
    faults += look(page, "code-vi")
    page.fill("#code", codes[0])
    page.click("button.primary")
    expect(page.locator("h1")).to_have_text("Tổng quan")
    assert services.accounts.accounts.get("thao").recovery_codes == 9
    assert faults == []


def test_the_menu_of_a_phone_is_a_button(signed_in: Callable[..., Page]) -> None:
    """Enter opens it, Esc closes it from within and goes back to the button."""
    page = signed_in(viewport={"width": 390, "height": 800})
    button, menu = page.locator("#menu-button"), page.locator("#menu")
    expect(menu).to_be_hidden()

    button.press("Enter")
    expect(menu).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    menu.get_by_role("link").nth(1).press("Escape")

    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
