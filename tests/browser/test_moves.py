"""Applications that change their page without loading it, and lists: what is the article?"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Embed, Visitor
from tests.browser.voting import Voter

#: Another page in the place of this one, as Turbo does it: the address first, the page later.
TURBO = """async ([path, html, wait]) => {
    history.pushState({turbo: {}}, '', path);
    await new Promise((done) => setTimeout(done, wait));
    const page = new DOMParser().parseFromString(html, 'text/html');
    for (const old of page.querySelectorAll('script')) {
        const script = document.createElement('script');
        for (const {name, value} of old.attributes) script.setAttribute(name, value);
        old.replaceWith(script);
    }
    document.body.replaceWith(page.body);
}"""


def settle(page: Page) -> None:
    """Let everything that a script has begun come to its end."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")


def go(visitor: Visitor, *steps: str) -> None:
    """Do steps of an application one after the other, each with its time."""
    for step in steps:
        visitor.page.evaluate(step)
        settle(visitor.page)


def keep_none(embed: Embed) -> None:
    """Let no query parameter tell articles of the site apart."""
    embed.services.sites.sites.edit(embed.slug, article_parameters=("none",))


def test_another_spelling_of_the_address_is_the_same_page(visitor: Visitor, embed: Embed) -> None:
    """What is one article for the service is one for the browser, which compares nothing itself."""
    visitor.open(embed.put("/docs/a/", "<stats-views>–</stats-views>"))

    go(
        visitor,
        "history.replaceState(null, '', '/docs/a')",
        "history.pushState(null, '', '?utm_source=x')",
        "history.pushState(null, '', '/docs/./a/index.html')",
        "history.back()",
    )

    assert embed.counts().views.total == embed.article_views("/docs/a") == 1
    assert visitor.text("stats-views") == "1 lượt xem"
    assert visitor.views[1]["was"] == "/docs/a/"


@pytest.mark.parametrize(("named", "views", "article"), [(False, 3, 1), (True, 1, 1)])
def test_a_query_is_another_article_where_the_service_keeps_it(
    visitor: Visitor, embed: Embed, named: bool, views: int, article: int
) -> None:
    """`?loc=1` is one by default; where a site keeps no parameters it is a filter."""
    if named:
        keep_none(embed)
    visitor.open(embed.put("/tin/1", "<stats-views></stats-views>"))

    go(visitor, "history.pushState(null, '', '?loc=1')", "history.pushState(null, '', '?loc=2')")

    assert embed.counts().views.total == views
    assert embed.article_views("/tin/1") == article


def test_an_album_is_one_article_where_its_pictures_are_none(
    visitor: Visitor, embed: Embed
) -> None:
    """Forth, back, forth: five addresses, one key."""
    keep_none(embed)
    visitor.open(embed.put("/album", "<stats-views></stats-views>"))

    go(
        visitor,
        "history.pushState(null, '', '?anh=1')",
        "history.back()",
        "history.pushState(null, '', '?anh=2')",
        "history.back()",
    )

    assert embed.counts().views.total == embed.article_views("/album") == 1
    assert visitor.text("stats-views") == "1 lượt xem"


def test_a_page_with_a_key_keeps_it_under_every_spelling(visitor: Visitor, embed: Embed) -> None:
    """And has it again when the reader comes back; the pages between have their own."""
    head = embed.script('data-article="bai-7"')
    visitor.open(embed.put("/xem/", "<stats-views></stats-views>", head=head))

    go(visitor, "history.replaceState(null, '', '/xem')")
    visitor.act(lambda: visitor.page.evaluate("history.pushState(null, '', '/tin/2')"), answers=1)
    visitor.act(lambda: visitor.page.evaluate("history.back()"), answers=1)

    assert embed.article_views("bai-7") == 2
    assert embed.article_views("/tin/2") == 1
    assert embed.counts().views.total == 3


def test_turbo_counts_each_page_under_its_own_key(visitor: Visitor, embed: Embed) -> None:
    """The address changes first, and the page with another `data-article` comes a while later."""

    def page(key: str) -> str:
        return f"<body>{embed.script(f'data-article={key}')}<stats-views></stats-views></body>"

    visitor.open(embed.put("/a", page("bai-1"), head=""))

    for path, key in (("/b", "bai-2"), ("/c", "bai-3")):
        visitor.act(lambda path=path, key=key: visitor.page.evaluate(TURBO, [path, page(key), 400]))

    assert [body["article"] for body in visitor.views] == ["bai-1", "bai-2", "bai-3"]
    assert visitor.text("stats-views") == "1 lượt xem"
    assert [embed.article_views(key) for key in ("bai-1", "bai-2", "bai-3")] == [1, 1, 1]


