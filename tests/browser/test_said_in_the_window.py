"""What a widget says stands in the window after every action, measured as a box of the page.

On a long article, with few and with many choices, on phones and on a notebook; in the page's own
flow, and inside a box that clips (whose sticky children stay where they are).
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from stats_service.models.polls import Choice, Poll
from tests.browser.visitor import Embed
from tests.browser.voting import POLL, Voter, cast, make_poll, refusal

PHONE, LARGER_PHONE, NOTEBOOK = (360, 640), (390, 664), (1366, 650)
LINE = "<p>Bài viết dài của cổng thông tin, có nhiều dòng trước và sau cuộc bình chọn.</p>"
PLACES = {
    "page": f"{LINE * 20}<div>{{}}</div>{LINE * 40}",
    "clip": f'{LINE * 20}<div style="overflow: hidden">{{}}</div>{LINE * 40}',
}
HEAD = '<meta name="viewport" content="width=device-width">'


def make(embed: Embed, number: int, **fields: object) -> Poll:
    """Open a poll with so many choices."""
    choices = tuple(
        Choice(id=f"muc-{n}", text={"vi": f"Mục thứ {n} của cuộc bình chọn"}) for n in range(number)
    )
    return make_poll(embed, choices=choices, **fields)


def open_page(
    new_voter: Callable[..., Voter], embed: Embed, window: tuple[int, int], place: str, widget: str
) -> Voter:
    """Open an article with a widget in the middle."""
    voter = new_voter(viewport={"width": window[0], "height": window[1]})
    body = PLACES[place].format(widget)
    voter.open(embed.put("/tin/1", body, head=HEAD + embed.snippet))
    return voter


def check_shown(page: Page, message: Locator, words: str) -> None:
    """Wait until the message says it, and check that the whole of it is in the window."""
    expect(message).to_contain_text(words)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
    box = message.evaluate("e => { const b = e.getBoundingClientRect(); return [b.top, b.bottom] }")
    assert 0 <= box[0] < box[1] <= page.evaluate("innerHeight"), (words, box)


def scroll_to(voter: Voter, part: str, top: int) -> None:
    """Put a button so many pixels below the window's top."""
    voter.page.locator(f"[part~={part}]:visible").first.evaluate(
        "(e, top) => scrollBy(0, e.getBoundingClientRect().top - top)", top
    )


@pytest.mark.parametrize(
    ("number", "window", "place"),
    [
        (2, PHONE, "page"),
        (8, LARGER_PHONE, "clip"),
        (50, PHONE, "page"),
        (50, LARGER_PHONE, "clip"),
        (2, NOTEBOOK, "clip"),
        (50, NOTEBOOK, "page"),
    ],
)
def test_whatever_came_of_a_ballot_is_in_the_window(
    new_voter: Callable[..., Voter], embed: Embed, number: int, window: tuple[int, int], place: str
) -> None:
    """Nothing chosen, refused, already voted or thanks, wherever the button stood."""
    poll = make(embed, number)
    voter = open_page(new_voter, embed, window, place, POLL)
    page, message = voter.page, voter.message()

    for top in (120, window[1] - 80):
        scroll_to(voter, "vote", top)
        voter.press("Bình chọn")
        check_shown(page, message, "Vui lòng chọn một mục.")
        if place == "page":
            expect(voter.poll.get_by_role("radio").first).to_be_in_viewport()
    voter.poll.get_by_role("radio").last.check()
    page.route("**/ballots", refusal(embed, 403, "program"))
    scroll_to(voter, "vote", 120)
    voter.press("Bình chọn")
    check_shown(page, message, "chương trình tự động")
    page.unroute("**/ballots")
    if number == 8:
        token = page.evaluate(f"localStorage.getItem('stats-voter:{embed.slug}')")
        cast(embed, poll, "muc-1", token=token)
    scroll_to(voter, "vote", 120)
    voter.press("Bình chọn")
    check_shown(page, message, "đã bình chọn trước đó" if number == 8 else "Cảm ơn bạn")
    expect(page.get_by_role("group").first).to_be_in_viewport()


def test_that_a_ballot_waits_is_in_the_window(
    new_voter: Callable[..., Voter], embed: Embed
) -> None:
    """A long sentence, on a narrow screen."""
    poll = make(embed, 20, protection={"per_address": 1})
    cast(embed, poll, "muc-1", address="127.0.0.1")
    voter = open_page(new_voter, embed, PHONE, "page", POLL)

    voter.poll.get_by_role("radio").last.check()
    scroll_to(voter, "vote", 120)
    voter.press("Bình chọn")

    check_shown(voter.page, voter.message(), "chờ quản trị viên duyệt")


def test_what_came_of_a_rating_is_in_the_window(
    new_voter: Callable[..., Voter], embed: Embed
) -> None:
    """Stars at the window's foot: the thanks below them, and that one's own was taken back."""
    voter = open_page(new_voter, embed, PHONE, "clip", "<stats-rating></stats-rating>")
    voter.page.locator("label[part=star]").first.evaluate(
        "e => scrollBy(0, e.getBoundingClientRect().bottom - innerHeight + 4)"
    )

    voter.page.locator("label[part=star]").nth(3).click()
    check_shown(voter.page, voter.message("stats-rating"), "Cảm ơn bạn đã đánh giá.")
    voter.press("Bỏ đánh giá của tôi")
    check_shown(voter.page, voter.message("stats-rating"), "Đã bỏ đánh giá của bạn.")
