"""`<stats-poll>` and the page around it: its language, its policy, other polls, no poll."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Embed
from tests.browser.voting import POLL, QUESTION, Voter, make_poll, votes

HOUR = 3600


@pytest.mark.parametrize("wish", ["", ' poll="khong-co"', ' poll="nhap"'])
def test_where_there_is_no_poll_it_is_said(voter: Voter, embed: Embed, wish: str) -> None:
    """None is current, the id is unknown, or it is a draft still."""
    make_poll(embed, id="nhap", status="draft")

    voter.open(embed.put("/tin/1", f"<stats-poll{wish}></stats-poll>"))

    expect(voter.poll.get_by_text("Hiện không có cuộc bình chọn nào.")).to_be_visible()
    assert voter.poll.get_attribute("state") == "none"
    assert voter.errors == []


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
