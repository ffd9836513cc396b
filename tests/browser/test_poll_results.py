"""`<stats-poll>`: results, when and as the poll shows them, and the archive of closed polls."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from stats_service.models.polls import Choice
from tests.browser.visitor import Embed
from tests.browser.voting import POLL, QUESTION, TEXTS, Voter, cast, make_poll


def test_the_numbers_come_before_the_poll(voter: Voter, embed: Embed) -> None:
    """The view is sent before the second file is asked for, and no number waits for a poll."""
    make_poll(embed)
    asked: list[str] = []
    voter.page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    voter.page.add_init_script("""
        addEventListener("DOMContentLoaded", () => {
          new MutationObserver((_, observer) => {
            window.first = document.querySelector("stats-poll").shadowRoot ? "poll" : "views";
            observer.disconnect();
          }).observe(document.querySelector("stats-views"), {childList: true});
        });
    """)

    voter.open(embed.put("/tin/1", "<stats-views></stats-views>" + POLL))

    expect(voter.poll.get_by_role("group", name=QUESTION)).to_be_visible()
    assert asked.index("page") < asked.index("embed-votes.1.js")
    assert voter.page.evaluate("first") == "views"


def test_screen_readers_hear_the_result(voter: Voter, embed: Embed) -> None:
    """The live region carries the total and the leading answer besides the thanks."""
    make_poll(embed)
    voter.open(embed.put("/tin/1", POLL))

    voter.vote("Tin tức - Sự kiện")

    expect(voter.message()).to_have_text(
        "Cảm ơn bạn đã bình chọn. Tổng số: 1 phiếu. Dẫn đầu: Tin tức - Sự kiện, 100%."
    )


@pytest.mark.parametrize(
    ("cast_votes", "shown", "said"),
    [
        ("aabb", ["50% (2 phiếu)"] * 2 + ["0% (0 phiếu)"], "Cùng dẫn đầu: A, B, mỗi mục 50%."),
        ("abc", ["33,3% (1 phiếu)"] * 3, "Cùng dẫn đầu: A, B, C, mỗi mục 33,3%."),
        (
            "a" * 29 + "b",
            ["96,7% (29 phiếu)", "3,3% (1 phiếu)", "0% (0 phiếu)"],
            "Dẫn đầu: A, 96,7%.",
        ),
    ],
)
def test_ties_are_equal_and_said_so(
    voter: Voter, embed: Embed, cast_votes: str, shown: list[str], said: str
) -> None:
    """Nobody leads who has no more than another, and equal votes are equal percentages."""
    choices = tuple(Choice(id=name, text={"vi": name.upper()}) for name in "abc")
    poll = make_poll(embed, choices=choices)
    for name in cast_votes:
        cast(embed, poll, name)
    voter.open(embed.put("/tin/1", POLL))

    voter.press("Xem kết quả")

    assert [value for _, value in voter.bars()] == shown
    expect(voter.message()).to_contain_text(said)


def test_results_can_be_looked_at_first(voter: Voter, embed: Embed) -> None:
    """See, and come back; the focus follows."""
    make_poll(embed)
    voter.open(embed.put("/tin/1", POLL))
    voter.choose("Thủ tục hành chính")

    voter.press("Xem kết quả")
    assert voter.focused() == "outcome"
    assert len(voter.bars()) == 4
    voter.press("Quay lại bình chọn")

    expect(voter.poll.get_by_label("Thủ tục hành chính")).to_be_checked()
    expect(voter.poll.get_by_label("Thủ tục hành chính")).to_be_focused()
    assert voter.ballots == []


@pytest.mark.parametrize(
    ("when", "note", "sees"),
    [
        ("after-voting", "Kết quả hiện ra sau khi bạn bình chọn.", True),
        ("after-closing", "Kết quả được công bố sau khi kết thúc bình chọn.", False),
        ("admins", "Kết quả của bình chọn này không công bố tại đây.", False),
    ],
)
def test_results_are_shown_when_the_poll_says(
    voter: Voter, embed: Embed, when: str, note: str, *, sees: bool
) -> None:
    """Before voting nobody sees them, and nobody is offered to; the widget says when."""
    make_poll(embed, results_when=when)
    voter.open(embed.put("/tin/1", POLL))
    expect(voter.poll.get_by_text(note)).to_be_visible()
    expect(voter.page.get_by_role("button", name="Xem kết quả")).to_be_hidden()

    voter.vote("Tin tức - Sự kiện")

    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn.")
    assert bool(voter.bars()) is sees
    if not sees:
        expect(voter.poll.get_by_text(note)).to_be_visible()


@pytest.mark.parametrize(
    ("shown_as", "bar", "total"),
    [
        ("counts", "1 phiếu", "Tổng số: 1 phiếu."),
        ("percents", "100%", ""),
        ("both", "100% (1 phiếu)", "Tổng số: 1 phiếu."),
    ],
)
def test_results_are_shown_as_the_poll_says(
    new_voter: Callable[..., Voter], embed: Embed, shown_as: str, bar: str, total: str
) -> None:
    """Counts, percents or both; a bar is as long as its share either way."""
    make_poll(embed, results_as=shown_as)
    voter = new_voter(reduced_motion="reduce")
    voter.open(embed.put("/tin/1", POLL))

    voter.vote("Tin tức - Sự kiện")

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert voter.bars()[0] == ("*Tin tức - Sự kiện", bar)
    assert voter.poll.locator("[part=total]").inner_text().strip() == total
    widths = voter.poll.locator("[part~=fill]").evaluate_all(
        "bars => bars.map(bar => bar.offsetWidth / bar.parentNode.offsetWidth)"
    )
    assert widths == [1, 0, 0, 0]


def test_a_withdrawn_choice_cannot_be_chosen_but_is_reported(voter: Voter, embed: Embed) -> None:
    """Its votes stay in the result, marked."""
    poll = make_poll(embed)
    url = embed.put("/tin/1", POLL)
    voter.open(url)
    voter.vote("Tin tức - Sự kiện")
    expect(voter.message()).to_contain_text("Cảm ơn")
    hidden = tuple(Choice(id=i, text=TEXTS[i], hidden=i == "tin-tuc") for i in TEXTS)
    now = embed.services.clock.now()
    embed.services.polls.polls.edit(embed.slug, poll.id, "test", now, choices=hidden)

    voter.open(url)

    assert voter.bars()[0] == ("*Tin tức - Sự kiện (không còn nhận phiếu)", "100% (1 phiếu)")


def test_the_archive_lists_the_closed_polls(voter: Voter, embed: Embed) -> None:
    """The latest first and unfolded, the others to unfold."""
    for question in ("Câu hỏi một", "Câu hỏi hai"):
        poll = make_poll(embed, question={"vi": question})
        embed.services.polls.polls.close(embed.slug, poll.id, "test", embed.services.clock.now())

    voter.open(embed.put("/tin/1", "<stats-poll-archive></stats-poll-archive>"))

    archive = voter.page.locator("stats-poll-archive")
    expect(archive.locator("summary")).to_have_text(["Câu hỏi hai", "Câu hỏi một"])
    expect(archive.locator("[part~=bar]:visible")).to_have_count(4)
    archive.locator("summary").nth(1).click()
    expect(archive.locator("[part~=bar]:visible")).to_have_count(8)
    assert voter.errors == []


def test_an_empty_archive_says_so(voter: Voter, embed: Embed) -> None:
    """No poll has closed yet."""
    voter.open(embed.put("/tin/1", "<stats-poll-archive></stats-poll-archive>"))

    expect(voter.page.get_by_text("Chưa có cuộc bình chọn nào kết thúc.")).to_be_visible()
