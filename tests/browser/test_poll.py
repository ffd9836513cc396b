"""`<stats-poll>`: vote, vote twice, change one's mind."""

from collections.abc import Callable

from playwright.sync_api import expect

from stats_service.models.polls import Choice
from tests.browser.visitor import Embed
from tests.browser.voting import POLL, QUESTION, Voter, make_poll, votes


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
