"""What the browser keeps, and whose word counts: the service's, its clock's, the reader's."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from stats_service.config import Settings
from stats_service.models.polls import Choice
from tests.browser.visitor import Embed
from tests.browser.voting import POLL, Voter, make_poll, votes
from tests.support.redis_groups import client_of, keys_of

RATING = "<stats-rating></stats-rating>"


def token(voter: Voter) -> str | None:
    """Return the token that the browser keeps."""
    found: str | None = voter.page.evaluate(
        f"localStorage.getItem('stats-voter:{voter.embed.slug}')"
    )
    return found


def test_who_only_reads_keeps_no_token(voter: Voter, embed: Embed) -> None:
    """Neither with a form in view, nor by results, read-only stars or the archive."""
    make_poll(embed)
    body = f"{POLL}<stats-poll-archive></stats-poll-archive>{RATING}"
    voter.open(
        embed.put("/tin/1", body + '<stats-rating readonly article="/tin/2"></stats-rating>')
    )
    expect(voter.poll.get_by_role("radio").first).to_be_visible()
    voter.press("Xem kết quả")

    assert voter.page.evaluate("Object.keys(localStorage)") == []
    assert [body["voter"] for body in voter.sent] == [None]

    voter.press("Quay lại bình chọn")
    voter.choose("Hỏi đáp, góp ý")
    voter.page.wait_for_function(f"localStorage.getItem('stats-voter:{embed.slug}')")


def test_a_first_vote_waits_until_its_token_is_old_enough(voter: Voter, embed: Embed) -> None:
    """The reader sees that it is being sent; no ballot is refused for it."""
    poll = make_poll(embed, protection={"wait": 1})
    voter.open(embed.put("/tin/1", POLL))

    voter.vote("Hỏi đáp, góp ý")

    expect(voter.page.get_by_role("button", name="Đang gửi")).to_be_visible()
    expect(voter.message()).to_contain_text("Cảm ơn")
    assert len(voter.ballots) == 1
    assert votes(embed, poll) == {"hoi-dap": 1}
    services = embed.services
    report = services.polls.integrity.report(embed.slug, poll.id, "UTC", services.clock.now())
    assert report.outcomes == {"counted": 1}


def test_the_service_is_believed_that_a_ballot_is_not_in(
    voter: Voter, embed: Embed, redis_server: str, settings: Settings
) -> None:
    """The site was restored from before the vote: there is a form again, and the vote counts."""
    poll = make_poll(embed)
    voter.open(embed.put("/tin/1", POLL))
    voter.vote("Hỏi đáp, góp ý")
    expect(voter.message()).to_contain_text("Cảm ơn")
    # As the import of an archive from before the vote leaves it.
    with client_of(redis_server, decode_responses=False) as raw:
        pattern = f"{settings.key_prefix}:{{{embed.slug}}}:poll:{poll.id}:*"
        for key in keys_of(raw, pattern):
            raw.delete(key)

    voter.open(embed.put("/tin/1", POLL))

    expect(voter.poll.get_by_role("radio").first).to_be_visible()
    assert "đã bình chọn" not in voter.shown()
    voter.vote("Tin tức - Sự kiện")
    expect(voter.message()).to_contain_text("Cảm ơn")
    assert votes(embed, poll) == {"tin-tuc": 1}


def test_a_clock_that_is_a_day_ahead_changes_nothing(
    new_voter: Callable[..., Voter], embed: Embed
) -> None:
    """How far the end is, is the service's word; one's own rating can still be changed."""
    closes = datetime.now().astimezone() + timedelta(days=2, hours=1)
    make_poll(embed, closes=closes.timestamp())
    voter = new_voter()
    voter.page.add_init_script(
        "const now = Date.now; Date.now = () => now() + 30 * 3600 * 1000;"
        "const D = Date; window.Date = class extends D {"
        " constructor(...a) { super(...(a.length ? a : [D.now()])) } };"
    )
    voter.was_here_before()
    voter.open(embed.put("/tin/1", POLL + RATING))

    expect(voter.poll.get_by_text("Kết thúc sau 2 ngày nữa")).to_be_visible()
    voter.page.locator("label[part=star]").nth(3).click()
    expect(voter.message("stats-rating")).to_contain_text("Cảm ơn")
    voter.open(embed.put("/tin/1", POLL + RATING))
    voter.page.locator("label[part=star]").nth(1).click()
    expect(voter.message("stats-rating")).to_contain_text("Điểm mới của bạn")


def test_ones_own_rating_is_taken_back(voter: Voter, embed: Embed) -> None:
    """By a button beside it, with the keyboard too; then one may rate anew."""
    voter.was_here_before()
    voter.open(embed.put("/tin/1", RATING))
    voter.page.locator("label[part=star]").nth(3).click()
    expect(voter.message("stats-rating")).to_contain_text("Cảm ơn")

    voter.page.get_by_role("button", name="Bỏ đánh giá của tôi").focus()
    voter.page.keyboard.press("Enter")

    expect(voter.message("stats-rating")).to_have_text("Đã bỏ đánh giá của bạn.")
    expect(voter.rating.locator("#value")).to_have_text("Chưa có đánh giá")
    expect(voter.page.get_by_role("button", name="Bỏ đánh giá")).to_have_count(0)
    expect(voter.rating.get_by_role("radio", checked=True)).to_have_count(0)
    assert voter.focused() == "rating"
    voter.page.locator("label[part=star]").nth(1).click()
    expect(voter.message("stats-rating")).to_have_text("Cảm ơn bạn đã đánh giá.")
    assert [body["score"] for body in voter.ballots] == [4, 0, 2]


def test_a_rating_beyond_the_ceiling_says_that_it_waits(voter: Voter, embed: Embed) -> None:
    """The average stays as it was."""
    services = embed.services
    services.sites.sites.edit(embed.slug, rating_ceiling=1)
    voter.was_here_before()
    voter.open(embed.put("/tin/1", RATING + '<stats-rating article="/tin/1"></stats-rating>'))
    for article in ("/tin/cu", "/tin/1"):
        voter.open(embed.put(article, RATING))
        voter.page.locator("label[part=star]").nth(3).click()
        expect(voter.message("stats-rating")).not_to_have_text("")

    expect(voter.message("stats-rating")).to_contain_text("chờ quản trị viên duyệt")
    expect(voter.rating.locator("#value")).to_have_text("Chưa có đánh giá")


@pytest.mark.parametrize(
    ("text", "vi", "en"),
    [
        ("www.a.vn", "không được có liên kết", "neither links nor HTML"),
        ("a\u202eb", "không hiển thị được", "cannot be shown"),
    ],
)
def test_a_refused_text_gives_its_reason(
    voter: Voter, embed: Embed, text: str, vi: str, en: str
) -> None:
    """In the language of the page, and what was written stays."""
    make_poll(embed, other=80)
    for lang, words, other, vote in (
        ("vi", vi, "Ý kiến khác", "Bình chọn"),
        ("en", en, "Another answer", "Vote"),
    ):
        voter.open(embed.put(f"/{lang}", POLL, lang=lang))
        voter.choose(other)
        voter.page.locator("[part=other-text]").fill(text)
        voter.press(vote)
        expect(voter.message()).to_contain_text(words)
        assert voter.page.locator("[part=other-text]").input_value() == text


def test_the_scale_is_seen_and_read_out(voter: Voter, embed: Embed) -> None:
    """Of read-only stars too; who wants the classic words says so."""
    body = "".join(
        f'<stats-rating article="/tin/{n}" {more}></stats-rating>'
        for n, more in ((1, "readonly"), (2, "readonly"), (2, "readonly classic"))
    )
    voter.was_here_before()
    voter.open(embed.put("/tin/2", ""))
    voter.open(embed.put("/tin/1", RATING))
    voter.page.locator("label[part=star]").nth(3).click()
    expect(voter.message("stats-rating")).to_contain_text("Cảm ơn")
    voter.open(embed.put("/danh-sach", body))

    ratings = voter.page.locator("stats-rating")
    for n, words in enumerate(
        ("4 trên 5 điểm (1 đánh giá)", "Chưa có đánh giá", "0 điểm (0 đánh giá)")
    ):
        group = ratings.nth(n).get_by_role("group")
        expect(group).to_have_accessible_name("Đánh giá:")
        expect(group).to_have_accessible_description(words)
        expect(ratings.nth(n).locator("#value")).to_have_text(words)


def test_bars_are_printed_and_buttons_are_not(voter: Voter, embed: Embed) -> None:
    """As borders, which printers print without being asked."""
    make_poll(embed)
    voter.open(embed.put("/tin/1", POLL))
    voter.vote("Hỏi đáp, góp ý")
    expect(voter.message()).to_contain_text("Cảm ơn")

    voter.page.emulate_media(media="print", reduced_motion="reduce")

    bar = voter.page.locator("[part~=own][part~=fill]")
    width, border = bar.evaluate(
        "e => [e.getBoundingClientRect().width, getComputedStyle(e).borderTopWidth]"
    )
    assert width > 100
    assert float(border.removesuffix("px")) > 8
    expect(voter.page.get_by_role("button")).to_have_count(0)


def test_a_narrow_column_breaks_no_word_in_pieces(voter: Voter, embed: Embed) -> None:
    """A table sizes its columns by the longest word, not by the longest letter."""
    make_poll(embed)
    long = "Thông tin về lịch tiếp công dân của lãnh đạo ủy ban nhân dân huyện " * 4
    voter.open(embed.put("/tin/1", f"<table><tr><td>{POLL}</td><td>{long}</td></tr></table>"))
    expect(voter.poll.get_by_role("radio").first).to_be_visible()

    words = voter.page.locator("[part=choice] [part=text]").evaluate_all(
        """labels => labels.flatMap(label => {
          const walker = document.createTreeWalker(label, NodeFilter.SHOW_TEXT);
          const node = walker.nextNode();
          return [...node.data.matchAll(/\\S+/g)].map(found => {
            const range = document.createRange();
            range.setStart(node, found.index);
            range.setEnd(node, found.index + found[0].length);
            return [found[0], range.getClientRects().length];
          });
        })"""
    )
    assert [word for word, lines in words if lines > 1] == []


def test_texts_from_the_right_begin_at_the_right(voter: Voter, embed: Embed) -> None:
    """Question and choices, in a page that is not."""
    arabic = "\u0645\u0627 \u0631\u0623\u064a\u0643\u061f"
    choices = tuple(Choice(id=id_, text={"ar": f"{arabic} {id_}"}) for id_ in ("a", "b"))
    make_poll(embed, lang="ar", question={"ar": arabic}, choices=choices)
    voter.open(embed.put("/tin/1", POLL))

    for part in ("question", "text"):
        found = voter.poll.locator(f"[part={part}]").first
        assert found.evaluate("e => getComputedStyle(e).direction") == "rtl"
        assert found.evaluate("e => getComputedStyle(e).textAlign") == "start"
