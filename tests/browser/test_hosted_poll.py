"""The page on which one votes without JavaScript: by itself, and in a frame of the portal's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from stats_service.models.polls import Choice, Poll
from tests.browser.visitor import Embed
from tests.browser.voting import QUESTION, cast, make_poll, votes

OUT = Path(__file__).parent / "out"
THANKS = "Cảm ơn bạn đã bình chọn."


def address(embed: Embed, poll: Poll, query: str = "") -> str:
    """Return where a poll has its page."""
    return f"{embed.base}/{embed.slug}/p/{poll.id}{query}"


@pytest.fixture
def plain(open_context: Callable[..., BrowserContext]) -> Page:
    """Give a tab of a browser without JavaScript."""
    return open_context(java_script_enabled=False).new_page()


def test_one_can_vote_without_javascript(plain: Page, embed: Embed) -> None:
    """A form, a button, the thanks and the result; loading it again votes no more."""
    poll = make_poll(embed)
    plain.goto(address(embed, poll))

    plain.get_by_label("Thủ tục hành chính").check()
    plain.get_by_role("button", name="Bình chọn").click()

    expect(plain.get_by_role("status")).to_have_text(THANKS)
    expect(plain.get_by_text("100% (1 phiếu)")).to_be_visible()
    plain.reload()
    plain.goto(address(embed, poll))
    expect(plain.get_by_role("radio")).to_have_count(0)
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_the_keyboard_is_enough_without_javascript(plain: Page, embed: Embed) -> None:
    """Tab, arrows, Enter."""
    poll = make_poll(embed)
    plain.goto(address(embed, poll))

    plain.keyboard.press("Tab")  # the portal
    plain.keyboard.press("Tab")  # the other language
    plain.keyboard.press("Tab")
    plain.keyboard.press("Space")
    plain.keyboard.press("ArrowDown")
    plain.keyboard.press("Enter")

    expect(plain.get_by_role("status")).to_have_text(THANKS)
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_too_many_choices_are_sent_back_as_they_were(plain: Page, embed: Embed) -> None:
    """Without a script only the service can say so; what was chosen is still chosen."""
    poll = make_poll(embed, multiple=True, max_choices=2)
    plain.goto(address(embed, poll))

    for label in ("Tin tức - Sự kiện", "Thủ tục hành chính", "Hỏi đáp, góp ý"):
        plain.get_by_label(label).check()
    plain.get_by_role("button", name="Bình chọn").click()

    expect(plain.get_by_role("alert")).to_contain_text("hãy chọn đúng số mục")
    expect(plain.get_by_role("checkbox", checked=True)).to_have_count(3)
    assert votes(embed, poll) == {}


def test_a_frame_without_third_party_cookies_offers_a_window_of_its_own(
    page: Page, embed: Embed
) -> None:
    """Over plain http a frame of another site keeps no cookie: told, and a way out."""
    poll = make_poll(embed)
    page.goto(
        embed.put("/tin/1", f'<iframe src="{address(embed, poll)}" title="Bình chọn"></iframe>')
    )
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("group", name=QUESTION)).to_be_visible()

    frame.get_by_label("Hỏi đáp, góp ý").check()
    frame.get_by_role("button", name="Bình chọn").click()
    expect(frame.get_by_role("alert")).to_contain_text("Chưa ghi nhận")
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Mở trong cửa sổ riêng").click()
    opened.value.get_by_label("Hỏi đáp, góp ý").check()
    opened.value.get_by_role("button", name="Bình chọn").click()

    expect(opened.value.get_by_role("status")).to_have_text(THANKS)
    assert votes(embed, poll) == {"hoi-dap": 1}


def test_a_frame_of_the_same_host_votes(page: Page, embed: Embed, service_url: str) -> None:
    """The portal and the service on one host, as behind one proxy."""
    embed.services.sites.sites.edit(
        embed.slug, hosts=(embed.portal.host, service_url.removeprefix("http://"))
    )
    poll = make_poll(embed)
    frame_html = f'<iframe src="{address(embed, poll)}" title="Bình chọn"></iframe>'
    page.route(
        f"{service_url}/portal",
        lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=frame_html),
    )
    page.goto(f"{service_url}/portal")
    frame = page.frame_locator("iframe")

    frame.get_by_label("Hỏi đáp, góp ý").check()
    frame.get_by_role("button", name="Bình chọn").click()

    expect(frame.get_by_role("status")).to_have_text(THANKS)
    assert votes(embed, poll) == {"hoi-dap": 1}


def test_two_frames_of_a_first_visit_both_vote(page: Page, embed: Embed, service_url: str) -> None:
    """They load at once, each brings a token, and the browser keeps one of them."""
    embed.services.sites.sites.edit(
        embed.slug, hosts=(embed.portal.host, service_url.removeprefix("http://"))
    )
    polls = [make_poll(embed), make_poll(embed)]
    frames = "".join(f'<iframe src="{address(embed, p)}" title="{p.id}"></iframe>' for p in polls)
    page.route(
        f"{service_url}/portal",
        lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=frames),
    )
    page.goto(f"{service_url}/portal")

    for number in (0, 1):
        frame = page.frame_locator("iframe").nth(number)
        frame.get_by_label("Hỏi đáp, góp ý").check()
        frame.get_by_role("button", name="Bình chọn").click()
        expect(frame.get_by_role("status")).to_have_text(THANKS)

    assert [votes(embed, poll) for poll in polls] == [{"hoi-dap": 1}] * 2


@pytest.mark.parametrize(
    ("sandbox", "hint", "sent"),
    [
        ("", True, False),
        ("allow-forms", True, False),
        ("allow-scripts allow-forms allow-popups", False, False),
        ("allow-forms allow-same-origin", True, True),
    ],
)
def test_a_sandboxed_frame_votes_or_says_what_keeps_it_from_that(
    page: Page, embed: Embed, service_url: str, sandbox: str, hint: bool, sent: bool
) -> None:
    """Beforehand where no script runs, afterwards where the form could be sent."""
    embed.services.sites.sites.edit(
        embed.slug, hosts=(embed.portal.host, service_url.removeprefix("http://"))
    )
    poll = make_poll(embed)
    frame_html = f'<iframe sandbox="{sandbox}" src="{address(embed, poll)}" title="x"></iframe>'
    page.route(
        f"{service_url}/portal",
        lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=frame_html),
    )
    page.goto(f"{service_url}/portal")
    frame = page.frame_locator("iframe")

    # Where scripts may run, what is in `noscript` is no element of the page.
    expect(frame.locator("noscript p")).to_have_count(1 if hint else 0)
    frame.get_by_label("Hỏi đáp, góp ý").check()
    frame.get_by_role("button", name="Bình chọn").click()

    if sent:
        expect(frame.get_by_role("status")).to_have_text(THANKS)
    elif sandbox:
        expect(frame.get_by_role("alert")).to_contain_text("không cho gửi phiếu từ trong khung")
    if not sent:
        expect(frame.locator("b.address")).to_be_visible()
        expect(frame.locator("b.address")).to_have_text(address(embed, poll, "?lang=vi"))
    assert votes(embed, poll) == ({"hoi-dap": 1} if sent else {})


def test_what_a_tall_frame_says_is_in_the_window(
    page: Page, embed: Embed, service_url: str
) -> None:
    """The button stood at its foot, the message stands at its head: the page goes there."""
    embed.services.sites.sites.edit(
        embed.slug, hosts=(embed.portal.host, service_url.removeprefix("http://"))
    )
    choices = tuple(Choice(id=f"m{n}", text={"vi": f"Mục {n}"}) for n in range(50))
    poll = make_poll(embed, choices=choices, multiple=True, max_choices=2)
    body = f'<p>Trước</p><iframe src="{address(embed, poll)}" title="x" height="2600"></iframe>'
    page.route(
        f"{service_url}/portal",
        lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=body),
    )
    page.set_viewport_size({"width": 390, "height": 664})
    page.goto(f"{service_url}/portal")
    frame = page.frame_locator("iframe")

    frame.get_by_role("button", name="Bình chọn").click()
    expect(frame.get_by_role("alert")).to_contain_text("hãy chọn đúng số mục")
    expect(frame.get_by_role("alert")).to_be_in_viewport(ratio=1)
    frame.get_by_label("Mục 49").check()
    frame.get_by_role("button", name="Bình chọn").click()
    expect(frame.get_by_role("status")).to_have_text(THANKS)
    expect(frame.get_by_role("status")).to_be_in_viewport(ratio=1)


def test_the_result_is_printed_with_its_bars(page: Page, embed: Embed) -> None:
    """The portal's name, the question, the bars and when they were so; no buttons."""
    poll = make_poll(embed)
    cast(embed, poll, "tin-tuc")
    page.goto(address(embed, poll, "?lang=vi&results=1"))
    page.emulate_media(media="print")

    expect(page.get_by_text("Số liệu lúc")).to_be_visible()
    expect(page.get_by_role("link")).to_have_count(0)
    bar = page.get_by_role("progressbar").first
    assert bar.evaluate("e => getComputedStyle(e).printColorAdjust") == "exact"


