"""Strict policies of a portal, hashes, and browsers without JavaScript."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext

from tests.browser.visitor import Embed, Visitor

BODY = (
    "<stats-visits></stats-visits><stats-count>?</stats-count>"
    '<stats-views></stats-views><span data-stats="today">?</span>'
)
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation',
    (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));
"""


def test_the_embed_keeps_a_strict_policy(visitor: Visitor, embed: Embed) -> None:
    """Only the service's script and answers; no inline style, no eval."""
    service = embed.base.removesuffix("/v1")
    policy = (
        f"default-src 'none'; script-src {service} 'nonce-abc'; connect-src {service}; "
        "style-src 'self'; img-src data:; require-trusted-types-for 'script'"
    )
    visitor.page.add_init_script(WATCH)

    visitor.open(embed.put("/tin/1", BODY, headers={"Content-Security-Policy": policy}))

    assert visitor.page.evaluate("window.violations") == []
    assert visitor.rows()[0] == ["Lượt truy cập", "1.814.165"]
    assert visitor.text("stats-views") == "1 lượt xem"
    display = visitor.page.locator("stats-visits").evaluate(
        "e => getComputedStyle(e.shadowRoot.querySelector('dl > div')).display"
    )
    assert display == "flex"
    assert visitor.errors == visitor.warnings == []


def test_a_changed_file_does_not_run(visitor: Visitor, embed: Embed) -> None:
    """The hash in the snippet is what the portal trusts."""
    visitor.page.route(
        "**/embed.*.js",
        lambda route: route.fulfill(
            body="window.hijacked = true",
            headers={"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"},
        ),
    )

    visitor.page.goto(embed.put("/tin/1", BODY))

    assert visitor.page.evaluate("window.hijacked") is None
    assert visitor.sent == []


def test_no_credentials_travel(open_context: Callable[..., BrowserContext], embed: Embed) -> None:
    """Cookies of the service's host stay where they are, and none is set."""
    context = open_context()
    context.add_cookies([{"name": "admin", "value": "secret", "url": embed.base}])
    visitor = Visitor(context.new_page(), embed)
    cookies: list[str | None] = []
    visitor.page.on(
        "request",
        lambda r: cookies.append(r.all_headers().get("cookie")) if "/page" in r.url else None,
    )

    visitor.open(embed.put("/tin/1", BODY))

    assert cookies == [None]
    assert [cookie["name"] for cookie in context.cookies()] == ["admin"]
    assert visitor.page.evaluate("Object.keys(localStorage)") == []


def test_without_javascript_a_pixel_counts_and_a_badge_shows(
    open_context: Callable[..., BrowserContext], embed: Embed
) -> None:
    """The noscript part of the snippet, and images for the numbers."""
    page = open_context(java_script_enabled=False).new_page()
    badge = f'<img id="badge" src="{embed.base}/{embed.slug}/badge/total.svg" alt="Lượt truy cập">'

    page.goto(embed.put("/tin/1", badge))
    page.wait_for_load_state("networkidle")

    assert embed.counts().views.total == 1
    assert embed.article_views("/tin/1") == 1
    box = page.locator("#badge").bounding_box()
    assert box is not None
    assert (box["height"], box["width"] > 120) == (24, True)
