"""When a page load is a view, and when the numbers are refreshed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.visitor import Embed, Visitor

#: Lets a test decide whether the page is visible and whether it is only prepared.
STAGE = """
window.stage = {hidden: false, prerendering: false};
Object.defineProperty(document, 'hidden', {get: () => stage.hidden});
Object.defineProperty(document, 'visibilityState',
    {get: () => stage.hidden ? 'hidden' : 'visible'});
Object.defineProperty(document, 'prerendering', {get: () => stage.prerendering});
window.turn = (change, event) => {
    Object.assign(stage, change);
    document.dispatchEvent(new Event(event));
};
"""
MINUTE = 60_000


def settle(page: Page) -> None:
    """Let everything that a script has begun come to its end."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")


def settle_on_clock(visitor: Visitor) -> None:
    """As `settle`, where the page's own timers stand still."""
    visitor.page.evaluate("() => fetch('/nothing').catch(() => {})")
    visitor.page.wait_for_load_state("networkidle")


def test_a_hidden_tab_is_counted_when_somebody_sees_it(visitor: Visitor, embed: Embed) -> None:
    """Tabs opened in the background may be closed unread."""
    visitor.page.add_init_script(STAGE + "stage.hidden = true;")
    visitor.page.goto(embed.put("/tin/1", "<stats-visits></stats-visits>"))
    settle(visitor.page)
    before = len(visitor.sent)

    visitor.act(lambda: visitor.page.evaluate("turn({hidden: false}, 'visibilitychange')"))

    assert before == 0
    assert len(visitor.views) == 1
    assert visitor.rows()[0] == ["Lượt truy cập", "1.814.165"]


def test_a_prerendered_page_is_counted_when_it_is_activated(visitor: Visitor, embed: Embed) -> None:
    """Browsers prepare pages that may never be looked at."""
    visitor.page.add_init_script(STAGE + "stage.prerendering = true;")
    visitor.page.goto(embed.put("/tin/1", "<stats-visits></stats-visits>"))
    settle(visitor.page)
    before = len(visitor.sent)

    visitor.act(lambda: visitor.page.evaluate("turn({prerendering: false}, 'prerenderingchange')"))

    assert before == 0
    assert len(visitor.views) == 1


def test_going_back_to_a_page_that_the_browser_kept_is_a_new_view(
    visitor: Visitor, embed: Embed
) -> None:
    """A real back navigation into the back/forward cache."""
    first = embed.put("/tin/1", "<stats-visits></stats-visits>")
    second = embed.put("/tin/2", "<stats-visits></stats-visits>")
    visitor.page.add_init_script(
        "addEventListener('pageshow', (event) => { window.persisted = event.persisted; });"
    )
    visitor.open(first)
    visitor.page.evaluate("window.mark = 'kept'")
    visitor.open(second)

    visitor.act(lambda: visitor.page.evaluate("history.back()"))

    assert visitor.page.evaluate("[window.mark, window.persisted]") == ["kept", True]
    assert [body["article"] for body in visitor.views] == ["/tin/1", "/tin/2", "/tin/1"]
    assert len({body["hit"] for body in visitor.views}) == 3
    assert embed.article_views("/tin/1") == 2


def test_a_single_page_application_counts_its_pages(visitor: Visitor, embed: Embed) -> None:
    """A new address, by a link or by going back, is a view with a hit id of its own."""
    visitor.open(embed.put("/tin/1", "<stats-views></stats-views>"))

    visitor.act(lambda: visitor.page.evaluate("history.pushState({}, '', '/tin/2?id=3')"))
    visitor.act(lambda: visitor.page.evaluate("history.replaceState({}, '', '/tin/4')"))
    visitor.act(lambda: visitor.page.evaluate("history.back()"))

    assert [body["article"] for body in visitor.views] == [
        "/tin/1",
        "/tin/2?id=3",
        "/tin/4",
        "/tin/1",
    ]
    assert len({body["hit"] for body in visitor.views}) == 4
    assert visitor.text("stats-views") == "2 lượt xem"
    assert embed.counts().views.total == 4


