"""`<stats-poll>`: vote, vote twice, change one's mind, see what may be seen."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from playwright.sync_api import expect

from stats_service.models.polls import Choice
from tests.browser.visitor import Embed
from tests.browser.voting import POLL, QUESTION, TEXTS, Voter, cast, make_poll, votes

HOUR = 3600


def test_a_vote_is_counted_and_its_result_shown(voter: Voter, embed: Embed) -> None:
    """One request brings the poll, one takes the ballot; then thanks, the bars and the focus."""
    poll = make_poll(embed)
    voter.open(embed.put("/tin/1", "<stats-visits></stats-visits>" + POLL))
    expect(voter.poll.get_by_role("group", name=QUESTION)).to_be_visible()

    voter.vote("Thủ tục hành chính")

    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn.")
    assert voter.bars() == [
        ("Tin tức - Sự kiện", "0% (0 phiếu)"),
        ("*Thủ tục hành chính", "100% (1 phiếu)"),
        ("Văn bản chỉ đạo điều hành", "0% (0 phiếu)"),
        ("Hỏi đáp, góp ý", "0% (0 phiếu)"),
    ]
    assert voter.focused() == "outcome"
    assert votes(embed, poll) == {"thu-tuc": 1}
    assert len(voter.sent) == len(voter.ballots) == 1
    assert voter.errors == voter.warnings == []


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


def test_the_browser_remembers_what_its_reader_chose(voter: Voter, embed: Embed) -> None:
    """The service does not keep it; after a reload the answer is marked all the same."""
    make_poll(embed)
    url = embed.put("/tin/1", POLL)
    voter.open(url)
    voter.vote("Tin tức - Sự kiện")
    expect(voter.message()).to_contain_text("Cảm ơn")

    voter.open(url)

    expect(voter.poll.get_by_text("Trình duyệt này đã bình chọn.")).to_be_visible()
    assert voter.bars()[0] == ("*Tin tức - Sự kiện", "100% (1 phiếu)")
    expect(voter.page.get_by_role("button")).to_have_count(0)


def test_a_second_vote_shows_the_tally_and_says_why(voter: Voter, embed: Embed) -> None:
    """A form that was open in another tab: 409, nothing counted, nobody thanked."""
    poll = make_poll(embed)
    url = embed.put("/tin/1", POLL)
    voter.open(url)
    other = Voter(voter.page.context.new_page(), embed)
    other.open(url)
    other.choose("Tin tức - Sự kiện")
    voter.vote("Thủ tục hành chính")
    expect(voter.message()).to_contain_text("Cảm ơn")

    other.press("Bình chọn")

    expect(other.message()).to_have_text(
        "Trình duyệt này đã bình chọn trước đó, nên phiếu vừa gửi không được tính. "
        "Tổng số: 1 phiếu. Dẫn đầu: Thủ tục hành chính, 100%."
    )
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_two_browsers_are_two_voters(
    voter: Voter, new_voter: Callable[..., Voter], embed: Embed
) -> None:
    """Behind one address."""
    poll = make_poll(embed)
    url = embed.put("/tin/1", POLL)
    voter.open(url)
    voter.vote("Tin tức - Sự kiện")
    expect(voter.message()).to_contain_text("Cảm ơn")

    other = new_voter()
    other.open(url)
    other.vote("Hỏi đáp, góp ý")

    expect(other.message()).to_contain_text("Tổng số: 2 phiếu.")
    assert votes(embed, poll) == {"tin-tuc": 1, "hoi-dap": 1}


def test_a_vote_may_be_changed_where_the_poll_allows_it(voter: Voter, embed: Embed) -> None:
    """The form comes back with the old choice in it; the vote moves."""
    poll = make_poll(embed, change=True)
    voter.open(embed.put("/tin/1", POLL))
    expect(voter.poll.get_by_text("lựa chọn của bạn được lưu đến lúc đó")).to_be_visible()
    voter.vote("Tin tức - Sự kiện")
    expect(voter.message()).to_contain_text("Cảm ơn")

    voter.press("Đổi lựa chọn")
    expect(voter.poll.get_by_label("Tin tức - Sự kiện")).to_be_checked()
    expect(voter.poll.get_by_label("Tin tức - Sự kiện")).to_be_focused()
    voter.vote("Hỏi đáp, góp ý")

    expect(voter.message()).to_contain_text("Lựa chọn mới của bạn đã được ghi nhận.")
    assert voter.bars()[3] == ("*Hỏi đáp, góp ý", "100% (1 phiếu)")
    assert votes(embed, poll) == {"hoi-dap": 1}


def test_a_vote_that_is_not_changed_after_all_stays(voter: Voter, embed: Embed) -> None:
    """Keeping it sends nothing."""
    poll = make_poll(embed, change=True)
    voter.open(embed.put("/tin/1", POLL))
    voter.vote("Tin tức - Sự kiện")
    voter.press("Đổi lựa chọn")

    voter.press("Giữ nguyên")

    assert voter.focused() == "outcome"
    assert voter.bars()[0] == ("*Tin tức - Sự kiện", "100% (1 phiếu)")
    assert votes(embed, poll) == {"tin-tuc": 1}
    assert len(voter.ballots) == 1


def test_a_single_choice_wants_one(voter: Voter, embed: Embed) -> None:
    """Nothing is sent; the message says what to do and the focus goes there."""
    make_poll(embed)
    voter.open(embed.put("/tin/1", POLL))

    voter.press("Bình chọn")

    expect(voter.message()).to_have_text("Vui lòng chọn một mục.")
    expect(voter.poll.get_by_label("Tin tức - Sự kiện")).to_be_focused()
    assert voter.ballots == []
    voter.choose("Tin tức - Sự kiện")
    expect(voter.message()).to_have_text("")


def test_multiple_choice_holds_to_its_bounds(voter: Voter, embed: Embed) -> None:
    """Too few, too many, then as many as are wanted; percents are of voters and say so."""
    poll = make_poll(embed, multiple=True, min_choices=2, max_choices=3)
    voter.open(embed.put("/tin/1", POLL))
    expect(voter.poll.get_by_text("Chọn từ 2 đến 3 mục.")).to_be_visible()

    voter.vote("Tin tức - Sự kiện")
    expect(voter.message()).to_have_text("Vui lòng chọn ít nhất 2 mục.")
    voter.choose("Thủ tục hành chính", "Văn bản chỉ đạo điều hành", "Hỏi đáp, góp ý")
    expect(voter.message()).to_have_text("Chỉ được chọn nhiều nhất 3 mục: hãy bỏ bớt 1 mục.")
    expect(voter.poll.get_by_text("Đã chọn 4/3.")).to_be_visible()
    voter.press("Bình chọn")
    assert voter.ballots == []
    voter.poll.get_by_label("Hỏi đáp, góp ý").uncheck()
    expect(voter.message()).to_have_text("")
    voter.press("Bình chọn")

    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn. 1 người bình chọn.")
    assert voter.bars()[0] == ("*Tin tức - Sự kiện", "100% số người bình chọn (1 phiếu)")
    expect(voter.poll.get_by_text("cộng lại có thể vượt 100%")).to_be_visible()
    assert votes(embed, poll) == {"tin-tuc": 1, "thu-tuc": 1, "van-ban": 1}


def test_a_free_text_goes_along_and_waits_for_review(voter: Voter, embed: Embed) -> None:
    """Choosing it opens the field; an empty one is not sent; what is written is not shown."""
    poll = make_poll(embed, other=50)
    voter.open(embed.put("/tin/1", POLL))
    field = voter.poll.get_by_role("textbox", name="Ý kiến khác của bạn")
    expect(field).to_be_hidden()

    voter.vote("Ý kiến khác")
    expect(voter.message()).to_contain_text("Vui lòng viết ý kiến khác của bạn")
    expect(field).to_be_focused()
    field.fill("Đường giao thông")
    field.press("Enter")

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert voter.ballots[0]["other"] == "Đường giao thông"
    assert voter.bars()[4] == ("*Ý kiến khác", "100% (1 phiếu)")
    assert "Đường giao thông" not in voter.shown()
    assert votes(embed, poll) == {"other": 1}


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


def test_a_poll_that_has_not_opened_says_when(voter: Voter, embed: Embed) -> None:
    """In the reader's words."""
    now = embed.services.clock.now()
    poll = make_poll(embed, opens=now + 26 * HOUR, closes=now + 99 * HOUR)

    voter.open(embed.put("/tin/1", f'<stats-poll poll="{poll.id}"></stats-poll>'))

    expect(voter.poll.get_by_text("Cuộc bình chọn này chưa bắt đầu.")).to_be_visible()
    expect(voter.poll.get_by_text("Bắt đầu sau 1 ngày nữa")).to_be_visible()
    expect(voter.poll.get_by_role("radio")).to_have_count(0)
    assert voter.poll.get_attribute("state") == "scheduled"


