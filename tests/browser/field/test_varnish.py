"""Debian's Varnish in front of a portal and of the service, with what its users write in VCL."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.field.php import listens
from tests.browser.field.test_nginx import BELOW, WIDGETS, uses_everything
from tests.browser.visitor import Embed, Visitor
from tests.browser.voting import Voter
from tests.support.processes import free_port, wait_until

pytestmark = [pytest.mark.field, pytest.mark.browser, pytest.mark.timeout(120)]

#: No cookies, no campaigns, everything kept for two minutes (Varnish's own default), and the
#: service below a path, under the same rules.
VCL = """
vcl 4.1;
backend portal { .host = "127.0.0.1"; .port = "%(portal)s"; }
backend service { .host = "127.0.0.1"; .port = "%(service)s"; }
sub vcl_recv {
    unset req.http.Cookie;
    set req.url = regsuball(req.url, "[?&](utm_[a-z]+|fbclid|gclid)=[^&]*", "");
    if (req.url ~ "^%(below)s/") {
        set req.backend_hint = service;
        set req.url = regsub(req.url, "^%(below)s/", "/v1/");
    } else {
        set req.backend_hint = portal;
    }
}
sub vcl_deliver {
    if (obj.hits > 0) { set resp.http.X-Cache = "HIT"; } else { set resp.http.X-Cache = "MISS"; }
}
"""


@contextmanager
def running_varnish(folder: Path, portal: str, service: str) -> Iterator[str]:
    """Run Varnish; give its port."""
    program = shutil.which("varnishd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        pytest.skip("varnishd is not here: apt install varnish")
    folder.mkdir()
    port, rules = free_port(), folder / "portal.vcl"
    ports = {"portal": portal.rpartition(":")[2], "service": service.rpartition(":")[2]}
    rules.write_text(VCL % (ports | {"below": BELOW}))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-F", "-j", "none", "-n", str(folder / "run"), "-f", str(rules),
             "-a", f"127.0.0.1:{port}", "-s", "default,32m"],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        # The rules are compiled first.
        wait_until(lambda: process.poll() is not None or listens(port), 60)
        assert process.poll() is None, (folder / "log").read_text()
        yield str(port)
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def behind(embed: Embed, service_url: str, tmp_path: Path) -> Iterator[Embed]:
    """Give the site with its pages, and its service, behind Varnish: two names of one machine."""
    with running_varnish(tmp_path / "varnish", embed.portal.host, service_url) as port:
        host = f"localhost:{port}"
        embed.services.sites.sites.edit(embed.slug, hosts=(host, "other.example.vn"))
        yield replace(
            embed,
            base=f"http://127.0.0.1:{port}{BELOW}",
            portal=replace(embed.portal, host=host),
        )


def test_a_cached_page_counts_every_reader(behind: Embed, new_voter: Callable[..., Voter]) -> None:
    """The page and the script come from the cache, its numbers from this moment, votes arrive."""
    voter = new_voter()
    voter.embed = behind
    voter.was_here_before()
    url = behind.put("/tin/1", WIDGETS)
    uses_everything(voter, url, "/tin/1")
    cached: dict[str, list[str]] = {}

    for number in (2, 3):
        page = new_voter().page
        reader = Visitor(page, behind)
        page.on(
            "response",
            lambda got: cached.setdefault(got.url.split("/")[-1], []).append(
                got.headers.get("x-cache", "")
            ),
        )
        reader.open(f"{url}?utm_source=zalo" if number == 3 else url)
        expect(reader.page.locator("#views")).to_have_text(str(number))
        expect(page.locator("stats-rating").locator("label")).to_have_count(5)

    assert cached["1"] + cached["1?utm_source=zalo"] == cached["embed.1.js"] == ["HIT", "HIT"]
    assert cached["page"] == ["MISS", "MISS"]
    assert behind.article_views("/tin/1") == behind.counts().views.total == 3


def test_what_the_service_answers_is_everybodys_own(behind: Embed) -> None:
    """Two hosts of the site ask for the same numbers: each may read what comes, cached or not."""
    for path in ("counts", "articles/views?key=/tin/1", "dot.gif"):
        for host in (behind.portal.host, "other.example.vn"):
            origin = f"http://{host}"
            request = Request(f"{behind.base}/{behind.slug}/{path}", headers={"Origin": origin})
            with urlopen(request, timeout=20) as answer:
                allowed = answer.headers["Access-Control-Allow-Origin"]
                cached = answer.headers["X-Cache"]
            assert allowed in (origin, "*")
            if path == "dot.gif":
                assert cached == "MISS"
