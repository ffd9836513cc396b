"""`<stats-poll>`: when a poll opens and closes, and what its reader then sees."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from playwright.sync_api import expect

from tests.browser.visitor import Embed
from tests.browser.voting import POLL, Voter, make_poll, votes

HOUR = 3600


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


def test_the_closing_time_is_the_readers(new_voter: Callable[..., Voter], embed: Embed) -> None:
    """Relative in words, absolute in the zone of the reader's clock."""
    closes = datetime.now(timezone(timedelta(hours=7))) + timedelta(days=2, hours=1)
    make_poll(embed, closes=closes.timestamp())
    voter = new_voter(timezone_id="Asia/Ho_Chi_Minh")

    voter.open(embed.put("/tin/1", POLL))

    day = f"{closes.day}/{closes.month}/{closes.year}"
    expect(voter.poll.get_by_text("Kết thúc sau 2 ngày nữa")).to_be_visible()
    assert voter.poll.locator("time").inner_text() == f"{closes:%H:%M} GMT+7 {day}"