def test_a_closed_poll_shows_how_it_ended(voter: Voter, embed: Embed) -> None:
    """No form, the results, and since when."""
    poll = make_poll(embed)
    embed.services.polls.polls.close(embed.slug, poll.id, "test", embed.services.clock.now())

    voter.open(embed.put("/tin/1", f'<stats-poll poll="{poll.id}"></stats-poll>'))

    expect(voter.poll.get_by_text("Cuộc bình chọn này đã kết thúc.")).to_be_visible()
    assert len(voter.bars()) == 4
    expect(voter.poll.get_by_role("radio")).to_have_count(0)


@pytest.mark.parametrize("wish", ["", ' poll="khong-co"', ' poll="nhap"'])
def test_where_there_is_no_poll_it_is_said(voter: Voter, embed: Embed, wish: str) -> None:
    """None is current, the id is unknown, or it is a draft still."""
    make_poll(embed, id="nhap", status="draft")

    voter.open(embed.put("/tin/1", f"<stats-poll{wish}></stats-poll>"))

    expect(voter.poll.get_by_text("Hiện không có cuộc bình chọn nào.")).to_be_visible()
    assert voter.poll.get_attribute("state") == "none"
    assert voter.errors == []


def test_a_poll_that_closes_under_its_reader_says_so(voter: Voter, embed: Embed) -> None:
    """The ballot comes too late: not counted, not thanked for, the tally shown."""
    poll = make_poll(embed)
    voter.open(embed.put("/tin/1", POLL))
    embed.services.polls.polls.close(embed.slug, poll.id, "test", embed.services.clock.now())

    voter.vote("Tin tức - Sự kiện")

    expect(voter.message()).to_contain_text("cuộc bình chọn không còn mở")
    assert votes(embed, poll) == {}
    assert len(voter.bars()) == 4


