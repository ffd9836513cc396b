"""docker-compose.yml, brought up as its head says: counts, and loses nothing."""

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.docker_engine import (
    PROJECT,
    Engine,
    base_of_the_service,
    images_named,
    make_base_image,
    running_engine,
)
from tests.support.pages import BROWSER, new_hit
from tests.support.processes import wait_until

pytestmark = [pytest.mark.container, pytest.mark.timeout(900)]

NAME, HOST = "dem.example.vn", "kimson.example.vn"
SERVICE = "http://127.0.0.1:8080"
#: Seconds within which containers start, or come back.
START_SECONDS = 90
#: Most that the image has beyond its base.
IMAGE_MAX_BYTES = 200_000_000
#: In place of what a public certificate authority does.
OVERRIDE = """services:
  tls:
    command: >
      caddy reverse-proxy --internal-certs --from {name} --to service:8080
"""


@dataclass
class Portal:
    """A checkout of the project, and readers."""

    engine: Engine
    folder: Path
    files: tuple[str, ...] = ()
    #: Views by what was answered.
    answers: dict[int, int] = field(default_factory=dict)

    def compose(self, *words: str) -> str:
        """Run compose in the checkout."""
        environ = {"STATS_NAME": NAME, "STATS_PUBLIC_URL": f"https://{NAME}"}
        command = (*self.engine.compose, *self.files, *words)
        return self.engine.run(*command, cwd=self.folder, **environ)

    def up(self, *options: str) -> None:
        """Bring everything up, and wait until it answers."""
        self.compose(*options, "up", "--detach")
        wait_until(lambda: _status(f"{SERVICE}/readyz") == 200, START_SECONDS)

    def stats(self, *words: str) -> str:
        """Run a command of the service in its container."""
        return self.compose("exec", "-T", "service", "stats-service", *words)

    def container(self, service: str) -> str:
        """Return the id of a service's container."""
        return self.compose("ps", "--quiet", service).strip()

    def view(self) -> int:
        """Load a page; return the status."""
        request = urllib.request.Request(
            f"{SERVICE}/v1/kimson/page",
            json.dumps({"hit": new_hit(), "article": "/tin/1"}).encode(),
            {
                "Origin": f"https://{HOST}",
                "User-Agent": BROWSER,
                "X-Forwarded-For": "203.0.113.5",
            },
        )
        status = 0
        with contextlib.suppress(OSError):
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    status = answer.status
            except urllib.error.HTTPError as error:
                status = error.code
        self.answers[status] = self.answers.get(status, 0) + 1
        return status

    def promised(self) -> int:
        """Return how many views were counted, or kept to be counted."""
        return self.answers.get(200, 0) + self.answers.get(202, 0)

    def counted(self) -> int:
        """Return what the service shows."""
        with urllib.request.urlopen(f"{SERVICE}/v1/kimson/counts", timeout=10) as answer:
            return int(json.load(answer)["views"]["total"])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Run an engine that has every image which the files name."""
    folder = tmp_path_factory.mktemp("engine")
    with running_engine(folder) as engine:
        make_base_image(engine, folder, images_named())
        yield engine


@pytest.fixture
def portal(engine: Engine, tmp_path: Path) -> Iterator[Portal]:
    """Give a fresh checkout; its containers and volumes end with the test."""
    folder = tmp_path / "stats-service"
    subprocess.run(["git", "clone", "--quiet", PROJECT, folder], check=True)
    portal = Portal(engine, folder)
    yield portal
    (folder.parent / "containers.log").write_text(portal.compose("logs", "--no-color"))
    portal.compose("--profile", "tls", "down", "--volumes", "--timeout", "10")


def test_no_view_is_lost_by_a_killed_redis_or_a_restart(portal: Portal, engine: Engine) -> None:
    """Up, counted, Redis killed under load, down and up again: every promised view is there."""
    portal.up()
    portal.stats("site", "add", "kimson", "--host", HOST)
    wait_until(lambda: portal.view() == 200)

    pid = engine.run("docker", "inspect", "--format", "{{.State.Pid}}", portal.container("redis"))
    for number in range(200):
        if number == 50:
            os.kill(int(pid), signal.SIGKILL)
        portal.view()
    wait_until(lambda: portal.view() == 200, START_SECONDS)
    wait_until(lambda: portal.counted() == portal.promised(), START_SECONDS)
    before = portal.counted()
    portal.compose("down", "--timeout", "20")
    portal.up()

    assert set(portal.answers) <= {200, 202}
    assert portal.answers[202] > 0, "Redis was not missed"
    assert portal.counted() == before == portal.promised()
    print(f"\nviews by answer: {portal.answers}; counted: {before}")  # noqa: T201 - the figures of the run


def test_the_service_is_small_and_can_write_nowhere_but_its_volume(
    portal: Portal, engine: Engine
) -> None:
    """The image is at most 200 MB over its base; the root is read-only; no capability is left."""
    portal.up()

    def size(image: str) -> int:
        return int(engine.run("docker", "image", "inspect", "--format", "{{.Size}}", image))

    more = size("stats-service") - size(base_of_the_service())
    look = (
        "touch /opt/x /x /tmp/ok /data/ok; id -u; grep CapEff /proc/1/status; "
        "stat -c %a /data/secret"
    )
    said = portal.compose("exec", "-T", "service", "sh", "-c", f"({look}) 2>&1")

    assert more <= IMAGE_MAX_BYTES
    assert said.count("Read-only file system") == 2
    assert "/ok" not in said
    assert said.split()[-4:] == ["10001", "CapEff:", "0000000000000000", "600"]
    checked = portal.stats("check")
    assert "FAIL" not in checked, checked
    print(f"\nthe image has {more / 1e6:.0f} MB over its base")  # noqa: T201 - the same


def test_with_the_profile_tls_readers_come_by_https(portal: Portal) -> None:
    """The certificate comes by itself (here of an authority of Caddy's own); http leads there."""
    override = portal.folder / "override.yml"
    override.write_text(OVERRIDE.format(name=NAME))
    portal.files = ("--file", "docker-compose.yml", "--file", override.name)
    portal.up("--profile", "tls")
    portal.stats("site", "add", "kimson", "--host", HOST)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def healthy() -> bool:
        with contextlib.suppress(OSError):
            return _https("/healthz", context)[0] == 200
        return False

    wait_until(healthy, START_SECONDS)
    status, body = _https("/v1/kimson/counts", context)
    request = urllib.request.Request("http://127.0.0.1/healthz", headers={"Host": NAME})
    opener = urllib.request.build_opener(_NoRedirect())
    with pytest.raises(urllib.error.HTTPError) as led:
        opener.open(request, timeout=10)

    assert status == 200
    assert json.loads(body)["views"]["total"] == 0
    assert led.value.code == 308
    assert led.value.headers["Location"] == f"https://{NAME}/healthz"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow none."""


def _https(path: str, context: ssl.SSLContext) -> tuple[int, bytes]:
    """Ask this machine's port 443 for the name of the service."""
    connection = http.client.HTTPSConnection(NAME, context=context, timeout=10)
    with (
        socket.create_connection(("127.0.0.1", 443), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=NAME) as connection.sock,
    ):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def _status(url: str) -> int:
    with contextlib.suppress(OSError):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
    return 0
