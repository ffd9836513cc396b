"""Two of Debian's nginx in a row: readers are told apart, or it is said why not."""

import getpass
import http.client
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.browser.field.test_nginx import nginx_program
from tests.support.pages import new_hit
from tests.support.processes import free_port, wait_until
from tests.support.server import running_service

pytestmark = [pytest.mark.field, pytest.mark.timeout(180)]

#: What docs/operate.md and examples/nginx.conf say of the header, in each of the two.
CONFIG = """
daemon off;
user {user};
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    # Readers of the test have addresses of the Internet: here the first proxy learns them.
    {readers}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {service};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""
READERS, CAP = 160, 50
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{}.0.0.0 Safari/537.36"
)


@contextmanager
def running_nginx(folder: Path, service: str, *, first: bool) -> Iterator[str]:
    """Run one nginx before a service, or before another nginx; give its URL."""
    folder.mkdir()
    port = free_port()
    readers = "set_real_ip_from 127.0.0.1; real_ip_header X-Reader;" if first else ""
    config = folder / "nginx.conf"
    config.write_text(
        CONFIG.format(
            folder=folder, port=port, user=getpass.getuser(), service=service, readers=readers
        )
    )
    process = subprocess.Popen(
        [nginx_program(), "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(config)]
    )
    try:
        wait_until(lambda: process.poll() is not None or (folder / "nginx.pid").exists())
        assert process.poll() is None, (folder / "error.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def read_by_many(url: str, slug: str) -> None:
    """Load a page for each of `READERS`, with another address and another browser."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    for number in range(READERS):
        connection.request(
            "POST",
            f"/v1/{slug}/page",
            json.dumps({"hit": new_hit(), "article": "/tin/1"}),
            {
                "Origin": "https://kimson.example.vn",
                "User-Agent": AGENT.format(80 + number),
                "X-Reader": f"203.0.113.{number + 1}",
            },
        )
        response = connection.getresponse()
        response.read()
        assert response.status == 200
    connection.close()


@pytest.mark.parametrize(
    ("trusted", "visits", "kinds"),
    [
        (2, READERS, []),
        (1, CAP, ["proxy-more", "visits-proxy"]),
        (0, CAP, ["proxy-more", "visits-proxy"]),
        # One too many: the reader may have written what such a header says, and nobody is believed.
        (3, CAP, ["proxy-local", "visits-proxy"]),
    ],
)
def test_two_proxies_in_a_row(
    settings: Settings,
    services: Services,
    tmp_path: Path,
    trusted: int,
    visits: int,
    kinds: list[str],
) -> None:
    """With the right number all readers visit; else views count, and the reason is told."""
    slug = f"proxies-{trusted}"
    site = services.sites.sites.add(
        Site(slug=slug, name="Kim Sơn", hosts=("kimson.example.vn",), identity_cap=CAP)
    )
    with ExitStack() as stack:
        service = stack.enter_context(running_service(replace(settings, trusted_proxies=trusted)))
        inner = stack.enter_context(running_nginx(tmp_path / "inner", service, first=False))
        outer = stack.enter_context(running_nginx(tmp_path / "outer", inner, first=True))

        read_by_many(outer, slug)

    now = services.clock.now()
    counts = services.traffic.views.counts(site, now)
    (overview,) = services.operations.overview.of_sites([site], now)
    assert (counts.views.total, counts.visits.total) == (READERS, visits)
    assert [alarm.kind for alarm in overview.alarms] == kinds
    told = [finding.text for _, finding in services.operations.overview.findings([site], now)]
    assert len(told) == len(kinds)
    assert all("STATS_TRUSTED_PROXIES" in text for text in told)
