"""Several polls in one element, results alone, own thanks and the page after the vote."""

import re

from playwright.sync_api import expect

from tests.browser.visitor import Embed, Visitor
from tests.browser.voting import make_poll, votes


def test_all_current_polls_are_in_one_element_and_each_takes_a_vote(
    embed: Embed, visitor: Visitor
) -> None:
    """One that is in no list is not among them."""
    one, two = make_poll(embed), make_poll(embed, question={"vi": "Câu thứ hai?"})
    hidden = make_poll(embed, question={"vi": "Thử nghiệm?"})
    services = embed.services
    services.polls.polls.unlist(embed.slug, hidden.id, "test", services.clock.now())
    visitor.open(
        embed.put("/several.html", '<stats-poll id="polls" poll="all">Bình chọn</stats-poll>')
    )
    polls = visitor.page.locator("#polls > stats-poll")
    expect(polls).to_have_count(2)

    for poll in (one, two):
        element = visitor.page.locator(f'#polls > stats-poll[poll="{poll.id}"]')
        element.get_by_label("Tin tức").check()
        element.get_by_role("button", name="Bình chọn").click()
        expect(element).to_have_attribute("state", "voted")

    assert votes(embed, one) == votes(embed, two) == {"tin-tuc": 1}


def test_one_of_them_at_random(embed: Embed, visitor: Visitor) -> None:
    """Exactly one, of those that are open."""
    ids = {make_poll(embed).id, make_poll(embed).id}

    visitor.open(embed.put("/several.html", '<stats-poll id="polls" poll="random"></stats-poll>'))

    shown = visitor.page.locator("#polls > stats-poll")
    expect(shown).to_have_count(1)
    assert shown.get_attribute("poll") in ids


def test_results_alone_have_no_form(embed: Embed, visitor: Visitor) -> None:
    """In every form of the element."""
    make_poll(embed)

    visitor.open(
        embed.put("/several.html", '<div id="mark" data-stats="poll" data-results="">Kết quả</div>')
    )

    element = visitor.page.locator("#mark stats-poll")
    expect(element).to_have_attribute("state", "open")
    expect(element.get_by_text("Tin tức")).to_be_visible()
    expect(element.get_by_role("button")).to_have_count(0)


def test_a_voter_is_thanked_in_the_polls_own_words_and_led_on(
    embed: Embed, visitor: Visitor
) -> None:
    """To a page of the portal, after some seconds."""
    make_poll(embed, thanks={"vi": "Cảm ơn bà con xã nhà"}, next_page="/cam-on.html")
    embed.put("/cam-on.html", "<p>Cảm ơn</p>")
    visitor.open(embed.put("/several.html", '<stats-poll id="poll"></stats-poll>'))
    element = visitor.page.locator("#poll")

    element.get_by_label("Tin tức").check()
    element.get_by_role("button", name="Bình chọn").click()

    expect(element.get_by_text("Cảm ơn bà con xã nhà")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(r"/cam-on\.html$"), timeout=10_000)
