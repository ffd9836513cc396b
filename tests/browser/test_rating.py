"""`<stats-rating>`: what readers think of an article, and what this one does."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.visitor import Embed
from tests.browser.voting import Voter, refusal, set_scale

RATING = '<stats-rating id="rating"></stats-rating>'
UNSURE = "Chưa gửi được, máy chủ chưa xác nhận. Điểm bạn chọn vẫn được giữ"


def rated(embed: Embed, key: str = "/tin/1") -> list[int]:
    """Return the number of ratings by score that the service has."""
    site = embed.services.sites.sites.get(embed.slug)
    return list(embed.services.ratings.ratings.get(site, [key]).ratings[key].rating.counts)


def shown(voter: Voter) -> str:
    """Return the rating in words."""
    return voter.rating.locator("#value").inner_text()


def fills(page: Page, selector: str = "stats-rating") -> list[float]:
    """Return how full each star is, from 0 to 1."""
    widths: list[float] = (
        page.locator(selector)
        .first.locator("svg.average")
        .evaluate_all("stars => stars.map(star => star.getAttribute('width') / 24)")
    )
    return widths


def rate(voter: Voter, score: int) -> None:
    """Click a star."""
    voter.rating.locator("label").nth(score - 1).click()


@pytest.fixture
def rater(voter: Voter) -> Voter:
    """Give somebody who was on the site before."""
    voter.was_here_before()
    return voter


def settle(voter: Voter, text: str) -> None:
    """Wait until the widget says `text`."""
    expect(voter.message("stats-rating")).to_contain_text(text)


def test_an_article_without_ratings_has_none(rater: Voter, embed: Embed) -> None:
    """As the model page says it, from the page's one request."""
    rater.open(embed.put("/tin/1", RATING))

    expect(rater.rating.get_by_role("radiogroup", name="Đánh giá cho bài viết:")).to_be_visible()
    assert shown(rater) == "Chưa có đánh giá"
    assert fills(rater.page) == [0, 0, 0, 0, 0]
    expect(rater.page.get_by_text("Chi tiết đánh giá")).to_be_hidden()
    assert len(rater.sent) == 1


def test_one_click_rates(rater: Voter, embed: Embed) -> None:
    """Counted, thanked for, remembered, and until when it may be changed."""
    url = embed.put("/tin/1", RATING)
    rater.open(url)

    rate(rater, 4)
    settle(rater, "Cảm ơn bạn đã đánh giá.")

    assert shown(rater) == "4 trên 5 điểm (1 đánh giá)"
    assert fills(rater.page) == [1, 1, 1, 1, 0]
    assert rated(embed) == [0, 0, 0, 1, 0]
    expect(
        rater.rating.get_by_text("Bạn đã chấm 4 trên 5 điểm. Có thể đổi hoặc bỏ đến")
    ).to_be_visible()
    rater.open(url)
    expect(rater.rating.get_by_text("Bạn đã chấm 4 trên 5 điểm.")).to_be_visible()
    expect(rater.rating.get_by_role("radio", name="4 điểm")).to_be_checked()
    assert rater.errors == rater.warnings == []


def test_a_rating_may_be_changed_for_a_day(rater: Voter, embed: Embed) -> None:
    """It moves from one bin to another."""
    rater.open(embed.put("/tin/1", RATING))
    rate(rater, 2)
    settle(rater, "Cảm ơn")

    rate(rater, 5)
    settle(rater, "Điểm mới của bạn đã được ghi nhận.")

    assert shown(rater) == "5 trên 5 điểm (1 đánh giá)"
    assert rated(embed) == [0, 0, 0, 0, 1]