def test_a_heartbeat_closes_the_form(voter: Voter, embed: Embed) -> None:
    """Whoever had the focus in the form is taken to the result."""
    voter.page.clock.install()
    poll = make_poll(embed)
    voter.open(embed.put("/tin/1", f'<stats-poll poll="{poll.id}"></stats-poll>'))
    voter.choose("Tin tức - Sự kiện")
    embed.services.polls.polls.close(embed.slug, poll.id, "test", embed.services.clock.now())

    voter.act(lambda: voter.page.clock.run_for(61_000))

    expect(voter.poll.get_by_text("Cuộc bình chọn này đã kết thúc.")).to_be_visible()
    assert voter.focused() == "outcome"


def test_a_heartbeat_leaves_the_choice_alone(voter: Voter, embed: Embed) -> None:
    """Fresh numbers, and a corrected text, do not take away what the reader has chosen."""
    voter.page.clock.install()
    poll = make_poll(embed)
    voter.open(embed.put("/tin/1", POLL))
    voter.choose("Hỏi đáp, góp ý")
    corrected = {"vi": "Bạn thích mục nào?"}
    now = embed.services.clock.now()
    embed.services.polls.polls.edit(embed.slug, poll.id, "test", now, question=corrected)

    voter.act(lambda: voter.page.clock.run_for(61_000))

    expect(voter.poll.get_by_role("group", name="Bạn thích mục nào?")).to_be_visible()
    expect(voter.poll.get_by_label("Hỏi đáp, góp ý")).to_be_checked()
    expect(voter.poll.get_by_label("Hỏi đáp, góp ý")).to_be_focused()


