"""Clicks in a browser: which are sent, and what a page shows of them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from stats_service.services.traffic.spans import Span
from stats_service.web.embed.version import VERSION
from tests.browser.visitor import Embed, Visitor

BODY = """
<a id="pdf" href="/van-ban/12.pdf">12</a>
<a id="stopped" href="/stopped.zip">stopped</a> <span data-stats-downloads="/stopped.zip">…</span>
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


def names(embed: Embed) -> dict[str, dict[str, int]]:
    """Return the clicks of today by kind and name."""
    site = embed.services.sites.sites.get(embed.slug)
    today = datetime.fromtimestamp(embed.services.clock.now(), ZoneInfo(site.timezone)).date()
    counts = embed.services.traffic.clicks.of_span(site, Span(today, today))
    return {kind.kind: {one.name: one.clicks for one in kind.names} for kind in counts.kinds}


def test_clicks_of_every_sort_are_counted_once(visitor: Visitor, embed: Embed) -> None:
    """A double click, a key, a third button, a new tab, a prevented default, a shadow tree."""
    script = (
        f'<script async src="{embed.base}/embed-documents.{VERSION}.js" data-site="{embed.slug}">'
    )
    page = visitor.page
    embed.portal.put("/van-ban/12.pdf", "12")
    visitor.open(embed.put("/van-ban", BODY, head=f"{embed.snippet}{script}</script>"))
    page.wait_for_function("() => window.statsClicks")
    answered = f"{embed.base}/{embed.slug}/clicks"

    for selector in ("#stopped", "#named", "#host a"):
        with page.expect_response(answered):
            page.locator(selector).click()
    expect(page.locator("[data-stats-downloads]")).to_have_text("1 lượt tải")
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
