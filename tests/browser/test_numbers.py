"""The numbers appear where the page wants them, in its language."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.visitor import Embed, Visitor


def test_the_block_shows_total_online_and_today(visitor: Visitor, embed: Embed) -> None:
    """One element without attributes is the block of the model page."""
    visitor.open(embed.put("/tin/1", "<stats-visits>Đang tải</stats-visits>"))

    assert visitor.rows() == [
        ["Lượt truy cập", "1.814.165"],
        ["Trực tuyến", "1"],
        ["Hôm nay", "1"],
    ]
    assert visitor.errors == visitor.warnings == []


def test_the_numbers_go_up(
    open_context: Callable[..., BrowserContext], visitor: Visitor, embed: Embed
) -> None:
    """A second visitor sees himself counted; the same one again is a view, not a visit."""
    url = embed.put("/tin/1", "<stats-visits></stats-visits> <stats-views></stats-views>")
    visitor.open(url)
    visitor.open(url)
    first = visitor.rows(), visitor.text("stats-views")

    other = Visitor(
        open_context(user_agent="Mozilla/5.0 (Windows) Firefox/145.0").new_page(), embed
    )
    other.open(url)

    assert first == (
        [["Lượt truy cập", "1.814.165"], ["Trực tuyến", "1"], ["Hôm nay", "1"]],
        "2 lượt xem",
    )
    assert other.rows() == [["Lượt truy cập", "1.814.166"], ["Trực tuyến", "2"], ["Hôm nay", "2"]]
    assert other.text("stats-views") == "3 lượt xem"
    assert embed.counts().views.today == 3


def test_attributes_choose_the_rows_and_their_labels(visitor: Visitor, embed: Embed) -> None:
    """Rows in the order given, with the page's own words where it gives some."""
    visitor.open(
        embed.put(
            "/tin/1",
            '<stats-visits rows="views.total today record peak" labels="Số lần xem||Kỷ lục">'
            "</stats-visits>",
        )
    )

    rows = visitor.rows()
    assert [label for label, _ in rows] == [
        "Số lần xem",
        "Hôm nay",
        "Kỷ lục",
        "Trực tuyến cao nhất",
    ]
    assert [value.split(" ")[0] for _, value in rows] == ["1", "1", "1", "1"]
    day = embed.counts().visits.record.day.split("-")  # type: ignore[union-attr]
    assert rows[2][1] == f"1 ({day[2]}/{day[1]}/{day[0]})"


def test_changed_attributes_change_the_rows(visitor: Visitor, embed: Embed) -> None:
    """Scripts of the page may change an element at any time, without another request."""
    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits>"))

    visitor.page.locator("stats-visits").evaluate("e => e.setAttribute('rows', 'online')")

    assert visitor.rows() == [["Trực tuyến", "1"]]
    assert len(visitor.sent) == 1


def test_a_number_stands_in_running_text(visitor: Visitor, embed: Embed) -> None:
    """Inline elements take any metric; unknown ones leave the page's text."""
    visitor.open(
        embed.put(
            "/tin/1",
            'Hôm nay <stats-count id="a" metric="today">?</stats-count>, '
            'tổng <stats-count id="b">?</stats-count>, '
            'lạ <stats-count id="c" metric="nothing">như cũ</stats-count>',
        )
    )

    assert visitor.text("#a") == "1"
    assert visitor.text("#b") == "1.814.165"
    assert visitor.text("#c") == "như cũ"


def test_spans_serve_editors_that_strip_unknown_tags(visitor: Visitor, embed: Embed) -> None:
    """The same metrics by a data attribute."""
    visitor.open(
        embed.put(
            "/tin/1",
            '<span id="a" data-stats="total">?</span> <span id="b" data-stats="views">?</span> '
            '<span id="c" data-stats="views" data-article="/tin/2">?</span>',
        )
    )

    assert [visitor.text(f"#{name}") for name in "abc"] == ["1.814.165", "1", "0"]
    assert len(visitor.sent) == 1


