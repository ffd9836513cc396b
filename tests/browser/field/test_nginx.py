"""Debian's nginx in front of a portal: a page cache, the service below a path, a password."""

import contextlib
import getpass
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from stats_service.web.embed.files import load_files
from stats_service.web.embed.snippet import Embedding
from tests.browser.visitor import Embed, Visitor
from tests.browser.voting import Voter, make_poll, votes
from tests.support.portal import Portal
from tests.support.processes import free_port, wait_until

pytestmark = [pytest.mark.field, pytest.mark.browser, pytest.mark.timeout(120)]

#: Every page is kept for a minute, whatever the query says of campaigns, as caches of portals do.
CONFIG = """
daemon off;
user {user};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    proxy_cache_path {folder}/cache keys_zone=pages:1m;
    server {{
        listen 127.0.0.1:{port};
        {password}
        location / {{
            proxy_pass http://{portal};
            proxy_set_header Host $http_host;
            proxy_cache pages;
            proxy_cache_key $uri;
            proxy_cache_valid 200 1m;
            add_header X-Cache $upstream_cache_status;
        }}
        location /tien-ich/thong-ke/ {{
            proxy_pass {service}/;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""
#: Below which the service is.
BELOW = "/tien-ich/thong-ke/v1"
WIDGETS = """<div data-stats="visits">Số liệu</div>
<p id="views"><span data-stats="views">…</span></p>
<div data-stats="poll">Bình chọn</div><div data-stats="rating">Đánh giá</div>"""


def nginx_program() -> str:
    """Return the path of nginx, or skip the test with what to install."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        pytest.skip("nginx is not here: apt install nginx-light")
    return program


@contextlib.contextmanager
def running_nginx(folder: Path, portal: Portal, service: str, *, guarded: bool) -> Iterator[str]:
    """Run nginx; give its host."""
    program = nginx_program()
    port, password = free_port(), ""
    if guarded:
        (folder / "users").write_text("an:{PLAIN}mat-khau\n")
        password = f'auth_basic "portal"; auth_basic_user_file {folder}/users;'
    (folder / "nginx.conf").write_text(
        CONFIG.format(
            folder=folder,
            port=port,
            user=getpass.getuser(),
            portal=portal.host,
            service=service,
            password=password,
        )
    )
    process = subprocess.Popen(
        [program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    )
    try:
        wait_until(lambda: process.poll() is not None or (folder / "nginx.pid").exists())
        assert process.poll() is None, (folder / "error.log").read_text()
        yield f"localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def open_behind(
    embed: Embed, service_url: str, tmp_path: Path, new_voter: Callable[..., Voter]
) -> Iterator[Callable[..., Voter]]:
    """Give a function that makes a voter on the site behind nginx.

    The pages are on `localhost`, the service on `127.0.0.1`: another host. `guarded` has both on
    one, behind a password.
    """
    with contextlib.ExitStack() as stack:

        def open_one(*, guarded: bool = False) -> Voter:
            host = stack.enter_context(
                running_nginx(tmp_path, embed.portal, service_url, guarded=guarded)
            )
            service = host if guarded else host.replace("localhost", "127.0.0.1")
            embed.services.sites.sites.edit(embed.slug, hosts=(host,))
            credentials = {"username": "an", "password": "mat-khau"}
            voter = new_voter(**({"http_credentials": credentials} if guarded else {}))
            voter.embed = replace(
                embed, base=f"http://{service}{BELOW}", portal=replace(embed.portal, host=host)
            )
            voter.was_here_before()
            return voter

        yield open_one


def uses_everything(voter: Voter, url: str, key: str) -> None:
    """Open a page with `WIDGETS`, see its numbers, vote and rate: one view, nothing goes wrong."""
    embed = voter.embed
    poll = make_poll(embed)
    voter.open(url)
    expect(voter.page.locator("[data-stats=visits] dd").first).to_have_text("1.814.165")
    expect(voter.page.locator("#views")).to_have_text("1")
    # By selectors alone: Playwright knows no label and no button in a document that is XML.
    voter.poll.locator("label", has_text="Thủ tục hành chính").click()
    voter.poll.locator("button").first.click()
    expect(voter.poll.locator("[role=status]")).to_contain_text("Cảm ơn bạn đã bình chọn")
    expect(voter.rating.locator("label")).to_have_count(5)
    voter.rating.locator("label").nth(3).click()
    expect(voter.rating.locator("[role=status]")).to_contain_text("Cảm ơn bạn đã đánh giá")

    assert votes(embed, poll) == {"thu-tuc": 1}
    assert embed.counts().views.total == embed.article_views(key) == 1
    assert voter.errors == voter.warnings == []


def test_a_cached_page_counts_every_reader(
    open_behind: Callable[..., Voter], new_voter: Callable[..., Voter]
) -> None:
    """The page comes from the cache, and its numbers are those of this moment."""
    voter = open_behind()
    url = voter.embed.put("/tin/1", WIDGETS)
    uses_everything(voter, url, "/tin/1")
    cached: list[str] = []

    for number in (2, 3):
        reader = Visitor(new_voter().page, voter.embed)
        reader.page.on("response", lambda got: cached.append(got.headers.get("x-cache", "")))
        reader.open(f"{url}?utm_source=zalo" if number == 3 else url)
        expect(reader.page.locator("#views")).to_have_text(str(number))

    assert [state for state in cached if state] == ["HIT", "HIT"]
    assert voter.embed.article_views("/tin/1") == voter.embed.counts().views.total == 3


@pytest.mark.parametrize("kind", ["xhtml", "quirks", "guarded"])
def test_odd_pages(open_behind: Callable[..., Voter], kind: str) -> None:
    """XHTML that is read as XML; a page without a doctype; a portal behind a password."""
    voter = open_behind(guarded=kind == "guarded")
    embed = voter.embed
    if kind == "xhtml":
        lines = Embedding(embed.base, embed.slug, load_files().newest).xml()
        text = (
            '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"'
            f' lang="vi"><head><title>Tin</title></head><body>{WIDGETS}{lines}</body></html>'
        )
        headers = {"Content-Type": "application/xhtml+xml; charset=utf-8"}
    else:
        doctype = "" if kind == "quirks" else "<!doctype html>"
        text = f'{doctype}<html lang="vi"><title>Tin</title><body>{WIDGETS}{embed.snippet}'
        headers = {}

    uses_everything(voter, embed.portal.put("/tin/1", text, headers), "/tin/1")

    mode = voter.page.evaluate("document.compatMode")
    assert mode == ("BackCompat" if kind == "quirks" else "CSS1Compat")
