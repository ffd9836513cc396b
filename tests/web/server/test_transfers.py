"""Files to and from a real worker: longer than memory, bounded, and read in another process."""

import gzip
import http.client
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from tests.support.admin import PASSWORD, add_account
from tests.support.processes import wait_until
from tests.support.server import running_service

LINE = (
    '198.51.100.{} - - [17/May/2025:10:{:02d}:{:02d} +0000] "GET /tin/{} HTTP/1.1" 200 5 "-" '
    '"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"\n'
)
DATA = "/admin/sites/kimson/data"
TYPE = "multipart/form-data; boundary=edge"


class Browser:
    """One connection with the cookies of whoever signed in."""

    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: bytes = b"", type_: str = ""
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send a request and return the answer with its body."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies} | ({"Content-Type": type_} if type_ else {})
        self.connection.request(method, path, body or None, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, content

    def token(self, path: str) -> str:
        """Return the CSRF token of a page."""
        found = re.search(rb'name="csrf_token" value="([^"]+)"', self.ask("GET", path)[1])
        assert found
        return found[1].decode()

    def post(self, path: str, page: str, **fields: str) -> http.client.HTTPResponse:
        """Send a form."""
        body = urlencode(fields | {"csrf_token": self.token(page)}).encode()
        return self.ask("POST", path, body, "application/x-www-form-urlencoded")[0]

    def send(
        self, token: str, content: bytes, path: str = f"{DATA}/upload"
    ) -> http.client.HTTPResponse:
        """Send a file as an access log."""
        fields = {"csrf_token": token, "kind": "access-log", "into": "days"}
        parts = [
            f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.log"\r\n\r\n'
        body = b"".join((*parts, head, content, b"\r\n--edge--\r\n"))
        return self.ask("POST", path, body, TYPE)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the data folder."""
    return tmp_path_factory.mktemp("transfers")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[tuple[str, Services]]:
    """Run two workers that take files of 8 MB."""
    with EmbeddedRedis(folder) as server:
        settings = Settings(secret="edges-" + "0" * 32, data_dir=folder, redis_url=server.url)
        settings = replace(settings, workers=2, redis_timeout=5, upload_megabytes=8)
        services = create_services(settings)
        services.sites.sites.add(Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",)))
        add_account(services, "chu", roles={"kimson": "owner"})
        with running_service(settings) as url:
            yield url, services
        services.close()


@pytest.fixture
def stranger(running: tuple[str, Services]) -> Iterator[Browser]:
    """Give somebody without a session."""
    browser = Browser(running[0])
    yield browser
    browser.connection.close()


@pytest.fixture
def owner(running: tuple[str, Services]) -> Iterator[Browser]:
    """Give the site's owner, signed in."""
    browser = Browser(running[0])
    answer = browser.post("/admin/sign-in", "/admin/sign-in", name="chu", password=PASSWORD)
    assert answer.status == 302
    yield browser
    browser.connection.close()


def test_a_file_longer_than_any_other_body_comes_in_and_out(
    running: tuple[str, Services], owner: Browser, folder: Path
) -> None:
    """It is read in a process of its own, which ends; an archive goes out as it is made."""
    _url, services = running
    lines = [LINE.format(n % 200, n // 60 % 60, n % 60, n % 9) for n in range(30_000)]

    taken = owner.send(owner.token(DATA), "".join(lines).encode())
    assert taken.status == 302
    place = taken.getheader("Location") or ""
    wait_until(lambda: b"data-reload" not in owner.ask("GET", place)[1], 60)
    page = owner.ask("GET", place)[1].decode()
    assert "Sẽ được thêm" in page
    assert "30.000" in page

    assert owner.post(place, place, do="confirm").status == 302
    wait_until(lambda: b"data-reload" not in owner.ask("GET", place)[1], 60)
    site = services.sites.sites.get("kimson")
    assert services.traffic.views.counts(site, services.clock.now()).views.total == 30_000
    assert not list((folder / "uploads").rglob("a.log"))

    answer, archive = owner.ask("GET", "/admin/sites/kimson/export/archive")
    assert answer.getheader("Transfer-Encoding") == "chunked"
    assert gzip.decompress(archive).splitlines()[-1].startswith(b'{"table":"end"')
    assert owner.ask("GET", DATA)[0].status == 200  # the connection serves on


def test_a_program_gets_the_archive_part_by_part(running: tuple[str, Services]) -> None:
    """As a person does; without a token there is nothing, and at once."""
    url, services = running
    _, token = services.accounts.tokens.add(
        "kimson", "sao lưu", "read", "chu", services.clock.now()
    )
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def archive(token: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection.request(
            "GET", "/v1/kimson/manage/archive", headers={"Authorization": f"Bearer {token}"}
        )
        answer = connection.getresponse()
        return answer, answer.read()

    answer, content = archive(token)
    refused, _ = archive(token[:-1])
    connection.close()

    assert answer.status == 200
    assert answer.getheader("Transfer-Encoding") == "chunked"
    assert gzip.decompress(content).splitlines()[-1].startswith(b'{"table":"end"')
    assert refused.status == 401


@pytest.mark.parametrize("size", [1_000, 5_000_000, 9_000_000])
def test_who_may_not_send_a_file_is_told_before_it_is_read(
    stranger: Browser, folder: Path, size: int
) -> None:
    """Nobody without a session fills the disk."""
    before = len(list(folder.rglob("*")))

    try:
        status = stranger.send("x", b"x" * size).status
    except (BrokenPipeError, ConnectionResetError):
        status = 403  # it was refused while it was still being sent

    assert status == 403
    assert len(list(folder.rglob("*"))) <= before


def test_a_page_that_is_open_to_everybody_takes_no_file(stranger: Browser) -> None:
    """Whatever the secret is that its address names: its body is as short as any other."""
    assert stranger.send("x", b"x" * 100_000, "/admin/link/upload").status == 413


def test_a_file_over_the_bound_is_refused(owner: Browser, folder: Path) -> None:
    """In words, and nothing of it is kept."""
    token = owner.token(DATA)

    assert owner.send(token, b"x" * 8_200_000).status == 413
    assert not list((folder / "uploads").rglob("a.log"))


def test_a_long_body_anywhere_else_is_refused(stranger: Browser) -> None:
    """The bound is lifted for files alone."""
    answer, _ = stranger.ask("POST", "/v1/kimson/page", b"x" * 100_000, "text/plain")

    assert answer.status == 413
