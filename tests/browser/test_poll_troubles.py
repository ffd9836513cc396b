"""`<stats-poll>` when something fails on the way: nobody is thanked for a ballot that is not in."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.visitor import Embed
from tests.browser.voting import POLL, Voter, make_poll, refusal, votes

UNSURE = "Chưa gửi được, máy chủ chưa xác nhận. Lựa chọn của bạn vẫn được giữ"
BLOCKED_STORAGE = """
Object.defineProperty(window, 'localStorage', {
  get() { throw new DOMException('denied', 'SecurityError') },
});
"""


def drop(route: Route) -> None:
    """Let the network fail."""
    route.abort("connectionreset")


def lose(route: Route) -> None:
    """Let the service take the request, and its answer get lost."""
    route.fetch()
    route.abort("connectionreset")


def wait_for_ballots(voter: Voter, number: int) -> None:
    """Wait until so many ballots have been sent."""
    for _ in range(200):
        if len(voter.ballots) >= number:
            return
        voter.page.wait_for_timeout(25)
    pytest.fail(f"{len(voter.ballots)} ballots of {number} were sent")


def fail_to_vote(voter: Voter, label: str, answer: Callable[[Route], Any]) -> None:
    """Vote while the service answers with `answer`, to the quiet repetition as well."""
    voter.page.route("**/ballots", answer)
    voter.vote(label)
    wait_for_ballots(voter, 1)
    for _ in range(100):
        if len(voter.ballots) > 1:
            break
        voter.page.clock.run_for(500)
        voter.page.wait_for_timeout(10)


@pytest.mark.parametrize("kind", ["network", "503"])
def test_a_ballot_without_an_answer_is_kept_and_sent_again(
    voter: Voter, embed: Embed, kind: str
) -> None:
    """No thanks, no second ballot: the same one goes out again and counts once."""
    poll = make_poll(embed)
    voter.page.clock.install()
    voter.open(embed.put("/tin/1", POLL))
    away = refusal(embed, 503, "store-unavailable", Retry_After="1")

    fail_to_vote(voter, "Thủ tục hành chính", away if kind == "503" else drop)

    expect(voter.message()).to_contain_text(UNSURE)
    expect(voter.poll.get_by_label("Thủ tục hành chính")).to_be_checked()
    expect(voter.poll.get_by_label("Thủ tục hành chính")).to_be_disabled()
    expect(voter.page.get_by_role("button", name="Gửi lại")).to_be_focused()
    assert "Cảm ơn" not in voter.shown()
    assert votes(embed, poll) == {}

    voter.page.unroute("**/ballots")
    voter.press("Gửi lại")

    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn.")
    assert len({ballot["ballot"] for ballot in voter.ballots}) == 1
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_an_answer_that_is_lost_counts_once(voter: Voter, embed: Embed) -> None:
    """The ballot was counted, the answer never came: the quiet repetition gets it."""
    poll = make_poll(embed)
    voter.page.clock.install()
    voter.open(embed.put("/tin/1", POLL))
    tries: list[Route] = []

    def lose_first(route: Route) -> None:
        tries.append(route)
        if len(tries) == 1:
            lose(route)
        else:
            route.continue_()

    fail_to_vote(voter, "Thủ tục hành chính", lose_first)

    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn.")
    assert voter.bars()[1] == ("*Thủ tục hành chính", "100% (1 phiếu)")
    assert len(tries) == 2
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_a_reload_settles_what_was_in_doubt(voter: Voter, embed: Embed) -> None:
    """The ballot was in after all: the page says so, and marks the choice."""
    poll = make_poll(embed)
    voter.page.clock.install()
    url = embed.put("/tin/1", POLL)
    voter.open(url)

    fail_to_vote(voter, "Thủ tục hành chính", lose)
    expect(voter.message()).to_contain_text(UNSURE)
    voter.open(url)

    assert voter.bars()[1] == ("*Thủ tục hành chính", "100% (1 phiếu)")
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_a_reload_keeps_a_choice_that_did_not_arrive(voter: Voter, embed: Embed) -> None:
    """It may be changed now, and goes out under the same id."""
    poll = make_poll(embed)
    voter.page.clock.install()
    url = embed.put("/tin/1", POLL)
    voter.open(url)
    fail_to_vote(voter, "Thủ tục hành chính", drop)
    expect(voter.message()).to_contain_text(UNSURE)
    voter.page.unroute("**/ballots")

    voter.open(url)
    expect(voter.poll.get_by_label("Thủ tục hành chính")).to_be_checked()
    voter.vote("Hỏi đáp, góp ý")

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert len({ballot["ballot"] for ballot in voter.ballots}) == 1
    assert votes(embed, poll) == {"hoi-dap": 1}


def test_a_heartbeat_settles_what_was_in_doubt(voter: Voter, embed: Embed) -> None:
    """Without a reload: the next answer shows that the ballot is in."""
    make_poll(embed)
    voter.page.clock.install()
    voter.open(embed.put("/tin/1", POLL))

    fail_to_vote(voter, "Thủ tục hành chính", lose)
    expect(voter.message()).to_contain_text(UNSURE)

    def wait_for_heartbeat() -> None:
        while len(voter.sent) < 2:
            voter.page.clock.run_for(1_000)

    voter.act(wait_for_heartbeat)

    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn.")
    assert voter.bars()[1] == ("*Thủ tục hành chính", "100% (1 phiếu)")


def test_a_hurried_reader_waits_for_the_token_without_noticing(voter: Voter, embed: Embed) -> None:
    """The service wants the token to be older: the same ballot goes out again by itself."""
    poll = make_poll(embed)
    voter.page.clock.install()
    voter.open(embed.put("/tin/1", POLL))
    tries: list[Route] = []
    too_new = refusal(embed, 403, "voter-too-new", Retry_After="2")

    def refuse_first(route: Route) -> None:
        tries.append(route)
        if len(tries) == 1:
            too_new(route)
        else:
            route.continue_()

    fail_to_vote(voter, "Thủ tục hành chính", refuse_first)

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_an_old_token_is_replaced(voter: Voter, embed: Embed) -> None:
    """A token that the service no longer takes: a new one votes."""
    poll = make_poll(embed)
    voter.page.clock.install()
    voter.open(embed.put("/tin/1", POLL))
    name = f"stats-voter:{embed.slug}"
    voter.page.evaluate("name => localStorage.setItem(name, '1.forged.token')", name)

    voter.vote("Thủ tục hành chính")

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert voter.page.evaluate("name => localStorage.getItem(name)", name) != "1.forged.token"
    assert votes(embed, poll) == {"thu-tuc": 1}


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (429, "too-many-requests", "hãy gửi lại sau 30 giây"),
        (403, "voter-refused", "Máy chủ không nhận ra trình duyệt này."),
        (403, "program", "Máy chủ coi trình duyệt này là chương trình tự động"),
        (403, "host", "Trang này không gửi được."),
        (400, "invalid-input", "Máy chủ không nhận lựa chọn này."),
    ],
)
def test_a_refusal_is_said_as_it_is(
    voter: Voter, embed: Embed, status: int, code: str, words: str
) -> None:
    """The choice stays, and can be changed and sent again."""
    make_poll(embed)
    voter.page.clock.install()
    voter.open(embed.put("/tin/1", POLL))
    voter.page.route("**/ballots", refusal(embed, status, code, Retry_After="30"))

    voter.vote("Thủ tục hành chính")

    expect(voter.message()).to_contain_text(words)
    expect(voter.poll.get_by_label("Thủ tục hành chính")).to_be_checked()
    expect(voter.page.get_by_role("button", name="Bình chọn")).to_be_enabled()
    assert "Cảm ơn" not in voter.shown()


def test_without_storage_one_can_vote_as_long_as_the_page_lives(voter: Voter, embed: Embed) -> None:
    """Private mode: the token and the choice live in the page."""
    poll = make_poll(embed, change=True)
    voter.page.add_init_script(BLOCKED_STORAGE)
    voter.open(embed.put("/tin/1", POLL))

    voter.vote("Thủ tục hành chính")
    expect(voter.message()).to_contain_text("Cảm ơn")
    voter.press("Đổi lựa chọn")
    voter.vote("Hỏi đáp, góp ý")

    expect(voter.message()).to_contain_text("Lựa chọn mới")
    assert voter.bars()[3] == ("*Hỏi đáp, góp ý", "100% (1 phiếu)")
    assert votes(embed, poll) == {"hoi-dap": 1}
    assert voter.errors == []


def test_without_storage_a_refusal_names_the_reason(voter: Voter, embed: Embed) -> None:
    """What the reader can do about it."""
    make_poll(embed)
    voter.page.add_init_script(BLOCKED_STORAGE)
    voter.open(embed.put("/tin/1", POLL))
    voter.page.route("**/ballots", refusal(embed, 403, "voter-refused"))

    voter.vote("Thủ tục hành chính")

    expect(voter.message()).to_contain_text("Trình duyệt này không cho trang web lưu dữ liệu")


def test_one_can_vote_where_page_views_are_blocked(voter: Voter, embed: Embed) -> None:
    """An ad blocker took the page's request: poll and token come by themselves."""
    poll = make_poll(embed)
    voter.page.clock.install()
    voter.page.route("**/page", lambda route: route.abort("blockedbyclient"))
    with voter.page.expect_request("**/page"):
        voter.page.goto(embed.put("/tin/1", POLL))
    with voter.page.expect_response("**/polls/current"):
        for _ in range(10):
            voter.page.clock.run_for(1_000)

    voter.vote("Thủ tục hành chính")

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_what_the_page_says_stays_while_there_is_no_poll_to_show(
    voter: Voter, embed: Embed
) -> None:
    """Its own link to the voting page is better than an apology."""
    voter.page.clock.install()
    voter.page.route(f"**/{embed.slug}/**", lambda route: route.abort())
    voter.page.goto(
        embed.put("/tin/1", '<stats-poll><a href="/p">Bình chọn ở đây</a></stats-poll>')
    )
    with voter.page.expect_request("**/polls/current"):
        for _ in range(10):
            voter.page.clock.run_for(1_000)

    expect(voter.page.get_by_role("link", name="Bình chọn ở đây")).to_be_visible()