def test_another_sites_page_cannot_frame_it(page: Page, embed: Embed, service_url: str) -> None:
    """A page that is not the portal's gets no poll to put a trap over."""
    poll = make_poll(embed)
    page.route(
        "http://evil.test/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<iframe src="{address(embed, poll)}" title="trap"></iframe>',
        ),
    )

    page.goto("http://evil.test/")

    assert page.frames[1].url.startswith("chrome-error:")
    expect(page.frame_locator("iframe").get_by_role("radio")).to_have_count(0)


@pytest.mark.parametrize(
    ("look", "options"),
    [
        ("wide", {"viewport": {"width": 900, "height": 700}}),
        ("narrow", {"viewport": {"width": 320, "height": 640}}),
        ("dark", {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"}),
        ("contrast", {"viewport": {"width": 390, "height": 800}, "forced_colors": "active"}),
    ],
)
def test_the_page_is_right_in_every_look(
    open_context: Callable[..., BrowserContext], embed: Embed, look: str, options: dict[str, object]
) -> None:
    """The form, then the results; in both languages."""
    page = open_context(**options).new_page()
    poll = make_poll(embed, multiple=True, max_choices=2, other=80)
    for choice in ("tin-tuc", "tin-tuc", "tin-tuc", "thu-tuc", "hoi-dap"):
        cast(embed, poll, choice)

    for name, query in {"form": "?lang=vi", "results": "?lang=en&results=1"}.items():
        page.goto(address(embed, poll, query))
        OUT.mkdir(exist_ok=True)
        page.screenshot(path=OUT / f"hosted-{name}-{look}.png", full_page=True)
        sizes = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert sizes[0] <= sizes[1]
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["failureSummary"]) for each in found] == []