@pytest.mark.parametrize(
    "change",
    [
        "history.pushState({step: 2}, '', location.href)",
        "history.replaceState({step: 2}, '')",
        "history.replaceState({}, '', location.pathname)",
        "history.replaceState({}, '', '?tab=2')",
        "history.pushState({}, '', '#part')",
        "location.hash = 'part'",
    ],
)
def test_the_same_page_again_is_not_a_new_view(visitor: Visitor, embed: Embed, change: str) -> None:
    """State, fragment, a filter put into the query: the reader is where he was."""
    visitor.open(embed.put("/tin/1", "<stats-views></stats-views>") + "?utm_source=mail")

    visitor.page.evaluate(change)
    settle(visitor.page)

    assert len(visitor.sent) == 1
    assert embed.counts().views.total == 1


def test_the_numbers_of_the_page_before_do_not_stay(visitor: Visitor, embed: Embed) -> None:
    """Until the new page's own number has come, its place shows what the page had there."""
    visitor.open(embed.put("/tin/1", "<stats-views>chưa rõ</stats-views>"))
    shown = visitor.text("stats-views")
    visitor.page.route("**/page", lambda route: route.abort())

    visitor.page.evaluate("history.pushState({}, '', '/tin/2')")

    assert shown == "1 lượt xem"
    expect(visitor.page.locator("stats-views")).to_have_text("chưa rõ")


def test_going_back_does_not_blank_the_page(visitor: Visitor, embed: Embed) -> None:
    """The page that the browser kept shows its last numbers until the new ones are there."""
    visitor.open(embed.put("/tin/1", "<stats-views>chưa rõ</stats-views>"))
    visitor.page.evaluate(
        """() => {
            window.changes = [];
            const place = document.querySelector('stats-views');
            new MutationObserver(() => changes.push(place.textContent))
                .observe(place, {childList: true});
        }"""
    )
    visitor.open(embed.put("/tin/2", "<stats-views>chưa rõ</stats-views>"))

    visitor.act(lambda: visitor.page.evaluate("history.back()"))

    assert visitor.page.evaluate("window.changes") == ["2 lượt xem"]


def test_a_late_answer_does_not_overwrite_a_newer_page(visitor: Visitor, embed: Embed) -> None:
    """Who clicks quickly gets the number of the page that he is on."""
    url = embed.put("/tin/1", "<stats-views></stats-views>")
    held = []
    visitor.page.route(
        "**/page",
        lambda route: (
            held.append(route)
            if '"article":"/tin/1"' in (route.request.post_data or "")
            else route.continue_()
        ),
    )
    visitor.page.goto(url)
    visitor.page.wait_for_function("() => customElements.get('stats-views')")
    visitor.act(lambda: visitor.page.evaluate("history.pushState({}, '', '/tin/2')"))

    visitor.act(lambda: held[0].fulfill(json={"article": {"views": 99}, "articles": {}}))

    assert visitor.text("stats-views") == "1 lượt xem"


def test_a_reader_stays_online_by_a_heartbeat(visitor: Visitor, embed: Embed) -> None:
    """Once a minute while he looks at the page; it is no view, and it refreshes the numbers."""
    visitor.page.clock.install()
    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits><stats-views></stats-views>"))
    site = embed.services.sites.sites.get(embed.slug)
    embed.services.sites.sites.edit(embed.slug, opening_visits=site.opening_visits + 1)

    visitor.page.clock.run_for(MINUTE - 1_000)
    settle_on_clock(visitor)
    early = len(visitor.sent)
    visitor.act(lambda: visitor.page.clock.run_for(2_000))
    visitor.act(lambda: visitor.page.clock.run_for(MINUTE))

    assert early == 1
    assert [body.get("beat") for body in visitor.sent] == [False, True, True]
    assert visitor.sent[1]["article"] == "/tin/1"
    assert visitor.rows()[0] == ["Lượt truy cập", "1.814.166"]
    assert embed.counts().views.total == 1


def test_a_hidden_tab_has_no_heartbeat(visitor: Visitor, embed: Embed) -> None:
    """It beats again, once, when it is looked at."""
    visitor.page.clock.install()
    visitor.page.add_init_script(STAGE)
    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits>"))

    visitor.page.evaluate("turn({hidden: true}, 'visibilitychange')")
    visitor.page.clock.run_for(10 * MINUTE)
    settle_on_clock(visitor)
    hidden = len(visitor.sent)
    visitor.act(lambda: visitor.page.evaluate("turn({hidden: false}, 'visibilitychange')"))
    visitor.page.evaluate("turn({hidden: true}, 'visibilitychange')")
    visitor.page.evaluate("turn({hidden: false}, 'visibilitychange')")
    settle_on_clock(visitor)

    assert hidden == 1
    assert [body.get("beat") for body in visitor.sent] == [False, True]


