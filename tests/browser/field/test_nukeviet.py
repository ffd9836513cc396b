"""The block on a NukeViet made from nothing: installed, set up, and read, as its users would.

NukeViet is in no registry. `NUKEVIET=/where/it/is make test-field` names a folder with its files.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.sites.systems import parameters_of
from tests.browser.field.conftest import ADMIN, PASSWORD
from tests.browser.field.php import need_php, running_database, running_php
from tests.browser.visitor import Embed
from tests.support.portal import Portal
from tests.support.processes import free_port
from tools.modules import MODULES

pytestmark = [pytest.mark.field, pytest.mark.browser, pytest.mark.timeout(400)]

#: What `.htaccess` says to Apache: whatever is no file is a matter for index.php.
ROUTER = """<?php
$file = $_SERVER['DOCUMENT_ROOT'] . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (is_file($file) || (is_dir($file) && is_file(rtrim($file, '/') . '/index.php'))) {
    return false;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = $_SERVER['DOCUMENT_ROOT'] . '/index.php';
chdir($_SERVER['DOCUMENT_ROOT']);
require $_SERVER['SCRIPT_FILENAME'];
"""
#: An article that NukeViet brings along, by the address in its lists and by its parameters.
ARTICLE = "/index.php/Tin-tuc/chuong-trinh-thuc-tap-sinh-tai-cong-ty-vinades-9.html"
SAME_ARTICLE = f"/index.php?language=vi&nv=news&op={ARTICLE.removeprefix('/index.php/')}"
LISTED = '</h3><p><span data-stats="views" data-article="link">…</span> lượt xem</p>'


@dataclass(frozen=True)
class NukeViet:
    """A NukeViet that runs, with the site that counts it."""

    url: str
    root: Path
    site: Embed


@pytest.fixture(scope="module")
def nukeviet(
    tmp_path_factory: pytest.TempPathFactory, chromium: Browser, services: Services,
    service_url: str,
) -> Iterator[NukeViet]:  # fmt: skip
    """Install NukeViet by its own pages, put the two files in, and add the block."""
    need_php()
    source = os.environ.get("NUKEVIET")
    if not source or not (Path(source) / "install/index.php").exists():
        pytest.skip("NUKEVIET names no folder with NukeViet 4.5: its releases are on nukeviet.vn")
    folder = tmp_path_factory.mktemp("nukeviet")
    port, root, router = free_port(), folder / "www", folder / "router.php"
    shutil.copytree(source, root, ignore=shutil.ignore_patterns(".git"))
    router.write_text(ROUTER)
    for theme in ("default", "mobile_default"):
        shutil.copytree(MODULES / "nukeviet", root / f"themes/{theme}/blocks", dirs_exist_ok=True)
    for template in (root / "themes/default/modules/news").glob("viewcat_*.tpl"):
        template.write_text(template.read_text("utf-8").replace("</h3>", LISTED), "utf-8")
    url = f"http://127.0.0.1:{port}"
    services.sites.sites.add(
        Site(
            slug="nukeviet",
            name="Kim Sơn",
            hosts=(f"127.0.0.1:{port}",),
            article_parameters=parameters_of("nukeviet"),
        )
    )
    site = Embed("nukeviet", f"{service_url}/v1", Portal, services)  # type: ignore[arg-type]
    with running_database(folder, "nv") as database, running_php(root, port, database, str(router)):
        page = chromium.new_context(locale="vi-VN").new_page()
        install(page, url)
        for theme in ("default", "mobile_default"):
            add_block(page, url, theme, site.base)
        page.context.close()
        yield NukeViet(url, root, site)


def install(page: Page, url: str) -> None:
    """Go through the pages of the installation, and sign in."""
    page.set_default_timeout(60_000)
    for step in (2, 3, 4, 5):
        page.goto(f"{url}/install/index.php?language=vi&step={step}")
    page.fill("[name=dbuname]", "root")
    page.fill("[name=dbname]", "nv")
    page.locator("form [type=submit]").last.click()
    for name, value in {
        "site_name": "Cổng Kim Sơn", "nv_login": ADMIN, "nv_email": "an@example.vn",
        "nv_password": PASSWORD, "re_password": PASSWORD, "question": "Con gì?",
        "answer_question": "Con voi",
    }.items():  # fmt: skip
        page.fill(f"[name={name}]", value)
    page.locator("form [type=submit]").last.click()
    page.wait_for_url("**step=8*", wait_until="domcontentloaded")
    page.goto(f"{url}/admin/index.php")
    page.fill("[name=nv_login]", ADMIN)
    page.fill("[name=nv_password]", PASSWORD)
    page.locator("[type=submit]").first.click()
    expect(page.get_by_text("Quản lý giao diện").first).to_be_visible()


def add_block(page: Page, url: str, theme: str, service: str) -> None:
    """Add the block as docs/embed.md says; what cannot be used is named first."""
    form = f"{url}/admin/index.php?language=vi&nv=themes&op=block_content&selectthemes={theme}"
    page.on("dialog", lambda dialog: dialog.accept())
    for address in ("dem.example.vn/v1", f"{service}/"):
        page.goto(form)
        block = page.locator("[name=file_name] option", has_text="global stats_service")
        page.select_option("[name=file_name]", block.get_attribute("value"))
        page.fill("[name=config_address]", address)
        page.fill("[name=config_site]", "nukeviet")
        page.fill("[name=title]", "Thống kê truy cập")
        position = page.locator("[name=position] option", has_text=re.compile("RIGHT|FOOTER"))
        page.select_option("[name=position]", position.last.get_attribute("value"))
        page.locator("[name=all_func][value='1']").check()
        with page.expect_response(lambda got: "block_content" in got.url):
            page.locator("[type=submit]").last.click()
        if address.startswith("dem"):
            expect(page.get_by_text("Địa chỉ dịch vụ không đúng.")).to_be_visible()
    page.wait_for_load_state("domcontentloaded")


def read(context: BrowserContext, place: NukeViet, path: str) -> Page:
    """Open a page as somebody new, and wait for what the service says."""
    page = context.new_page()
    with page.expect_response(lambda got: got.url == f"{place.site.base}/nukeviet/page"):
        page.goto(place.url + path, wait_until="domcontentloaded")
    return page


def test_an_article_is_one_whatever_its_address(
    nukeviet: NukeViet, open_context: Callable[..., BrowserContext]
) -> None:
    """By its own address, by its parameters, with a campaign's, and on a phone's theme."""
    before = nukeviet.site.counts().views.total
    phone = (
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/140.0.0.0 Mobile Safari/537.36"
    )
    page = read(open_context(), nukeviet, ARTICLE)
    for path in (SAME_ARTICLE, f"{ARTICLE}?utm_source=zalo&x=1"):
        read(open_context(), nukeviet, path)
    read(open_context(user_agent=phone), nukeviet, ARTICLE)

    expect(page.locator("[data-stats=visits] dd").last).to_have_text("1")
    assert nukeviet.site.article_views(ARTICLE) == 4
    assert nukeviet.site.counts().views.total == before + 4


def test_a_list_has_the_number_of_each_article(
    nukeviet: NukeViet, open_context: Callable[..., BrowserContext]
) -> None:
    """By the line of docs/embed.md in the theme's own templates."""
    page = read(open_context(), nukeviet, "/")
    link = page.locator("h3:has(+ p [data-stats=views]) a[href*='.html']").last
    path = str(link.get_attribute("href"))
    before = nukeviet.site.article_views(path)
    read(open_context(), nukeviet, path)

    page = read(open_context(), nukeviet, "/")

    number = page.locator(f'[data-stats=views][data-article="{path}"]').first
    expect(number).to_have_text(str(before + 1))


def test_who_searches_or_edits_does_not_count(
    nukeviet: NukeViet, open_context: Callable[..., BrowserContext]
) -> None:
    """They see the numbers; a page that is not there has no block at all."""
    before = nukeviet.site.counts().views.total
    context = open_context()
    read(context, nukeviet, "/index.php/seek/?q=vinades")
    missing = context.new_page()
    missing.goto(f"{nukeviet.url}{ARTICLE.replace('-9.html', '-9999.html')}")
    missing.goto(f"{nukeviet.url}/admin/index.php")
    missing.fill("[name=nv_login]", ADMIN)
    missing.fill("[name=nv_password]", PASSWORD)
    missing.locator("[type=submit]").first.click()
    expect(missing.get_by_text("Quản lý giao diện").first).to_be_visible()
    read(context, nukeviet, ARTICLE)

    assert nukeviet.site.counts().views.total == before
