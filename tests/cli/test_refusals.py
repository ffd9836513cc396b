"""A Redis that is there and cannot be used: one line that names the setting, and no traceback."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.processes import free_port
from tests.support.redis_groups import Server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a Redis with a password."""
    server = Server(tmp_path_factory.mktemp("guarded"), "save ''").start()
    server.client.config_set("requirepass", "geheim")
    yield server
    server.kill()


@pytest.fixture
def says(request: pytest.FixtureRequest) -> Iterator[int]:
    """Give the port of a server that answers everybody with the same bytes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(request.param)

    threading.Thread(target=run, daemon=True).start()
    yield listening.getsockname()[1]
    listening.close()


def refused(run: Run, url: str, said: str) -> None:
    """`check` ends with 1 and `serve` with 2; both say it in one line."""
    bind = {"STATS_BIND": f"127.0.0.1:{free_port()}"}
    checked = run("check", code=1, REDIS_URL=url).stdout
    (line,) = (line for line in checked.splitlines() if line.startswith("FAIL"))
    assert said in line
    served = run("serve", code=2, REDIS_URL=url, **bind).stderr
    assert served.count("\n") == 1
    assert said in served
    assert "geheim-falsch" not in checked + served


def test_a_password_is_missing_or_wrong(run: Run, guarded: Server) -> None:
    """NOAUTH and WRONGPASS."""
    refused(run, guarded.url, "NOAUTH")
    refused(run, guarded.url.replace("//", "//:geheim-falsch@"), "WRONGPASS")


def test_a_database_that_there_is_not(run: Run, redis_server: str, tmp_path: Path) -> None:
    """The number at the end of the URL."""
    server = Server(tmp_path / "redis", "save ''").start()
    try:
        refused(run, f"{server.url}/99", "database")
        refused(run, server.url.replace("redis://", "redis+cluster://"), "no cluster")
    finally:
        server.kill()


@pytest.mark.parametrize(
    ("says", "said"),
    [
        (b"-DENIED Redis is running in protected mode because\r\n", "protected-mode"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "web server"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "rediss://"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no Redis"),
    ],
    indirect=["says"],
)
def test_what_answers_is_shut_or_something_else(run: Run, says: int, said: str) -> None:
    """Protected mode, HTTP, TLS, SSH."""
    refused(run, f"redis://127.0.0.1:{says}", said)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://no.such.host.invalid:6379/0", "no address"),
        ("redis://127.0.0.1:9/0", "nothing listens"),
        ("unix:///nowhere/redis.sock", "is missing"),
    ],
)
def test_what_may_end_by_itself_is_told_in_words(run: Run, url: str, said: str) -> None:
    """Then `serve` begins, and keeps views."""
    assert said in run("check", code=1, REDIS_URL=url).stdout