@pytest.mark.parametrize(
    ("lang", "label", "total", "views"),
    [
        ("en", "Visits", "1,814,165", "1 view"),
        ("en-GB", "Visits", "1,814,165", "1 view"),
        ("vi", "Lượt truy cập", "1.814.165", "1 lượt xem"),
        ("", "Lượt truy cập", "1.814.165", "1 lượt xem"),
    ],
)
def test_the_language_is_that_of_the_page(
    visitor: Visitor, embed: Embed, lang: str, label: str, total: str, views: str
) -> None:
    """English where `lang` says so, else Vietnamese, whatever the browser's own language is."""
    body = "<stats-visits></stats-visits><stats-views></stats-views>"

    visitor.open(embed.put("/tin/1", body, lang=lang))

    assert visitor.rows()[0] == [label, total]
    assert visitor.text("stats-views") == views


def test_a_part_of_the_page_may_be_in_another_language(visitor: Visitor, embed: Embed) -> None:
    """The nearest `lang` decides."""
    visitor.open(embed.put("/tin/1", '<p lang="en"><stats-count>?</stats-count></p>'))

    assert visitor.text("stats-count") == "1,814,165"


def test_views_take_a_label_of_the_page(visitor: Visitor, embed: Embed) -> None:
    """An empty label leaves the bare number."""
    visitor.open(
        embed.put(
            "/tin/1",
            '<stats-views id="a" label=""></stats-views>'
            '<stats-views id="b" label="lần đọc"></stats-views>',
        )
    )

    assert visitor.text("#a") == "1"
    assert visitor.text("#b") == "1 lần đọc"


def test_a_list_page_is_one_request(visitor: Visitor, embed: Embed) -> None:
    """A hundred articles, and the counters, in the request that counts the view."""
    visitor.open(embed.put("/tin/7", ""))
    articles = "".join(
        f'<stats-views id="a{n}" article="/tin/{n}">-</stats-views> ' for n in range(100)
    )

    visitor.open(embed.put("/list", f"<stats-visits></stats-visits>{articles}"))

    assert len(visitor.sent) == 2
    assert len(visitor.sent[1]["articles"]) == 100
    assert visitor.text("#a7") == "1 lượt xem"
    assert visitor.text("#a99") == "0 lượt xem"


def test_more_articles_come_in_later_batches(visitor: Visitor, embed: Embed) -> None:
    """The view is counted once; the others are asked for a hundred at a time."""
    articles = "".join(
        f'<stats-views id="a{n}" article="/tin/{n}">-</stats-views> ' for n in range(250)
    )

    visitor.open(embed.put("/list", articles), answers=3)

    assert [len(body["articles"]) for body in visitor.sent] == [100, 100, 50]
    assert len(visitor.views) == 1
    assert visitor.text("#a249") == "0 lượt xem"
    assert embed.counts().views.total == 1


def test_widgets_that_come_later_are_gathered_into_one_request(
    visitor: Visitor, embed: Embed
) -> None:
    """A page that loads more articles while its reader scrolls."""
    visitor.open(embed.put("/list", '<stats-views article="/tin/0"></stats-views>'))

    visitor.act(
        lambda: visitor.page.evaluate(
            """() => { for (let n = 1; n < 21; n++) {
                const element = document.createElement('stats-views');
                element.setAttribute('article', '/tin/' + n);
                element.id = 'a' + n;
                document.body.append(element);
            } }"""
        )
    )

    assert [len(body["articles"]) for body in visitor.sent] == [1, 20]
    assert visitor.text("#a20") == "0 lượt xem"
    assert embed.counts().views.total == 1


def test_a_block_that_comes_later_shows_what_is_known(visitor: Visitor, embed: Embed) -> None:
    """Without another request."""
    visitor.open(embed.put("/tin/1", ""))

    visitor.page.evaluate("document.body.append(document.createElement('stats-visits'))")

    assert visitor.rows()[0] == ["Lượt truy cập", "1.814.165"]
    assert len(visitor.sent) == 1


def test_a_removed_element_is_left_alone(visitor: Visitor, embed: Embed) -> None:
    """It is not kept up to date any more, until it comes back."""
    visitor.page.clock.install()
    visitor.open(embed.put("/tin/1", "<stats-count>?</stats-count>"))
    visitor.page.evaluate("window.kept = document.querySelector('stats-count'); kept.remove()")
    site = embed.services.sites.sites.get(embed.slug)
    embed.services.sites.sites.edit(embed.slug, opening_visits=site.opening_visits + 5)

    visitor.act(lambda: visitor.page.clock.fast_forward(60_000))
    removed = visitor.page.evaluate("kept.textContent")
    visitor.page.evaluate("document.body.append(kept)")

    assert removed == "1.814.165"
    assert visitor.text("stats-count") == "1.814.170"


