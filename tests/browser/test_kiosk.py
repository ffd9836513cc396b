"""A kiosk in a browser: touch, keyboard, lost connections, and an empty ballot for the next one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, expect

from stats_service.models.audit import Author
from stats_service.models.polls import Poll
from tests.browser.visitor import Embed
from tests.browser.voting import make_poll, votes

OUT = Path(__file__).parent / "out"
THANKS = "Cảm ơn bạn đã bình chọn."
TABLET = {"viewport": {"width": 800, "height": 1200}, "has_touch": True}


def enrol(page: Page, embed: Embed, poll: Poll) -> None:
    """Open a link on the device, and press its button."""
    by = Author("lan", embed.services.clock.now())
    secret = embed.services.polls.kiosks.make_link(embed.slug, "Một cửa", poll, by)
    page.goto(f"{embed.base}/{embed.slug}/k/enrol/{secret}?lang=vi")
    page.get_by_role("button", name="Đăng ký thiết bị này").click()
    expect(page.get_by_role("button", name="Bình chọn")).to_be_visible()


def poll_of(embed: Embed, **fields: object) -> Poll:
    """Make a poll for kiosks."""
    return make_poll(embed, kiosk_pause=1, **fields)


@pytest.fixture
def tablet(open_context: Callable[..., BrowserContext]) -> Page:
    """Give a tab of a tablet whose time stands still until the test moves it."""
    page = open_context(**TABLET).new_page()
    page.clock.install()
    return page


def test_one_after_the_other_votes_by_touch(tablet: Page, embed: Embed) -> None:
    """Thanks, then an empty ballot by itself, on a screen that stays full."""
    poll = poll_of(embed)
    enrol(tablet, embed, poll)
    tablet.get_by_text("Thủ tục hành chính").tap()
    expect(tablet.get_by_role("radio", checked=True)).to_have_count(1)
    full = tablet.evaluate("Boolean(document.fullscreenElement)")

    tablet.get_by_role("button", name="Bình chọn").tap()
    expect(tablet.get_by_role("status")).to_have_text(THANKS)
    assert tablet.evaluate("Boolean(document.fullscreenElement)") == full
    tablet.clock.fast_forward(3_000)

    expect(tablet.get_by_role("radio")).to_have_count(4)
    expect(tablet.get_by_role("radio", checked=True)).to_have_count(0)
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_the_keyboard_is_enough(tablet: Page, embed: Embed) -> None:
    """Tab, Space, arrows, Enter; then the next one begins at the top."""
    poll = poll_of(embed)
    enrol(tablet, embed, poll)

    tablet.get_by_role("radio").first.focus()
    tablet.keyboard.press("ArrowDown")
    tablet.keyboard.press("Enter")

    expect(tablet.get_by_role("status")).to_have_text(THANKS)
    expect(tablet.get_by_role("status")).to_be_focused()
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_a_lost_answer_is_asked_for_until_it_comes(tablet: Page, embed: Embed) -> None:
    """The first ballot arrives and its answer does not, then a Wi-Fi answers: counted once."""
    poll = poll_of(embed)
    enrol(tablet, embed, poll)
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and len(lost) < 2:
            lost.append(route.request.post_data or "")
            if len(lost) == 1:
                route.fetch()
                route.abort()
            else:
                route.fulfill(body="<main>Sign in to the Wi-Fi</main>", content_type="text/html")
        else:
            route.continue_()

    tablet.route("**/k/**", lose)
    tablet.get_by_label("Thủ tục hành chính").check()
    tablet.get_by_role("button", name="Bình chọn").click()
    expect(tablet.get_by_role("status")).to_contain_text("mất kết nối")
    for _ in range(2):
        tablet.clock.run_for(2_100)
        tablet.wait_for_function("() => true")
    expect(tablet.locator(".large")).to_have_text(THANKS)

    assert len(set(lost)) == 1
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_who_walks_away_leaves_an_empty_ballot(tablet: Page, embed: Embed) -> None:
    """A minute without a touch; a touch begins it anew; another language goes back as well."""
    poll = poll_of(embed)
    enrol(tablet, embed, poll)
    tablet.get_by_role("link", name="English").click()
    expect(tablet.get_by_role("button", name="Vote")).to_be_visible()
    tablet.get_by_role("radio").first.check()

    tablet.clock.fast_forward(50_000)
    tablet.keyboard.press("Shift")
    tablet.clock.fast_forward(50_000)
    expect(tablet.get_by_role("radio", checked=True)).to_have_count(1)
    tablet.clock.fast_forward(11_000)

    expect(tablet.get_by_role("button", name="Bình chọn")).to_be_visible()
    expect(tablet.get_by_role("radio", checked=True)).to_have_count(0)
    assert votes(embed, poll) == {}


def test_it_works_without_javascript(
    open_context: Callable[..., BrowserContext], embed: Embed
) -> None:
    """A form, the thanks, and the empty ballot again by a refresh."""
    poll = poll_of(embed)
    plain = open_context(java_script_enabled=False).new_page()
    enrol(plain, embed, poll)

    plain.get_by_label("Thủ tục hành chính").check()
    plain.get_by_role("button", name="Bình chọn").click()
    expect(plain.get_by_role("status")).to_have_text(THANKS)

    expect(plain.get_by_role("radio")).to_have_count(4)  # two seconds later
    assert votes(embed, poll) == {"thu-tuc": 1}


@pytest.mark.parametrize(
    ("look", "options"),
    [
        ("tablet", TABLET),
        ("narrow", {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}),
        ("contrast", {"viewport": {"width": 1280, "height": 800}, "forced_colors": "active"}),
    ],
)
def test_its_states_are_accessible(
    open_context: Callable[..., BrowserContext],
    embed: Embed,
    look: str,
    options: dict[str, object],
) -> None:
    """Ballot, thanks, refusal: axe-core finds nothing, nothing sticks out, targets are large."""
    poll = poll_of(embed, other=80)
    page = open_context(**options).new_page()
    page.clock.install()
    by = Author("lan", embed.services.clock.now())
    secret = embed.services.polls.kiosks.make_link(embed.slug, "Một cửa", poll, by)

    def look_at(state: str) -> None:
        OUT.mkdir(exist_ok=True)
        page.screenshot(path=OUT / f"kiosk-{look}-{state}.png", full_page=True)
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.goto(f"{embed.base}/{embed.slug}/k/enrol/{secret}?lang=vi")
    look_at("enrol")
    page.get_by_role("button", name="Đăng ký thiết bị này").click()
    page.get_by_role("radio").first.check()
    look_at("ballot")
    for target in page.locator("label:has([type=radio]), form button").all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= 48
    page.get_by_role("radio").last.check()
    page.get_by_role("button", name="Bình chọn").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look_at("refused")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Bình chọn").click()
    expect(page.locator(".large")).to_have_text(THANKS)
    look_at("thanks")
