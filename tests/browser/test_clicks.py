"""Clicks in a browser: which are sent, and what a page shows of them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from stats_service.services.traffic.spans import Span
from tests.browser.visitor import Embed, Visitor

BODY = """
<a id="pdf" href="/van-ban/12.pdf">12</a>
<a id="stopped" href="/stopped.zip">stopped</a>
<span id="mark" data-stats="downloads" data-article="/stopped.zip">…</span>
<stats-count metric="downloads" article="/stopped.zip" lang="en">…</stats-count>
<span id="none" data-stats="downloads" data-article="không-phải-đường-dẫn">chưa rõ</span>
<a id="tab" href="/tab.docx" target="_blank">tab</a>
<a id="page" href="#here">page</a>
<button id="action" data-stats-action="dang-ky">register</button>
<button id="named" data-stats-download="/by/button">get</button>
<div id="host"></div>
<script>
stopped.addEventListener("click", (event) => event.preventDefault());
host.attachShadow({mode: "open"}).innerHTML = '<a href="https://other.example/x?y=1">other</a>';
host.shadowRoot.firstChild.addEventListener("click", (event) => event.preventDefault());
</script>
"""
#: Whether the part that counts clicks is there.
COUNTS = "() => window.stats && window.stats.action"

#: Keep the answer to a click once the page has made of it what it does.
ANSWERS = """() => {
  const { json } = Response.prototype;
  Response.prototype.json = async function () {
    const answer = await json.call(this);
    if ("outcome" in answer) setTimeout(() => (window.answered = answer));
    return answer;
  };
}"""


def names(embed: Embed) -> dict[str, dict[str, int]]:
    """Return the clicks of today by kind and name."""
    site = embed.services.sites.sites.get(embed.slug)
    today = datetime.fromtimestamp(embed.services.clock.now(), ZoneInfo(site.timezone)).date()
    counts = embed.services.traffic.clicks.of_span(site, Span(today, today))
    return {kind.kind: {one.name: one.clicks for one in kind.names} for kind in counts.kinds}


def test_clicks_of_every_sort_are_counted_once(visitor: Visitor, embed: Embed) -> None:
    """A double click, a key, a third button, a new tab, a prevented default, a shadow tree."""
    page = visitor.page
    embed.portal.put("/van-ban/12.pdf", "12")
    visitor.open(embed.put("/van-ban", BODY))
    page.wait_for_function(COUNTS)
    answered = f"{embed.base}/{embed.slug}/clicks"

    for selector in ("#stopped", "#named", "#host a"):
        with page.expect_response(answered):
            page.locator(selector).click()
    expect(page.locator("#mark")).to_have_text("1 lượt tải")
    expect(page.locator("stats-count")).to_have_text("1 download")
    expect(page.locator("#none")).to_have_text("chưa rõ")
    with page.expect_response(answered):
        page.locator("#stopped").dblclick()
    with page.expect_response(answered):
        page.locator("#action").press("Enter")
    with page.expect_response(answered):
        page.evaluate("() => stats.action('goi-dien')")
    with page.expect_response(answered), page.context.expect_page():
        page.locator("#tab").click(button="middle")
    page.locator("#page").click()
    page.locator("#pdf").click()
    page.wait_for_url("**/van-ban/12.pdf")

    for _ in range(100):  # the last click outlives its page
        if "/van-ban/12.pdf" in names(embed)["document"]:
            break
        page.wait_for_timeout(50)
    assert names(embed) == {
        "document": {"/stopped.zip": 1, "/by/button": 1, "/tab.docx": 1, "/van-ban/12.pdf": 1},
        "outgoing": {"other.example": 1},
        "action": {"dang-ky": 1, "goi-dien": 1},
    }
    assert not visitor.errors


def test_a_click_that_is_not_counted_leaves_the_number(visitor: Visitor, embed: Embed) -> None:
    """The answer to one who opted out has no number, and the page keeps its own."""
    page = visitor.page
    body = (
        '<a id="pdf" href="/12.pdf">12</a>'
        '<span data-stats="downloads" data-article="/12.pdf">…</span>'
        '<script>pdf.addEventListener("click", (event) => event.preventDefault());</script>'
    )
    visitor.open(embed.put("/van-ban", body))
    page.evaluate("localStorage.setItem('stats-optout', 'out')")
    visitor.open(embed.put("/van-ban", body))
    page.wait_for_function(COUNTS)

    page.evaluate(ANSWERS)
    page.locator("#pdf").click()
    page.wait_for_function("() => window.answered")

    assert page.evaluate("answered") == {"outcome": "opt-out", "clicks": None}
    expect(page.locator("span")).to_have_text("0 lượt tải")
    assert names(embed)["document"] == {}
    assert not visitor.errors


def test_numbers_of_downloads_come_with_the_pages_one_request(
    visitor: Visitor, embed: Embed
) -> None:
    """In every form, also a link that becomes a widget, and one that comes later."""
    page = visitor.page
    site = embed.services.sites.sites.get(embed.slug)
    today = datetime.fromtimestamp(embed.services.clock.now(), ZoneInfo(site.timezone)).date()
    clicks = {"document": {"/van-ban/12.pdf": 1814, "/van-ban/13.pdf": 1, "/sau.pdf": 7}}
    embed.services.traffic.clicks.write(site, {today: clicks})
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if f"/{embed.slug}/" in r.url else None)

    visitor.open(
        embed.put(
            "/van-ban",
            '<stats-count metric="downloads" article="/van-ban/12.pdf">…</stats-count>'
            '<div lang="en" data-stats="downloads" data-article="/van-ban/13.pdf">…</div>'
            '<p id="off"><stats-count metric="today">…</stats-count></p>',
        )
    )

    count, mark = page.locator("stats-count").first, page.locator("div[data-stats]")
    expect(count).to_have_text("1.814 lượt tải")
    expect(mark).to_have_text("1 download")
    expect(page.locator("#off")).not_to_have_text("…")
    assert [url.rpartition("/")[2] for url in asked] == ["page"]
    # The core looks at every element again when something comes; the numbers stay.
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend',"
        " '<p id=later data-stats=downloads data-article=/sau.pdf>…</p>"
        '<a href="#data-stats=downloads&data-article=/van-ban/13.pdf">tải</a>\')'
    )
    expect(page.locator("#later")).to_have_text("7 lượt tải")
    expect(page.locator("span[data-stats=downloads]")).to_have_text("1 lượt tải")
    expect(count).to_have_text("1.814 lượt tải")
    expect(mark).to_have_text("1 download")
    assert not visitor.errors


def test_the_site_says_whether_every_page_counts_clicks(visitor: Visitor, embed: Embed) -> None:
    """Without a change of the snippet; kinds that are off are not sent; else nothing is loaded."""
    asked: list[str] = []
    visitor.page.on("request", lambda r: asked.append(r.url))
    url = embed.put(
        "/",
        '<stats-count metric="today">…</stats-count> <a id="other" href="https://other.example/">x</a>'
        ' <button data-stats-action="dang-ky">y</button>',
    )

    visitor.open(url)
    expect(visitor.page.locator("stats-count")).not_to_have_text("…")
    before = [one for one in asked if "embed-extra" in one or "embed-documents" in one]
    embed.services.sites.sites.edit(embed.slug, clicks_everywhere=True, clicks_off=("action",))
    embed.services.sites.directory.load(embed.slug, embed.services.clock.now())
    visitor.page.wait_for_timeout(0)
    visitor.open(url)

    page = visitor.page
    page.wait_for_function(COUNTS)
    page.evaluate("other.addEventListener('click', (e) => e.preventDefault())")
    page.locator("button").click()
    with page.expect_response(f"{embed.base}/{embed.slug}/clicks"):
        page.locator("#other").click()
    assert before == []
    assert names(embed) == {"document": {}, "outgoing": {"other.example": 1}, "action": {}}
    assert sum(one.endswith("/clicks") for one in asked) == 1