def test_a_short_look_away_adds_no_request(visitor: Visitor, embed: Embed) -> None:
    """At most one request in a minute, however often the tab is changed."""
    visitor.page.clock.install()
    visitor.page.add_init_script(STAGE)
    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits>"))

    for _ in range(5):
        visitor.page.evaluate("turn({hidden: true}, 'visibilitychange')")
        visitor.page.clock.run_for(5_000)
        visitor.page.evaluate("turn({hidden: false}, 'visibilitychange')")
    settle_on_clock(visitor)

    assert len(visitor.sent) == 1


def test_the_snippet_may_name_the_article(visitor: Visitor, embed: Embed) -> None:
    """An explicit key holds for the page that was loaded, not for an application's next one."""
    head = embed.script('data-article="bai-7"')
    visitor.open(embed.put("/xem", "<stats-views></stats-views>", head=head) + "?id=7&utm_source=a")

    visitor.page.evaluate("history.replaceState({}, '', '?id=7')")
    visitor.act(lambda: visitor.page.evaluate("history.pushState({}, '', '/tin/2')"))

    assert [body["article"] for body in visitor.views] == ["bai-7", "/tin/2"]
    assert embed.article_views("bai-7") == 1


def test_a_page_may_be_no_article(visitor: Visitor, embed: Embed) -> None:
    """A front page counts for the site alone."""
    head = embed.script('data-article=""')

    visitor.open(embed.put("/", "<stats-visits></stats-visits>", head=head))

    assert visitor.views[0]["article"] == ""
    assert embed.counts().views.total == 1
    assert embed.article_views("/") == 0


def test_a_reader_may_opt_out(visitor: Visitor, embed: Embed) -> None:
    """The fragment is remembered on this browser, until the other fragment; numbers still show."""
    url = embed.put("/tin/1", "<stats-visits></stats-visits>")
    visitor.open(url + "#stats-optout")
    visitor.open(embed.put("/tin/2", "<stats-visits></stats-visits>"))
    shown, views = visitor.rows()[0], embed.counts().views.total

    visitor.page.evaluate("location.hash = 'stats-optin'")
    visitor.open(url)

    assert [body["out"] for body in visitor.sent] == [True, True, False]
    assert (shown, views) == (["Lượt truy cập", "1.814.164"], 0)
    assert embed.counts().views.total == 1


@pytest.mark.parametrize(
    ("lang", "out", "undo", "again", "close"),
    [
        ("vi", "không còn được tính", "Tính trở lại", "được tính trở lại", "Đóng"),
        ("en", "no longer counted", "Count them again", "counted again", "Close"),
    ],
)
def test_a_reader_sees_that_the_choice_worked(
    visitor: Visitor, embed: Embed, lang: str, out: str, undo: str, again: str, close: str
) -> None:
    """In the language of the page, and with a way back."""
    page, note = visitor.page, visitor.page.locator("#stats-choice")
    url = embed.put("/tin/1", "<p>Tin</p>", lang=lang)

    visitor.open(url + "#stats-optout")
    expect(note.get_by_role("status")).to_contain_text(out)
    note.get_by_role("button", name=undo).click()
    expect(note.get_by_role("status")).to_contain_text(again)
    note.get_by_role("button", name=close).click()
    expect(note).to_have_count(0)

    assert page.evaluate("localStorage['stats-optout']") == "in"
    assert visitor.errors == visitor.warnings == []


def test_a_choice_that_cannot_be_kept_is_told(visitor: Visitor, embed: Embed) -> None:
    """Nothing says that it worked where the browser stores nothing."""
    visitor.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
    )

    visitor.open(embed.put("/tin/1", "<p>Tin</p>") + "#stats-optout")

    note = visitor.page.locator("#stats-choice")
    expect(note.get_by_role("status")).to_contain_text("không cho trang web lưu")
    expect(note.get_by_role("button")).to_have_count(1)


