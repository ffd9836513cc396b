"""The page of what happens now, as it renews itself, and the television's."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import redis
from playwright.sync_api import BrowserContext, Page, Route, expect

from stats_service.config import Settings
from stats_service.models.accounts import SCREEN
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from tests.browser.axe import faults
from tests.support.pages import BROWSER, new_hit
from tests.support.processes import wait_until

#: Pictures for people to look at; not kept.
OUT = Path(__file__).parent / "out"


#: Articles of the demo, and how many read each; the last is one reader's.
READ = {
    "/demo/tin-tuc/khanh-thanh-cau-song-vac": 9,
    "/demo/tin-tuc/le-hoi-ram-thang-gieng-thu-hut-hang-nghin-du-khach": 6,
    "/demo/van-ban/nghi-quyet-12": 5,
    "/demo/tin-tuc/lich-tiep-cong-dan": 4,
    "/demo/thu-tuc/dang-ky-khai-sinh": 3,
    "/demo/alone": 1,
}
SOURCES = ("www.google.com.vn", "", "l.facebook.com", "", "www.google.com.vn", "coccoc.com")


@pytest.fixture(scope="session", autouse=True)
def readers(service_url: str, services: Services, settings: Settings) -> None:
    """Let the demo be read, and have been read for half an hour."""
    number = 0
    for article, times in READ.items():
        for _ in range(times):
            number += 1
            body = {"hit": new_hit(), "article": article, "via": SOURCES[number % len(SOURCES)]}
            agent = BROWSER.replace("142", str(100 + number))
            request = urllib.request.Request(
                f"{service_url}/v1/demo/page",
                json.dumps(body).encode(),
                {"User-Agent": agent, "Origin": service_url, "Content-Type": "text/plain"},
            )
            with urllib.request.urlopen(request) as answer:
                assert json.load(answer)["counted"]
    now = services.clock.now()
    minutes = [int(now // 60) - 29, *(18 + (n * 7) % 11 + n // 3 for n in range(30))]
    keys = SiteKeys(settings.key_prefix, "demo")
    client = redis.Redis.from_url(settings.redis_url)
    client.hset(keys.addresses(int(now // 1800)), "o", msgspec.msgpack.encode(minutes))


@pytest.fixture
def screen(service_url: str, services: Services, operator: str) -> str:
    """Give the address of a television's page."""
    now = services.clock.now()
    _token, key = services.accounts.tokens.add("demo", "sảnh", SCREEN, operator, now)
    return f"{service_url}/s/demo/screen/{key}"


def next_round(page: Page) -> None:
    """Let the page renew itself now."""
    with page.expect_response(lambda answer: "/now" in answer.url or "/screen/" in answer.url):
        page.clock.run_for(10_000)


def test_the_page_renews_itself_and_says_when_it_cannot(
    service_url: str, signed_in: Callable[..., Page]
) -> None:
    """What is open stays open; nothing is asked while nobody looks; it comes back by itself."""
    page = signed_in()
    page.clock.install()
    page.goto(f"{service_url}/admin/sites/demo/now?lang=en")
    summary = page.get_by_text("The numbers as a table")
    summary.click()
    page.evaluate("document.querySelector('[data-now]').marked = true")
    before = page.locator("[data-now]").get_attribute("data-now")
    assert faults(page) == []

    def renewed() -> bool:
        """Tell whether the service's own clock, which is told in seconds, has gone on."""
        next_round(page)
        return page.locator("[data-now]").get_attribute("data-now") != before

    wait_until(renewed)
    expect(page.get_by_role("cell").first).to_be_visible()
    assert page.evaluate("document.querySelector('[data-now]').marked")

    def away(route: Route) -> None:
        route.fulfill(status=200, body="<p>Wi-Fi</p>")

    page.route("**/now**", away)
    next_round(page)
    stale = page.get_by_text("Not up to date since")
    expect(stale).to_be_visible()
    page.unroute("**/now**", away)
    next_round(page)
    expect(stale).to_be_hidden()

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.clock.run_for(60_000)
    assert asked == []


def test_a_television_shows_it_until_its_link_is_revoked(
    screen: str, services: Services, open_context: Callable[..., BrowserContext]
) -> None:
    """Everything fits on the screen, in type that is read from five metres."""
    page = open_context(viewport={"width": 1920, "height": 1080}).new_page()
    page.clock.install()
    page.goto(screen)
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    assert faults(page) == []
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('main *')].filter((e) => [...e.childNodes]"
        ".some((n) => n.nodeType == 3 && n.nodeValue.trim()) && e.getClientRects().length"
        " && e.closest('svg') == null).map((e) => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 36
    # Nothing is cut off, and nothing needs to be scrolled to.
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    cut = page.evaluate(
        "[...document.querySelectorAll('.read, .from section')].map((e) =>"
        "e.lastElementChild.getBoundingClientRect().bottom - e.getBoundingClientRect().bottom)"
    )
    assert max(cut) <= 1
    OUT.mkdir(exist_ok=True)
    page.screenshot(path=OUT / "screen.png")
    token = screen.rpartition("/")[2].split("_")[2]
    services.accounts.tokens.revoke("demo", token, "lan", services.clock.now())
    page.clock.run_for(10_000)
    expect(page.get_by_role("heading", name="Trang này không tồn tại")).to_be_visible()
