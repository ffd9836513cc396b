"""`<stats-top>`: lists of articles in the portal's pages."""

import pytest
from playwright.sync_api import expect

from stats_service.models.audit import Author
from tests.browser.visitor import Embed, Visitor


@pytest.fixture
def read(visitor: Visitor, embed: Embed) -> None:
    """Let two articles be read, and be known by their titles."""
    for path, title in (("/tin/1", "Khánh thành cầu <b>"), ("/van-ban/2", "Nghị quyết")):
        for _ in range(2 if path == "/tin/1" else 1):
            visitor.open(embed.put(path, "<stats-visits></stats-visits>"))
        by = Author("chu", embed.services.clock.now())
        site = embed.services.sites.sites.get(embed.slug)
        embed.services.traffic.titles.set(site, path, title, by)
    embed.services.sites.sites.edit(embed.slug, public_articles=True)


@pytest.mark.usefixtures("read")
def test_lists_are_links_with_titles_and_numbers(visitor: Visitor, embed: Embed) -> None:
    """Both forms, a section, English, a list that comes later; one view, and one request a list."""
    asked: list[str] = []
    visitor.page.on("request", lambda r: asked.append(r.url) if "/top?" in r.url else None)
    visitor.open(
        embed.put(
            "/",
            '<stats-top id="all" span="all"><p>Chưa có</p></stats-top>'
            '<stats-top id="same" span="all" numbers="none"></stats-top>'
            '<div id="mark" data-stats="top" data-only="/van-ban/" data-onclick="x"'
            ' lang="en">…</div>'
            '<a href="#data-stats=top&amp;data-exclude=/van-ban/&amp;data-span=day">Đọc nhiều</a>'
            '<stats-top id="none" only="/khong/"><p>Chưa có</p></stats-top>',
        )
    )
    page = visitor.page

    links = page.locator("#all a")
    expect(links).to_have_text(["Khánh thành cầu <b>", "Nghị quyết"])
    assert links.evaluate_all("all => all.map((a) => a.pathname)") == ["/tin/1", "/van-ban/2"]
    expect(page.locator("#all li").first).to_have_text("Khánh thành cầu <b> 2 lượt xem")
    expect(page.locator("#same li").first).to_have_text("Khánh thành cầu <b>")
    expect(page.locator("#mark li")).to_have_text(["Nghị quyết 1 view"])
    assert page.locator("#mark stats-top").get_attribute("onclick") is None
    expect(page.locator("span > stats-top li")).to_have_text(["Khánh thành cầu <b> 2 lượt xem"])
    expect(page.locator("#none")).to_have_text("Chưa có")
    page.evaluate("document.querySelector('#none').setAttribute('only', '/tin/')")
    expect(page.locator("#none a")).to_have_text(["Khánh thành cầu <b>"])
    # The core looks at every mark again when numbers come; the list stays.
    page.evaluate("document.body.append(document.createElement('stats-count'))")
    expect(page.locator("stats-count")).not_to_be_empty()
    expect(page.locator("#mark li")).to_have_text(["Nghị quyết 1 view"])
    assert sum("span=all" in url for url in asked) == 1
    assert len([view for view in visitor.views if view["article"] == "/"]) == 1


def test_a_list_that_is_closed_leaves_the_page_as_it_was(visitor: Visitor, embed: Embed) -> None:
    """The console says why."""
    with visitor.page.expect_console_message(lambda m: "403" in m.text and m.type == "warning"):
        visitor.open(embed.put("/", "<stats-top><p>Chưa có</p></stats-top>"))

    expect(visitor.page.locator("stats-top")).to_have_text("Chưa có")


def test_a_page_without_a_list_loads_no_code_for_one(visitor: Visitor, embed: Embed) -> None:
    """The core alone."""
    asked: list[str] = []
    visitor.page.on("request", lambda r: asked.append(r.url))

    visitor.open(embed.put("/", "<stats-visits></stats-visits>"))

    assert not [url for url in asked if "embed-top" in url or "embed-extra" in url]