def test_after_the_day_it_is_fixed(rater: Voter, embed: Embed) -> None:
    """The service refuses: the stars are read only, the reader is told why."""
    url = embed.put("/tin/1", RATING)
    rater.open(url)
    rate(rater, 2)
    settle(rater, "Cảm ơn")

    def refuse(route: Route) -> None:
        answer = rater.page.request.get(f"{embed.base}/{embed.slug}/ratings?article=/tin/1").json()
        route.fulfill(
            status=409,
            headers={"Access-Control-Allow-Origin": f"http://{embed.portal.host}"},
            json={"code": "already-rated", "article": answer["ratings"]["/tin/1"]},
        )

    rater.page.route("**/ratings", refuse)
    rate(rater, 5)
    settle(rater, "hết thời gian đổi điểm")

    assert shown(rater) == "2 trên 5 điểm (1 đánh giá)"
    expect(rater.rating.get_by_role("radio")).to_have_count(0)
    expect(rater.rating.get_by_text("Bạn đã chấm 2 trên 5 điểm.")).to_be_visible()
    assert rated(embed) == [0, 1, 0, 0, 0]


def test_arrow_keys_choose_and_enter_sends(rater: Voter, embed: Embed) -> None:
    """Moving through the stars rates nothing yet."""
    rater.open(embed.put("/tin/1", RATING))
    expect(rater.rating.get_by_role("radio")).to_have_count(5)
    keyboard = rater.page.keyboard

    keyboard.press("Tab")
    for _ in range(3):
        keyboard.press("ArrowRight")
    expect(rater.rating.get_by_role("radio", name="4 điểm")).to_be_checked()
    assert rater.ballots == []
    keyboard.press("Enter")
    settle(rater, "Cảm ơn")

    assert rated(embed) == [0, 0, 0, 1, 0]
    assert rater.page.evaluate("document.activeElement.shadowRoot.activeElement.value") == "4"


def test_a_button_sends_what_the_keyboard_chose(rater: Voter, embed: Embed) -> None:
    """For those who do not know that Enter does; the focus stays on the stars."""
    rater.open(embed.put("/tin/1", RATING))
    expect(rater.rating.get_by_role("radio")).to_have_count(5)
    rater.page.keyboard.press("Tab")
    rater.page.keyboard.press("ArrowRight")

    rater.page.keyboard.press("Tab")
    expect(rater.page.get_by_role("button", name="Gửi đánh giá")).to_be_focused()
    rater.page.keyboard.press("Space")
    settle(rater, "Cảm ơn")

    expect(rater.rating.get_by_role("radio", name="2 điểm")).to_be_focused()
    assert rated(embed) == [0, 1, 0, 0, 0]


def test_the_average_fills_half_stars(
    rater: Voter, new_voter: Callable[..., Voter], embed: Embed
) -> None:
    """Two readers, 4 and 3: 3.5, with a comma here and a point there; the histogram on demand."""
    url = embed.put("/tin/1", RATING)
    for score, who in ((4, rater), (3, new_voter())):
        who.was_here_before()
        who.open(url)
        rate(who, score)
        settle(who, "Cảm ơn")
    reader = new_voter()

    reader.open(url)
    assert shown(reader) == "3,5 trên 5 điểm (2 đánh giá)"
    assert fills(reader.page) == [1, 1, 1, 0.5, 0]
    reader.page.get_by_text("Chi tiết đánh giá").click()
    assert reader.bars("stats-rating") == [
        ("5 điểm", "0"),
        ("4 điểm", "1"),
        ("3 điểm", "1"),
        ("2 điểm", "0"),
        ("1 điểm", "0"),
    ]
    reader.open(embed.put("/tin/1", RATING, lang="en"))
    assert shown(reader) == "3.5 out of 5 (2 ratings)"


def test_a_list_has_its_stars_from_one_request(rater: Voter, embed: Embed) -> None:
    """Ten articles, read only, in the same answer as everything else."""
    rater.open(embed.put("/tin/3", RATING))
    rate(rater, 5)
    settle(rater, "Cảm ơn")
    stars = "".join(
        f'<p><stats-rating readonly article="/tin/{n}"></stats-rating></p>' for n in range(10)
    )

    rater.open(embed.put("/tin/", "<stats-visits></stats-visits>" + stars))

    words = rater.page.locator("stats-rating #value").all_inner_texts()
    assert words == [
        "5 trên 5 điểm (1 đánh giá)" if n == 3 else "Chưa có đánh giá" for n in range(10)
    ]
    expect(rater.page.get_by_role("radio")).to_have_count(0)
    assert len(rater.sent) == 2