def test_a_driven_browser_says_so_unless_the_page_wants_it_counted(
    visitor: Visitor, embed: Embed
) -> None:
    """It is not counted; `data-webdriver="count"` is for a portal's own tests."""
    visitor.page.add_init_script(
        "Object.defineProperty(navigator, 'webdriver', {get: () => true});"
    )

    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits>"))
    ignored = embed.counts().views.total
    head = embed.script('data-webdriver="count"')
    visitor.open(embed.put("/tin/2", "<stats-visits></stats-visits>", head=head))

    assert [body["bot"] for body in visitor.sent] == [True, False]
    assert ignored == 0
    assert embed.counts().views.total == 1


def test_blocked_storage_stops_nothing(
    open_context: Callable[..., BrowserContext], embed: Embed
) -> None:
    """Some browsers throw at the mere mention of localStorage."""
    visitor = Visitor(open_context().new_page(), embed)
    visitor.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', "
        "{get: () => { throw new DOMException('no', 'SecurityError'); }});"
    )

    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits>") + "#stats-optin")

    assert visitor.rows()[0] == ["Lượt truy cập", "1.814.165"]
    assert visitor.errors == visitor.warnings == []


def test_a_page_says_that_its_reader_is_not_counted(visitor: Visitor, embed: Embed) -> None:
    """An editor who has signed in sees the numbers, and adds nothing to them."""
    page = embed.put(
        "/tin/bien-tap", "<stats-visits></stats-visits>", head=embed.script('data-opt="out"')
    )
    before = embed.counts().views.total

    visitor.open(page)

    assert visitor.rows()[0] == ["Lượt truy cập", "1.814.164"]
    assert embed.counts().views.total == before


@pytest.mark.parametrize(
    ("canonical", "key"),
    [
        ("/tin/1", "/tin/1"),  # relative, as some templates have it
        ("https://khac.example.vn/tin/1", "/tin/1?from=zalo"),
        ("/", "/tin/1?from=zalo"),
    ],
)
def test_a_canonical_link_is_believed_within_bounds(
    visitor: Visitor, embed: Embed, canonical: str, key: str
) -> None:
    """The view, what the page shows, and a list that links with the same parameter."""
    head = f'<link rel="canonical" href="{canonical}">{embed.snippet}'
    url = embed.put("/tin/1", "<stats-views></stats-views>", head=head)
    listed = embed.put("/", '<stats-views article="/tin/1?from=zalo"></stats-views>')

    visitor.open(f"{url}?from=zalo")
    visitor.open(f"{url}?from=zalo")
    visitor.open(url)
    own = visitor.text("stats-views")
    visitor.open(listed)

    assert embed.article_views(key) == (3 if key == "/tin/1" else 2)
    assert own == ("3 lượt xem" if key == "/tin/1" else "1 lượt xem")
    assert visitor.text("stats-views") == ("3 lượt xem" if key == "/tin/1" else "2 lượt xem")
    assert embed.counts().views.total == 4


def test_the_canonical_link_of_a_former_page_is_not_believed(
    visitor: Visitor, embed: Embed
) -> None:
    """An application leaves it in the head, or changes it late: paths are compared."""
    head = f'<link rel="canonical" href="/tin/1">{embed.snippet}'
    visitor.open(embed.put("/tin/1", "<stats-views></stats-views>", head=head) + "?from=zalo")

    visitor.act(lambda: visitor.page.evaluate("history.pushState(null, '', '/tin/2?from=ban')"))
    visitor.page.evaluate("document.querySelector('[rel=canonical]').href = '/tin/3'")
    visitor.act(lambda: visitor.page.evaluate("history.pushState(null, '', '/tin/3?from=ban')"))

    keys = ("/tin/1", "/tin/2?from=ban", "/tin/3")
    assert [embed.article_views(key) for key in keys] == [1, 1, 1]
    assert embed.counts().views.total == 3


def test_a_page_says_which_host_its_reader_came_from(visitor: Visitor, embed: Embed) -> None:
    """And the words of a campaign, with a key of its own as well; nothing else of the address."""
    before = embed.put("/mail", '<a id="go" href="/tin/1?q=benh&utm_source=thu&utm_medium=x">x</a>')
    embed.put("/tin/1", "<stats-visits></stats-visits>")
    visitor.page.goto(before)
    settle(visitor.page)
    first = visitor.sent[-1]

    visitor.act(lambda: visitor.page.click("#go"))

    host = before.split("/")[2]
    assert first["via"].endswith(",")
    assert visitor.sent[-1]["via"] == f"{host},utm_source=thu,utm_medium=x"
