"""The file for WordPress that the install page prints, in place of the plug-in."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.embed.files import load_files
from stats_service.web.embed.snippet import Embedding
from tests.browser.field.conftest import WordPress
from tests.browser.field.test_wordpress import publish, sign_in
from tests.browser.visitor import Embed
from tests.support.portal import Portal

pytestmark = [pytest.mark.field, pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def site(services: Services, service_url: str, wordpress: WordPress) -> Iterator[Embed]:
    """Put the file where the install page says, for a site of its own."""
    services.sites.sites.add(Site(slug="wp-file", name="Kim Sơn", hosts=(wordpress.host,)))
    base = f"{service_url}/v1"
    folder = wordpress.root / "wp-content/mu-plugins"
    folder.mkdir(parents=True)
    (folder / "stats.php").write_text(Embedding(base, "wp-file", load_files().newest).php())
    yield Embed("wp-file", base, Portal, services)  # type: ignore[arg-type]
    (folder / "stats.php").unlink()
    folder.rmdir()


def test_the_file_counts_readers_of_pages_alone(
    page: Page, site: Embed, wordpress: WordPress, chromium: object
) -> None:
    """Not who edits, who searches, and what is not there; these see the numbers all the same."""
    editor = chromium.new_context(locale="en").new_page()  # type: ignore[attr-defined]
    sign_in(editor, wordpress)
    text = '<!-- wp:html --><p id="n"><a href="#data-stats=views">…</a></p><!-- /wp:html -->'
    url = publish(editor, "posts", "Bài bằng tệp", text)

    page.goto(url)
    expect(page.locator("#n")).to_have_text("1")
    for path in ("/?s=tin", "/?p=999999"):
        page.goto(wordpress.url + path)
        page.wait_for_load_state("networkidle")
    editor.goto(url)
    expect(editor.locator("#n")).to_have_text("1")
    editor.context.close()

    assert site.counts().views.total == 1
    assert site.article_views(url.removeprefix(wordpress.url)) == 1
    assert "stats.php" not in wordpress.faults()
