"""The demo portal: every page in every look, readable by everyone; its pictures are kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from stats_service.services.container import Services
from stats_service.web.demo.content import load_content
from stats_service.web.demo.pages import SLUG

OUT = Path(__file__).parent / "out"
PAGES = {
    "front": "/demo/",
    "news": "/demo/tin-tuc/",
    "article": "/demo/tin-tuc/le-hoi-hoa-cai-ven-song",
    "polls": "/demo/binh-chon/",
    "procedures": "/demo/thu-tuc/",
    "documents": "/demo/van-ban/",
    "text": "/demo/ban-chu/",
    "english": "/demo/en/",
}
#: Every page in these looks, and the three with most on them in the others.
COMMON_LOOKS = ("wide", "narrow", "dark")
LOOKS: dict[str, dict[str, object]] = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "contrast": {"viewport": {"width": 800, "height": 900}, "forced_colors": "active"},
    # A window of 1280 pixels at 200 %.
    "zoomed": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
}


@pytest.fixture
def visit(
    open_context: Callable[..., BrowserContext], service_url: str
) -> Callable[..., tuple[Page, list[str]]]:
    """Give a function that opens a page of the demo; what went wrong on it comes along."""

    def visit_page(path: str, **options: object) -> tuple[Page, list[str]]:
        page = open_context(**options).new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.goto(service_url + path)
        page.wait_for_load_state("networkidle")
        return page, wrong

    return visit_page


@pytest.mark.parametrize(
    ("name", "look"),
    [
        (name, look)
        for name in PAGES
        for look in LOOKS
        if look in COMMON_LOOKS or name in ("front", "article", "documents")
    ],
)
def test_a_page_is_right_in_every_look(
    visit: Callable[..., tuple[Page, list[str]]], name: str, look: str
) -> None:
    """Nothing sticks out, nothing is logged, and axe-core finds nothing to object to."""
    page, wrong = visit(PAGES[name], **LOOKS[look])

    OUT.mkdir(exist_ok=True)
    page.screenshot(path=OUT / f"{name}-{look}.png", full_page=True)
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
    assert wrong == []
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_the_front_page_shows_the_counters(
    visit: Callable[..., tuple[Page, list[str]]], services: Services
) -> None:
    """The total begins with what the portal had before."""
    page, _ = visit(PAGES["front"])

    rows = page.locator("stats-visits").evaluate(
        "e => [...e.shadowRoot.querySelectorAll('dd')].map(cell => cell.textContent)"
    )
    counts = services.traffic.views.counts(services.sites.sites.get(SLUG), services.clock.now())
    assert rows[0] == f"{counts.visits.total:,}".replace(",", ".")
    assert counts.visits.opening > 1_800_000


def test_the_most_read_articles_stand_in_order(
    visit: Callable[..., tuple[Page, list[str]]],
) -> None:
    """The service has a list of them, in the place of the portal's own."""
    page, _ = visit(PAGES["front"])

    expect(page.locator(".stats-top-item")).to_have_count(5)
    shown = page.locator(".stats-top-number").all_inner_texts()

    views = [int(text.split(" ")[0].replace(".", "")) for text in shown]
    assert len(views) == 5
    assert views == sorted(views, reverse=True)


def test_the_list_shows_the_views_of_every_article(
    visit: Callable[..., tuple[Page, list[str]]],
) -> None:
    """Twenty articles, with numbers of their own."""
    page, _ = visit(PAGES["news"])

    shown = page.locator(".list stats-views").all_inner_texts()

    assert len(shown) == len(load_content().articles) == 20
    assert all(text.endswith("lượt xem") for text in shown)
    # Two may by chance have been read as often; twenty readings of one number would be a fault.
    assert len(set(shown)) > 15


def test_an_articles_views_go_up(visit: Callable[..., tuple[Page, list[str]]]) -> None:
    """Reading it again is another view."""
    path = PAGES["article"]
    before = visit(path)[0].locator(".story stats-views").inner_text()

    after = visit(path)[0].locator(".story stats-views").inner_text()

    first, second = (int(text.split(" ")[0].replace(".", "")) for text in (before, after))
    assert second == first + 1


def test_the_single_page_application_counts_each_procedure(
    visit: Callable[..., tuple[Page, list[str]]],
) -> None:
    """Clicking through it, and going back."""
    page, wrong = visit(PAGES["procedures"])

    def after(action: Callable[[], object]) -> str:
        with page.expect_response("**/page"):
            action()
        page.wait_for_function("() => document.querySelector('#view stats-views').innerText")
        return page.locator("#view stats-views").first.inner_text()

    first = after(page.get_by_role("link", name="Đăng ký khai sinh").click)
    listed = after(page.go_back)
    second = after(page.go_forward)

    assert (first, listed, second) == ("1 lượt xem", "1 lượt xem", "2 lượt xem")
    assert page.locator("#view h2").inner_text() == "Đăng ký khai sinh"
    assert wrong == []