def test_english_pages_are_served_in_english(voter: Voter, embed: Embed) -> None:
    """A text that has no English stays Vietnamese, and says so to screen readers."""
    now = embed.services.clock.now()
    make_poll(embed, closes=now + 73 * HOUR, multiple=True, max_choices=2)
    voter.open(embed.put("/tin/1", POLL, lang="en-GB"))
    expect(voter.poll.get_by_role("group", name="What interests you most?")).to_be_visible()
    expect(voter.poll.get_by_text("Choose up to 2 answers.")).to_be_visible()
    expect(voter.poll.get_by_text("Closes in 3 days")).to_be_visible()
    foreign = voter.poll.locator("[lang]").evaluate_all(
        "all => all.map(e => [e.lang, e.innerText])"
    )
    assert foreign == [["vi", "Hỏi đáp, góp ý"]]

    voter.choose("News and events")
    voter.press("Vote")

    expect(voter.message()).to_have_text(
        "Thank you for voting. 1 voter. In the lead: News and events, 100%."
    )
    assert voter.bars()[0] == ("*News and events", "100% of voters (1 vote)")


def test_the_closing_time_is_the_readers(new_voter: Callable[..., Voter], embed: Embed) -> None:
    """Relative in words, absolute in the zone of the reader's clock."""
    closes = datetime.now(timezone(timedelta(hours=7))) + timedelta(days=2, hours=1)
    make_poll(embed, closes=closes.timestamp())
    voter = new_voter(timezone_id="Asia/Ho_Chi_Minh")

    voter.open(embed.put("/tin/1", POLL))

    day = f"{closes.day}/{closes.month}/{closes.year}"
    expect(voter.poll.get_by_text("Kết thúc sau 2 ngày nữa")).to_be_visible()
    assert voter.poll.locator("time").inner_text() == f"{closes:%H:%M} GMT+7 {day}"


def test_the_keyboard_is_enough(voter: Voter, embed: Embed) -> None:
    """Tab to the group, arrows to choose, Enter to send; the ring is there to see."""
    poll = make_poll(embed)
    voter.open(embed.put("/tin/1", POLL))
    expect(voter.poll.get_by_role("radio")).to_have_count(4)
    keyboard = voter.page.keyboard

    keyboard.press("Tab")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    expect(voter.poll.get_by_label("Văn bản chỉ đạo điều hành")).to_be_checked()
    keyboard.press("Tab")
    ring = voter.poll.evaluate("e => getComputedStyle(e.shadowRoot.activeElement).outline")
    keyboard.press("Enter")

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert "solid 3px" in ring
    assert voter.focused() == "outcome"
    assert votes(embed, poll) == {"van-ban": 1}


def test_a_ballot_over_the_ceiling_is_said_to_wait(
    voter: Voter, new_voter: Callable[..., Voter], embed: Embed
) -> None:
    """Kept apart, not counted, and told as it is."""
    poll = make_poll(embed, protection={"per_address": 1})
    url = embed.put("/tin/1", POLL)
    voter.open(url)
    voter.vote("Tin tức - Sự kiện")
    expect(voter.message()).to_contain_text("Cảm ơn")
    other = new_voter()
    other.open(url)

    other.vote("Hỏi đáp, góp ý")

    expect(other.message()).to_contain_text("chờ quản trị viên duyệt, chưa tính vào kết quả")
    assert votes(embed, poll) == {"tin-tuc": 1}


