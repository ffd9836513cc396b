"""The plug-in on a WordPress made from nothing: uploaded, set up, and read, as its users would."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.browser.field.conftest import ADMIN, PASSWORD, WordPress
from tests.browser.visitor import Embed
from tests.support.portal import Portal
from tools.modules import MODULES, packed

pytestmark = [pytest.mark.field, pytest.mark.browser]


@pytest.fixture(scope="session")
def wp_site(services: Services, service_url: str, wordpress: WordPress) -> Embed:
    """Give the site that counts the WordPress."""
    services.sites.sites.add(Site(slug="wp", name="Kim Sơn", hosts=(wordpress.host,)))
    return Embed("wp", f"{service_url}/v1", Portal, services)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the zip that a webmaster uploads."""
    path = tmp_path_factory.mktemp("plugin") / "stats-service.zip"
    path.write_bytes(packed(MODULES / "wordpress" / "stats-service", "stats-service"))
    return path


def sign_in(page: Page, wordpress: WordPress) -> None:
    """Sign in as the administrator of the WordPress."""
    page.goto(f"{wordpress.url}/wp-login.php")
    page.fill("#user_login", ADMIN)
    page.fill("#user_pass", PASSWORD)
    page.click("#wp-submit")
    # Not until everything has loaded: the page wants pictures from elsewhere.
    page.wait_for_url("**/wp-admin/**", wait_until="domcontentloaded")


def upload(page: Page, wordpress: WordPress, plugin: Path) -> None:
    """Upload the plug-in and activate it."""
    page.goto(f"{wordpress.url}/wp-admin/plugin-install.php?tab=upload")
    page.set_input_files("#pluginzip", plugin)
    page.click("#install-plugin-submit")
    page.get_by_role("link", name="Activate Plugin").click()


def set_option(page: Page, wordpress: WordPress, label: str, *, on: bool) -> None:
    """Change one of the plug-in's choices."""
    page.goto(f"{wordpress.url}/wp-admin/options-general.php?page=stats_service")
    page.get_by_label(label).set_checked(on)
    page.click("#submit")
    expect(page.get_by_text("Settings saved.")).to_be_visible()


def publish(page: Page, kind: str, title: str, content: str, status: str = "publish") -> str:
    """Publish a post or a page, or keep a draft; return its address."""
    return str(
        page.evaluate(
            """async ([kind, title, content, status]) => {
                const asked = await fetch("/wp-admin/admin-ajax.php?action=rest-nonce");
                const nonce = await asked.text();
                const answer = await fetch(`/index.php?rest_route=/wp/v2/${kind}`, {
                  method: "POST",
                  headers: { "X-WP-Nonce": nonce, "Content-Type": "application/json" },
                  body: JSON.stringify({ title, content, excerpt: title, status }),
                });
                const made = await answer.json();
                return made.link || JSON.stringify(made);
            }""",
            [kind, title, content, status],
        )
    )


@pytest.fixture(scope="session")
def posts(chromium: object, wordpress: WordPress, wp_site: Embed, plugin: Path) -> dict[str, str]:
    """Upload, activate and set up the plug-in; write three posts and a page of all widgets."""
    context = chromium.new_context(locale="en")  # type: ignore[attr-defined]
    page = context.new_page()
    sign_in(page, wordpress)
    upload(page, wordpress, plugin)
    page.goto(f"{wordpress.url}/wp-admin/options-general.php?page=stats_service")

    # What cannot be used is named, and what stood there before stays.
    page.evaluate("document.querySelector('form').noValidate = true")
    page.fill("#stats-address", "dem.example.vn/v1")
    page.fill("#stats-site", "wp")
    page.click("#submit")
    expect(page.locator(".notice-error")).to_contain_text("dem.example.vn/v1 is no address")
    page.fill("#stats-address", f"{wp_site.base}/")
    page.fill("#stats-site", "wp")
    page.get_by_label("Show the number of views below each excerpt").check()
    page.click("#submit")
    expect(page.locator("#stats-address")).to_have_value(wp_site.base)

    made = {f"bai-{n}": publish(page, "posts", f"Bài {n}", "Nội dung.") for n in (1, 2, 3)}
    made["nhap"] = publish(page, "posts", "Bài nháp", "Nội dung.", "draft") + "&preview=true"
    made["tien-ich"] = publish(
        page,
        "pages",
        "Tiện ích",
        "<!-- wp:stats-service/visits /-->[stats_views] [stats_rating][stats_today]"
        '<!-- wp:stats-service/rating {"readonly":"1"} /-->',
    )
    made["danh-sach"] = publish(
        page,
        "pages",
        "Danh sách",
        '<!-- wp:query {"query":{"perPage":3,"postType":"post","order":"desc","inherit":false}} -->'
        '<div class="wp-block-query"><!-- wp:post-template --><!-- wp:post-title /-->'
        "<!-- wp:stats-service/views /--><!-- /wp:post-template --></div><!-- /wp:query -->",
    )
    context.close()
    return made