def test_a_snippet_that_stays_in_a_merged_head_is_no_other_page(
    visitor: Visitor, embed: Embed
) -> None:
    """Turbo adds the new head's scripts before the address changes, and keeps the former ones."""
    merge = """([path, html]) => {
        const {head} = new DOMParser().parseFromString(html, 'text/html');
        for (const old of head.querySelectorAll('script')) {
            const script = document.createElement('script');
            for (const {name, value} of old.attributes) script.setAttribute(name, value);
            document.head.append(script);
        }
        history.pushState({turbo: {}}, '', path);
    }"""

    def head(key: str) -> str:
        return embed.script(f"data-article={key} ")

    visitor.open(embed.put("/a", "<stats-views></stats-views>", head=head("bai-1") * 2))

    move = ["/b", f"<head>{head('bai-2')}</head>"]
    visitor.act(lambda: visitor.page.evaluate(merge, move))
    go(visitor, "history.replaceState(null, '', '/b/')")

    assert [embed.article_views(key) for key in ("bai-1", "bai-2", "/b")] == [1, 1, 0]
    assert embed.counts().views.total == 2


def test_the_navigation_api_is_seen(visitor: Visitor, embed: Embed) -> None:
    """It changes the address without `pushState`; replacing the query alone is the same page."""
    visitor.open(embed.put("/tin/1", "<main><stats-views></stats-views></main>"))
    visitor.page.evaluate(
        """navigation.addEventListener('navigate', (event) => event.intercept({
            handler: async () => document.querySelector('main').append('x')}))"""
    )

    visitor.act(lambda: visitor.page.evaluate("void navigation.navigate('/tin/2')"))
    visitor.page.evaluate("void navigation.navigate('?tab=2', {history: 'replace'})")
    settle(visitor.page)

    assert [body["article"] for body in visitor.views] == ["/tin/1", "/tin/2"]
    assert embed.counts().views.total == 2


def test_routes_behind_a_hash_are_articles(visitor: Visitor, embed: Embed) -> None:
    """With `data-views="hash"`; a part of the page (`#muc-2`) is none."""
    head = embed.script('data-views="hash"')
    url = embed.put("/app/", "<stats-views></stats-views>", head=head)
    visitor.open(url + "#/tin/1")

    visitor.act(lambda: visitor.page.evaluate("location.hash = '#!/tin/2?utm_source=x'"))
    go(visitor, "location.hash = '#/tin/2'")
    visitor.act(lambda: visitor.page.evaluate("location.hash = '#/'"))
    go(visitor, "location.hash = '#muc-2'")

    assert embed.article_views("/app/tin/1") == embed.article_views("/app/tin/2") == 1
    assert embed.article_views("/app") == 1
    assert embed.counts().views.total == 3


def test_an_application_may_count_by_itself(visitor: Visitor, embed: Embed) -> None:
    """With `data-views="call"` nothing but the load and `stats.view` counts."""
    head = "<script>window.stats = {mine: 1}</script>" + embed.script('data-views="call"')
    visitor.open(embed.put("/app", "<stats-views>–</stats-views>", head=head))

    go(visitor, "history.pushState(null, '', '/app/2')")
    visitor.act(lambda: visitor.page.evaluate("stats.view('bai-9')"))
    visitor.act(lambda: visitor.page.evaluate("stats.view()"))

    assert [body["article"] for body in visitor.views] == ["/app", "bai-9", "/app/2"]
    assert visitor.page.evaluate("stats.mine") == 1
    assert embed.counts().views.total == 3


LIST = (
    '<ul class="wp-block-post-template">'
    + "".join(
        f'<li><p><a href="/chuyen-muc">Tin</a></p><h3><a href="/tin/{n}">Tin {n}</a></h3>'
        f"<div>{{}}</div></li>"
        for n in (1, 2, 3)
    )
    + "</ul>"
)


@pytest.mark.parametrize(
    "widget",
    [
        '<stats-views article="link">–</stats-views>',
        '<span class="w" data-stats="views" data-article="link">–</span>',
    ],
)
def test_an_item_of_a_list_finds_its_own_article(
    visitor: Visitor, embed: Embed, widget: str
) -> None:
    """The same lines in each item, as a query loop of WordPress repeats them."""
    for path in ("/tin/2", "/tin/3", "/tin/3"):
        visitor.open(embed.put(path, ""))
    visitor.open(embed.put("/", LIST.replace("{}", widget)), answers=2)
    settle(visitor.page)

    texts = visitor.page.locator("li div").all_inner_texts()

    assert [text.split()[0] for text in texts] == ["0", "1", "2"]
    assert embed.counts().views.total == 4


def test_a_star_on_the_third_item_rates_the_third_article(voter: Voter, embed: Embed) -> None:
    """Not the page of the list."""
    voter.open(embed.put("/tin/3", "<stats-rating></stats-rating>"))
    body = LIST.replace("{}", '<stats-rating article="link"></stats-rating>')
    voter.page.goto(embed.put("/", body))
    settle(voter.page)

    rating = voter.page.locator("li:nth-child(3) stats-rating")
    rating.locator("label").nth(3).click()
    expect(rating.get_by_role("status")).to_contain_text("Cảm ơn")

    site = embed.services.sites.sites.get(embed.slug)
    rated = embed.services.ratings.ratings.get(site, ["/", "/tin/3"]).ratings
    assert [list(rated[key].rating.counts) for key in ("/", "/tin/3")] == [[0] * 5, [0, 0, 0, 1, 0]]