def test_a_proof_of_work_is_done_on_a_page_without_https(voter: Voter, embed: Embed) -> None:
    """The portal is plain http, where browsers have no crypto.subtle."""
    poll = make_poll(embed, protection={"proof": True, "effort": 1_000})
    voter.open(embed.put("/tin/1", POLL))

    voter.vote("Tin tức - Sự kiện")

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert voter.ballots[0]["proof"]
    assert votes(embed, poll) == {"tin-tuc": 1}


def test_two_polls_stand_on_one_page(voter: Voter, embed: Embed) -> None:
    """The first comes with the page's request, the second with one of its own."""
    first, second = make_poll(embed), make_poll(embed, question={"vi": "Bạn thích màu gì?"})
    polls = [f'<stats-poll poll="{poll.id}"></stats-poll>' for poll in (first, second)]
    voter.open(embed.put("/tin/1", "".join(polls)), answers=2)
    other = voter.page.locator("stats-poll").nth(1)

    other.get_by_label("Tin tức - Sự kiện").check()
    other.get_by_role("button", name="Bình chọn").click()

    expect(other.get_by_role("status")).to_contain_text("Cảm ơn")
    expect(voter.poll.get_by_role("group", name=QUESTION)).to_be_visible()
    assert (votes(embed, first), votes(embed, second)) == ({}, {"tin-tuc": 1})


def test_a_poll_put_in_later_is_asked_for(voter: Voter, embed: Embed) -> None:
    """A single-page application shows it after the page's request has been answered."""
    make_poll(embed)
    voter.open(embed.put("/tin/1", "<stats-rating></stats-rating>"))

    voter.page.evaluate("document.body.append(document.createElement('stats-poll'))")

    expect(voter.poll.get_by_role("radio")).to_have_count(4)


def test_a_shuffled_poll_keeps_the_readers_order(voter: Voter, embed: Embed) -> None:
    """The same on the form and in the result."""
    many = tuple(Choice(id=f"c{n}", text={"vi": f"Mục {n}"}) for n in range(20))
    make_poll(embed, choices=many, shuffle=True)
    voter.open(embed.put("/tin/1", POLL))
    offered = voter.poll.locator("[part=choice]").all_inner_texts()

    voter.press("Xem kết quả")

    assert sorted(offered) == sorted(f"Mục {n}" for n in range(20))
    assert offered != [f"Mục {n}" for n in range(20)]
    assert [name for name, _ in voter.bars()] == offered


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


def test_a_poll_works_under_a_strict_policy(voter: Voter, embed: Embed) -> None:
    """Only the service's script, no inline style, trusted types."""
    make_poll(embed)
    service = embed.base.removesuffix("/v1")
    policy = (
        f"default-src 'none'; script-src {service} 'nonce-abc'; connect-src {service}; "
        "style-src 'self'; img-src data:; require-trusted-types-for 'script'"
    )
    voter.page.add_init_script(
        "window.violations = []; document.addEventListener('securitypolicyviolation',"
        " (event) => violations.push(event.violatedDirective));"
    )
    voter.open(embed.put("/tin/1", POLL, headers={"Content-Security-Policy": policy}))

    voter.vote("Tin tức - Sự kiện")

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert voter.page.evaluate("window.violations") == []
    bar = voter.poll.locator("[part~=fill]").first.element_handle()
    voter.page.wait_for_function("(bar) => bar.offsetWidth > 100", arg=bar)  # it grows
    assert voter.errors == []


def test_texts_are_never_markup(voter: Voter, embed: Embed) -> None:
    """What an administrator wrote is text, whatever it looks like."""
    nasty = "<img src=x onerror=alert(1)> & [link](//evil.example)"
    make_poll(embed, question={"vi": nasty})

    voter.open(embed.put("/tin/1", POLL))

    expect(voter.poll.get_by_role("group", name=nasty)).to_be_visible()
    expect(voter.poll.locator("img, a")).to_have_count(0)


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