def test_two_answers_are_thumbs(rater: Voter, embed: Embed) -> None:
    """A scale of two."""
    set_scale(embed, 2)
    rater.open(embed.put("/tin/1", RATING))
    assert shown(rater) == "Chưa có đánh giá"

    rater.rating.get_by_text("Hữu ích", exact=True).click()
    settle(rater, "Cảm ơn")

    assert shown(rater) == "100% thấy hữu ích (1 đánh giá)"
    expect(rater.rating.get_by_text("Bạn đã chọn “Hữu ích”.")).to_be_visible()
    assert rated(embed) == [0, 1]


def test_without_an_answer_the_score_is_kept(rater: Voter, embed: Embed) -> None:
    """No thanks; the same score goes out again at the press of a button."""
    rater.page.clock.install()
    rater.open(embed.put("/tin/1", RATING))
    rater.page.route("**/ratings", lambda route: route.abort())

    with rater.page.expect_event("requestfailed"):
        rate(rater, 4)
    rater.page.clock.run_for(2_000)
    settle(rater, UNSURE)
    assert "Cảm ơn" not in rater.shown("stats-rating")
    rater.page.unroute("**/ratings")
    rater.press("Gửi lại")
    settle(rater, "Cảm ơn")

    assert rated(embed) == [0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (429, "too-many-requests", "hãy gửi lại sau 30 giây"),
        (404, "unknown-article", "Bài viết này chưa nhận đánh giá."),
        (403, "voter-refused", "Máy chủ không nhận ra trình duyệt này."),
    ],
)
def test_a_refused_rating_is_said_as_it_is(
    rater: Voter, embed: Embed, status: int, code: str, words: str
) -> None:
    """And the score can be sent again."""
    rater.open(embed.put("/tin/1", RATING))
    rater.page.route("**/ratings", refusal(embed, status, code, Retry_After="30"))

    rate(rater, 4)

    settle(rater, words)
    expect(rater.page.get_by_role("button", name="Gửi lại")).to_be_visible()


def test_a_page_that_is_no_article_has_nothing_to_rate(rater: Voter, embed: Embed) -> None:
    """The page's own words stay."""
    head = embed.script('data-article=""')

    rater.open(embed.put("/", "<stats-rating>–</stats-rating>", head=head))

    assert rater.text("stats-rating") == "–"


def test_the_stars_come_where_page_views_are_blocked(rater: Voter, embed: Embed) -> None:
    """The numbers of every widget in one request; voting works with a token of its own."""
    rater.page.clock.install()
    url = embed.put("/tin/1", RATING)
    rater.open(url)
    rater.page.route("**/page", lambda route: route.abort("blockedbyclient"))
    with rater.page.expect_request("**/page"):
        rater.page.goto(url)
    with rater.page.expect_response("**/ratings?article=*"):
        for _ in range(10):
            rater.page.clock.run_for(1_000)

    rate(rater, 3)
    settle(rater, "Cảm ơn")

    assert rated(embed) == [0, 0, 1, 0, 0]


def test_another_page_of_an_application_has_stars_of_its_own(rater: Voter, embed: Embed) -> None:
    """Neither the score nor the thanks of the article before stays."""
    rater.open(embed.put("/tin/1", RATING))
    rate(rater, 4)
    settle(rater, "Cảm ơn")

    rater.act(lambda: rater.page.evaluate("history.pushState(null, '', '/tin/2')"))

    assert shown(rater) == "Chưa có đánh giá"
    expect(rater.message("stats-rating")).to_have_text("")
    expect(rater.rating.get_by_role("radio", checked=True)).to_have_count(0)
    rate(rater, 2)
    settle(rater, "Cảm ơn")
    assert (rated(embed), rated(embed, "/tin/2")) == ([0, 0, 0, 1, 0], [0, 1, 0, 0, 0])