def test_two_snippets_are_one_view(visitor: Visitor, embed: Embed) -> None:
    """A template and an editor both pasted it."""
    head = embed.snippet + embed.snippet.replace("async", "defer")

    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits>", head=head))
    visitor.page.wait_for_load_state("networkidle")

    assert len(visitor.sent) == 1
    assert embed.counts().views.total == 1
    assert visitor.errors == visitor.warnings == []


def test_a_tag_manager_may_load_the_script(visitor: Visitor, embed: Embed) -> None:
    """A script element that another script made knows its service and its site too."""
    loader = f"""<script>
      const script = document.createElement("script");
      script.src = "{embed.base}/embed.js";
      script.dataset.site = "{embed.slug}";
      document.head.append(script);
    </script>"""

    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits>", head=loader))

    assert visitor.rows()[0] == ["Lượt truy cập", "1.814.165"]


def test_a_change_touches_that_number_alone(visitor: Visitor, embed: Embed) -> None:
    """So a page that wants it read aloud (`aria-live`) hears that and no more; else it is quiet."""
    visitor.page.clock.install()
    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits>"))
    visitor.page.evaluate(
        """() => {
            window.changes = [];
            const root = document.querySelector('stats-visits').shadowRoot;
            const note = list => window.changes.push(...list.map(m => m.target.textContent));
            new MutationObserver(note).observe(
                root, {childList: true, characterData: true, subtree: true});
        }"""
    )
    site = embed.services.sites.sites.get(embed.slug)
    embed.services.sites.sites.edit(embed.slug, opening_visits=site.opening_visits + 5)

    visitor.act(lambda: visitor.page.clock.fast_forward(60_000))

    assert visitor.page.locator("stats-visits [aria-live]").count() == 0
    assert visitor.page.evaluate("window.changes") == ["1.814.170"]


def test_markup_in_what_the_page_says_stays_text(visitor: Visitor, embed: Embed) -> None:
    """Labels are text, never markup."""
    label = "&lt;img src=x onerror=alert(1)&gt;"

    visitor.open(embed.put("/tin/1", f'<stats-visits labels="{label}"></stats-visits>'))

    assert visitor.rows()[0][0] == "<img src=x onerror=alert(1)>"
    assert visitor.page.locator("img").count() == 0


@pytest.mark.parametrize("tag", ["li", "strong", "td"])
def test_a_block_on_an_element_without_a_shadow_is_shown_and_stops_no_other(
    visitor: Visitor, embed: Embed, tag: str
) -> None:
    """The list stands in the element itself, once, and the next mark is filled."""
    mark = f'<{tag} id="block" data-stats="visits">Đang tải</{tag}>'
    body = f"<table><tr>{mark}</tr></table>" if tag == "td" else mark

    visitor.open(embed.put("/tin/1", body + '<p><span data-stats="today">…</span></p>'))

    assert visitor.text("span[data-stats]") == "1"
    cells = visitor.page.locator("#block > dl > div > *").all_inner_texts()
    assert cells == ["Lượt truy cập", "1.814.165", "Trực tuyến", "1", "Hôm nay", "1"]
    assert "Đang tải" not in visitor.text("#block")
    assert visitor.errors == visitor.warnings == []


def test_a_number_stands_near_its_label_on_a_wide_page(visitor: Visitor, embed: Embed) -> None:
    """However wide the place is, the eye finds the number of a row."""
    visitor.page.set_viewport_size({"width": 1280, "height": 800})
    visitor.open(embed.put("/tin/1", "<stats-visits></stats-visits>"))

    gaps = visitor.page.evaluate(
        """() => [...document.querySelector("stats-visits").shadowRoot.querySelectorAll("div")].map(
            (row) => row.lastChild.getBoundingClientRect().right
                - row.firstChild.getBoundingClientRect().left)"""
    )
    assert len(gaps) == 3
    assert max(gaps) <= 20 * 16 + 1
