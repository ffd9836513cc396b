"""The embed and every widget in the engines that Chromium does not speak for."""

from collections.abc import Iterator

import pytest

from tests.browser.field.webdriver import Driven, running_firefox, running_webkit
from tests.browser.visitor import Embed
from tests.browser.voting import QUESTION, make_poll, votes
from tests.support.processes import wait_until

pytestmark = [pytest.mark.field, pytest.mark.timeout(240)]

BROWSERS = {"firefox": running_firefox, "webkit": running_webkit}
#: Every widget, in both of its forms.
PAGE = """
  <div data-stats="visits">Số liệu</div><p><span data-stats="today" id="today">…</span></p>
  <stats-views></stats-views><div data-stats="poll">Bình chọn</div>
  <div data-stats="rating">Đánh giá</div>
  <stats-poll-archive>Các cuộc bình chọn trước</stats-poll-archive>
"""
#: What stands in an element's shadow.
INSIDE = "document.querySelector('{host}').shadowRoot"
POLL, RATING = INSIDE.format(host="stats-poll"), INSIDE.format(host="stats-rating")
ARCHIVE = INSIDE.format(host="stats-poll-archive")


@pytest.fixture(scope="module", params=BROWSERS)
def driven(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driven]:
    """Give a browser for all tests of this file; without it they are skipped."""
    with BROWSERS[request.param](tmp_path_factory.mktemp(request.param)) as browser:
        yield browser


def was_here_before(driven: Driven, embed: Embed) -> None:
    """Give the browser a token that is old enough to rate at once."""
    services = embed.services
    token = services.polls.voters.issue(embed.slug, services.clock.now() - 3600)
    driven.open(embed.portal.put("/trong", "<title>Trống</title>"))
    driven.run(
        "localStorage.setItem(arguments[0], arguments[1])", f"stats-voter:{embed.slug}", token
    )


def text(driven: Driven, root: str) -> str:
    """Return what can be read in a widget."""
    return str(
        driven.run(f"return [...{root}.children].map(child => child.innerText || '').join('\\n')")
    )


def test_every_widget_works(driven: Driven, embed: Embed) -> None:
    """Numbers, a vote, a rating, the archive; one load is one view."""
    old = make_poll(embed, question={"vi": "Câu hỏi cũ"})
    embed.services.polls.polls.close(embed.slug, old.id, "test", embed.services.clock.now())
    poll = make_poll(embed, id="moi")
    was_here_before(driven, embed)

    driven.open(embed.put("/tin/1", PAGE, head=embed.script('data-webdriver="count" ')))
    driven.until(f"{INSIDE.format(host='[data-stats=visits]')}?.querySelector('dd')")
    driven.until(f"{POLL}?.querySelector('label')")
    shown = driven.run(
        "return [[...document.querySelector('[data-stats=visits]').shadowRoot"
        ".querySelectorAll('dl > div')].map(row => [...row.children].map(c => c.textContent)),"
        " document.querySelector('#today').innerText,"
        " document.querySelector('stats-views').innerText]"
    )
    assert QUESTION in text(driven, POLL)
    driven.click(f"[...{POLL}.querySelectorAll('label')].find(l => /Thủ tục/.test(l.textContent))")
    driven.click(
        f"[...{POLL}.querySelectorAll('button')].find(b => /^Bình chọn/.test(b.innerText))"
    )
    driven.until(f"/Cảm ơn/.test({POLL}.querySelector('[role=status]')?.textContent)")
    driven.click(f"{RATING}?.querySelectorAll('label')[3]")
    driven.until(f"/Cảm ơn/.test({RATING}.querySelector('[role=status]')?.textContent)")

    assert shown == [
        [["Lượt truy cập", "1.814.165"], ["Trực tuyến", "1"], ["Hôm nay", "1"]],
        "1",
        "1 lượt xem",
    ]
    assert "100% (1 phiếu)" in text(driven, POLL)
    assert driven.run(f"return {RATING}.querySelectorAll('label').length") == 5
    assert "4 trên 5 điểm (1 đánh giá)" in text(driven, RATING)
    assert "Câu hỏi cũ" in text(driven, ARCHIVE)
    assert votes(embed, poll) == {"thu-tuc": 1}
    site = embed.services.sites.sites.get(embed.slug)
    rating = embed.services.ratings.ratings.get(site, ["/tin/1"]).ratings["/tin/1"].rating
    assert list(rating.counts) == [0, 0, 0, 1, 0]
    assert embed.counts().views.total == embed.article_views("/tin/1") == 1


def test_an_application_moves_in_the_page(driven: Driven, embed: Embed) -> None:
    """Forward is a view of the other article, another spelling of the address is none."""
    driven.open(
        embed.put(
            "/tin/1", "<stats-views></stats-views>", head=embed.script('data-webdriver="count" ')
        )
    )
    driven.until("/1 lượt/.test(document.querySelector('stats-views').innerText)")

    driven.run("history.pushState(null, '', '/tin/2')")
    driven.until(
        "performance.getEntriesByType('resource').filter(e => /page$/.test(e.name)).length >= 2"
    )
    driven.run("history.pushState(null, '', '/tin/2?utm_source=zalo')")
    driven.run("history.pushState(null, '', '/tin/3')")
    # The address in between may be asked for, or be gone before that.
    wait_until(lambda: embed.article_views("/tin/3") == 1)

    assert [embed.article_views(f"/tin/{number}") for number in (1, 2, 3)] == [1, 1, 1]
    assert embed.counts().views.total == 3


def test_a_program_is_not_counted(driven: Driven, embed: Embed) -> None:
    """Both browsers say that they are driven; without the test's own word nothing is counted."""
    driven.open(embed.put("/tin/1", "<stats-visits></stats-visits>"))
    driven.until(f"{INSIDE.format(host='stats-visits')}?.querySelector('dd')")

    assert driven.run("return navigator.webdriver") is True
    assert embed.counts().views.total == 0