def test_a_post_counts_under_its_own_address(
    posts: dict[str, str], wp_site: Embed, page: Page, wordpress: WordPress
) -> None:
    """Whatever the query says; once a load; and PHP has nothing to complain of."""
    before = wp_site.counts().views.total
    page.goto(posts["bai-1"] + "?utm_source=zalo")
    page.goto(posts["bai-1"])
    page.goto(posts["bai-2"])
    page.wait_for_load_state("networkidle")

    assert wp_site.counts().views.total == before + 3
    keys = [post.removeprefix(wordpress.url) for post in (posts["bai-1"], posts["bai-2"])]
    assert [wp_site.article_views(key) for key in keys] == [2, 1]
    assert "stats-service" not in wordpress.faults()


def test_widgets_and_lists_are_filled(posts: dict[str, str], page: Page) -> None:
    """By blocks and by shortcodes; each item of a list has the number of its own article."""
    page.goto(posts["tien-ich"])
    expect(page.locator('[data-stats="visits"]')).to_contain_text("Visits", timeout=10_000)
    expect(page.locator('[data-stats="views"]').first).to_have_text("1")
    expect(page.locator('[data-stats="rating"]').first.get_by_role("radio")).to_have_count(5)

    page.goto(posts["danh-sach"])
    for title, views in (("Bài 1", "2"), ("Bài 2", "1"), ("Bài 3", "0")):
        item = page.locator(".wp-block-query li", has_text=title)
        expect(item.locator('[data-stats="views"]')).to_have_text(views)


@pytest.mark.parametrize("path", ["/?s=kim", "/?p=9999", "/?page_id=9999"])
def test_what_is_no_article_does_not_count(
    posts: dict[str, str], wp_site: Embed, page: Page, wordpress: WordPress, path: str
) -> None:
    """Results of a search, and pages that are not there; the numbers are shown all the same."""
    before = wp_site.counts().views.total
    page.goto(wordpress.url + path)
    page.wait_for_load_state("networkidle")

    assert page.locator("script[data-site='wp'][data-opt]").count() == 1
    assert wp_site.counts().views.total == before


def test_an_editor_does_not_count(
    posts: dict[str, str], wp_site: Embed, wordpress: WordPress,
    open_context: Callable[..., BrowserContext],
) -> None:  # fmt: skip
    """Whoever is signed in and may edit sees the numbers and adds nothing to them."""
    page = open_context().new_page()
    sign_in(page, wordpress)
    before = wp_site.counts().views.total
    page.goto(posts["bai-3"])
    page.wait_for_load_state("networkidle")

    assert wp_site.counts().views.total == before


def test_the_blocks_are_in_the_editor(
    posts: dict[str, str], wordpress: WordPress, open_context: Callable[..., BrowserContext]
) -> None:
    """The editor knows every block that the page has, and says what readers will see."""
    page = open_context().new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda got: faults.append(got.url) if got.status >= 400 else None)
    sign_in(page, wordpress)
    page.goto(f"{wordpress.url}/wp-admin/post-new.php")
    page.wait_for_function("window.wp && wp.blocks && wp.blocks.getBlockType('stats-service/poll')")
    names = page.evaluate(
        "wp.blocks.getBlockTypes().map((t) => t.name).filter((n) => n.startsWith('stats-service/'))"
    )

    assert faults == []
    assert len(names) == 8


def test_a_preview_does_not_count(
    posts: dict[str, str], wp_site: Embed, wordpress: WordPress,
    open_context: Callable[..., BrowserContext],
) -> None:  # fmt: skip
    """Of a draft, also where the views of people who may edit do."""
    page = open_context().new_page()
    sign_in(page, wordpress)
    set_option(page, wordpress, "Views of signed-in people who may edit, too", on=True)
    before = wp_site.counts().views.total
    with page.expect_response(lambda got: got.url == f"{wp_site.base}/wp/page"):
        page.goto(posts["bai-3"])
    assert wp_site.counts().views.total == before + 1

    with page.expect_response(lambda got: got.url == f"{wp_site.base}/wp/page"):
        page.goto(posts["nhap"])

    assert page.locator("script[data-site='wp'][data-opt=out]").count() == 1
    assert wp_site.counts().views.total == before + 1
    set_option(page, wordpress, "Views of signed-in people who may edit, too", on=False)


def test_the_settings_go_with_the_plugin(
    posts: dict[str, str], wordpress: WordPress, plugin: Path,
    open_context: Callable[..., BrowserContext],
) -> None:  # fmt: skip
    """Deleted, and uploaded once more, it knows nothing of its former settings. The last test."""
    page = open_context(locale="en").new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, wordpress)
    page.goto(f"{wordpress.url}/wp-admin/plugins.php")
    page.locator("#deactivate-stats-service").click()
    # Before its scripts have come, the link leads to a page that asks once more.
    page.wait_for_url("**deactivate=true**", wait_until="load")
    page.locator("#delete-stats-service").click()
    expect(page.get_by_text("was successfully deleted")).to_be_visible(timeout=30_000)

    upload(page, wordpress, plugin)
    page.goto(f"{wordpress.url}/wp-admin/options-general.php?page=stats_service")

    expect(page.locator("#stats-address")).to_have_value("")
    assert "stats-service" not in wordpress.faults()