def test_an_empty_element_offers_to_try_again(voter: Voter, embed: Embed) -> None:
    """The service is back: the poll comes without a reload."""
    make_poll(embed)
    voter.page.clock.install()
    voter.page.route(f"**/{embed.slug}/**", lambda route: route.abort())
    voter.page.goto(embed.put("/tin/1", POLL))
    with voter.page.expect_request("**/polls/current"):
        for _ in range(10):
            voter.page.clock.run_for(1_000)
    expect(voter.poll.get_by_text("Chưa tải được phần này.")).to_be_visible()
    voter.page.unroute(f"**/{embed.slug}/**")

    voter.press("Thử lại")

    expect(voter.poll.get_by_role("radio")).to_have_count(4)
    expect(voter.poll.get_by_role("radio").first).to_be_focused()


def test_a_blocked_second_file_leaves_the_page_alone(voter: Voter, embed: Embed) -> None:
    """The counters work, and the page's own words stay in the poll's place."""
    voter.page.route("**/embed-votes*", lambda route: route.abort("blockedbyclient"))

    voter.open(
        embed.put("/tin/1", "<stats-visits></stats-visits><stats-poll>Không có</stats-poll>")
    )

    assert voter.rows()[0] == ["Lượt truy cập", "1.814.165"]
    assert voter.text("stats-poll") == "Không có"


def test_nothing_is_sent_twice_by_impatience(voter: Voter, embed: Embed) -> None:
    """While a ballot is on its way the button sends no second one."""
    poll = make_poll(embed)
    held: list[Route] = []
    voter.open(embed.put("/tin/1", POLL))
    voter.page.route("**/ballots", lambda route: held.append(route))
    voter.vote("Thủ tục hành chính")
    wait_for_ballots(voter, 1)

    sending = voter.page.get_by_role("button", name="Đang gửi…")
    sending.click(force=True)
    sending.press("Enter")
    held[0].continue_()

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert len(voter.ballots) == 1
    assert votes(embed, poll) == {"thu-tuc": 1}
