"""The service behind a real Caddy, with the example configuration."""

import contextlib
import http.client
import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from tests.support.pages import BROWSER, ORIGIN, new_hit
from tests.support.processes import free_port, wait_until
from tests.support.server import running_service

CADDYFILE = Path(__file__).parents[2] / "examples" / "Caddyfile"
#: A network whose views do not count, from which a sender claims to come.
CLAIMED = "203.0.113.7"
SITE = Site(
    slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), excluded=("203.0.113.0/24",)
)

pytestmark = pytest.mark.skipif(not which("caddy"), reason="needs Caddy: apt install caddy")


@contextlib.contextmanager
def running_caddy(folder: Path, port: int, upstream: str) -> Iterator[None]:
    """Run Caddy with the example configuration before a service, on a port of localhost.

    What is changed of it: the name, the port of the service, and that the certificate is Caddy's
    own (`tls internal`), for nobody gives out one for localhost.
    """
    folder.mkdir()
    text = CADDYFILE.read_text()
    assert text.count("dem.example.vn {") == text.count("127.0.0.1:8080") == 1
    text = text.replace("dem.example.vn {", f"localhost:{port} {{\n\ttls internal")
    text = text.replace("127.0.0.1:8080", upstream)
    # Nothing of it outside of the folder: no port for its own administration, no trusted root.
    own = f"admin off\n\tskip_install_trust\n\tstorage file_system {folder}/data\n"
    text = text.replace("{\n", f"{{\n\t{own}\tauto_https disable_redirects\n", 1)
    (folder / "Caddyfile").write_text(text)
    arguments = ["--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(which("caddy")), "run", *arguments],
            stdout=log,
            stderr=log,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        )
    try:
        wait_until(lambda: process.poll() is not None or _answers(port), 30)
        assert process.poll() is None, (folder / "log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return asked(port, "GET", "/healthz")[0] == 200
    return False


def asked(
    port: int, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Ask Caddy; return status, body and headers. `X_Name` is the header `X-Name`."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("localhost", port, timeout=10, context=context)
    with contextlib.closing(connection):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, named)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers


@pytest.fixture
def installed(settings: Settings) -> Settings:
    """Give the settings that the example asks for."""
    return replace(settings, trusted_proxies=1, site_cache_seconds=5)


@pytest.fixture
def counted(installed: Settings) -> Services:
    """Give the services, with the site registered, to read the numbers."""
    services = create_services(replace(installed, redis_timeout=5))
    services.sites.sites.add(SITE)
    return services


@pytest.fixture
def caddy(installed: Settings, counted: Services, tmp_path: Path) -> Iterator[int]:
    """Run the service and Caddy before it; give Caddy's port."""
    port = free_port()
    environ = {"STATS_PUBLIC_URL": f"https://localhost:{port}"}
    with (
        running_service(installed, environ=environ) as url,
        running_caddy(tmp_path / "caddy", port, url.removeprefix("http://")),
    ):
        yield port


def view() -> bytes:
    """Return the body of a page view."""
    return json.dumps({"hit": new_hit(), "article": "/tin/1"}).encode()


def test_the_example_counts_by_the_address_that_caddy_saw(
    caddy: int, counted: Services, tmp_path: Path
) -> None:
    """What a sender claims in X-Forwarded-For is written anew; a long body stops at Caddy."""
    headers = {"Origin": ORIGIN, "User_Agent": BROWSER, "Content_Type": "text/plain"}

    status, _, answer = asked(caddy, "POST", "/v1/kimson/page", view(), **headers)
    claimed = asked(caddy, "POST", "/v1/kimson/page", view(), **headers, X_Forwarded_For=CLAIMED)
    long = asked(caddy, "POST", "/v1/kimson/page", b" " * 70_000, **headers)

    assert (status, claimed[0]) == (200, 200)
    assert long[0] in (413, 502)  # Caddy 2.6 says that the service failed
    assert answer["Access-Control-Allow-Origin"] in ("*", ORIGIN)
    total = counted.traffic.views.counts(SITE, time.time())
    assert (total.views.total, total.visits.total) == (2, 1)
    log = (tmp_path / "caddy" / "log").read_text()
    assert "request body too large" in log
    assert not [word for word in ("remote_ip", BROWSER, CLAIMED, ORIGIN) if word in log]


def test_the_admin_pages_hold_behind_it(caddy: int) -> None:
    """The Host with its port reaches them, and cookies are for https alone."""
    status, page, headers = asked(caddy, "GET", "/admin/sign-in", User_Agent=BROWSER)

    assert status == 200
    assert b"csrf_token" in page
    assert "Secure" in headers["Set-Cookie"]
    assert headers["Strict-Transport-Security"]
