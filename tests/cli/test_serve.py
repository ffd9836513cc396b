"""`stats-service serve` and `demo`: real processes, and what they say."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from stats_service.embedded_redis.server import running_redis
from stats_service.embedded_redis.socket import socket_path, socket_url
from tests.support.processes import free_port, service_processes, wait_until

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Return this process's environment without the service's settings, and with the given."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("STATS_") and name != "REDIS_URL"
    }
    return kept | {"STATS_DATA_DIR": str(data_dir)} | more


def command(data_dir: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "stats_service", *words],
        env=environment(data_dir, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def started(
    data_dir: Path, name: str, lines: int, **more: str
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run `serve` or `demo`; give it with the first lines that it prints."""
    with subprocess.Popen(
        [sys.executable, "-m", "stats_service", name],
        env=environment(data_dir, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield process, [process.stdout.readline().rstrip("\n") for _ in range(lines)]
        finally:
            process.terminate()
            process.wait(timeout=20)
    assert service_processes(data_dir) == {}


def fetch(url: str, body: object = None, origin: str = "") -> dict[str, object]:
    """Return what the service answers."""
    data = json.dumps(body).encode() if body else None
    headers = {"User-Agent": BROWSER, "Origin": origin, "Content-Type": "text/plain"}
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        found = json.load(answer)
    assert isinstance(found, dict)
    return found


def total_views(base: str) -> int:
    """Return the demo site's views of all time."""
    views = fetch(f"{base}/v1/demo/counts")["views"]
    assert isinstance(views, dict)
    return int(views["total"])


def test_demo_from_start_to_start(tmp_path: Path) -> None:
    """It prints where to look, counts, stops with Ctrl-C, and goes on where it was."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with started(tmp_path, "demo", 5, STATS_BIND=f"127.0.0.1:{port}") as (process, lines):
        assert f"{base}/demo/" in lines[0]
        assert f"{base}/s/demo" in lines[1]
        assert f"{base}/v1/demo/counts" in lines[2]
        with urllib.request.urlopen(f"{base}/s/demo") as public:
            assert "1.814.165" in public.read().decode()
        with urllib.request.urlopen(base) as entrance:
            assert entrance.url == f"{base}/demo/"
        for nowhere in ("/demo/khong-co", "/demo/tin-tuc/khong-co"):
            with pytest.raises(urllib.error.HTTPError, match="404") as missing:
                urllib.request.urlopen(base + nowhere)
            assert "Không có trang này" in missing.value.read().decode()
        before = total_views(base)
        for number, origin in enumerate([base, f"http://localhost:{port}"]):
            body = {"hit": f"a-random-hit-id-{number}", "article": "/a"}
            assert fetch(f"{base}/v1/demo/page", body, origin)["counted"] is True

        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - begin < 5

    with started(tmp_path, "demo", 4, STATS_BIND=f"127.0.0.1:{port}"):
        assert total_views(base) == before + 2


def test_demo_at_another_address(tmp_path: Path) -> None:
    """The demo's site follows the address that the demo is at."""
    for port in (free_port(), free_port()):
        with started(tmp_path, "demo", 1, STATS_BIND=f"127.0.0.1:{port}"):
            base = f"http://127.0.0.1:{port}"
            body = {"hit": f"a-random-hit-of-{port:05}", "article": "/a"}

            assert fetch(f"{base}/v1/demo/page", body, base)["counted"] is True


def test_commands_while_it_runs_and_without(tmp_path: Path) -> None:
    """Both see the same data; the running one is not disturbed."""
    port = free_port()
    added = command(tmp_path, "site", "add", "kimson", "--host", "kimson.example.vn")
    assert added.returncode == 0, added.stderr

    with started(tmp_path, "serve", 1, STATS_BIND=f"127.0.0.1:{port}") as (process, lines):
        assert f"http://127.0.0.1:{port}" in lines[0]
        assert "kimson" in command(tmp_path, "site", "list").stdout
        removed = command(tmp_path, "site", "remove", "kimson", "--yes")
        assert removed.returncode == 0, removed.stderr
        assert redis.Redis.from_url(socket_url(socket_path(tmp_path))).ping()
        assert process.poll() is None

    assert command(tmp_path, "site", "list").stdout == ""


def test_serve_without_a_site_says_what_to_do(tmp_path: Path) -> None:
    """The next step is one line away."""
    with started(tmp_path, "serve", 2, STATS_BIND=f"127.0.0.1:{free_port()}") as (_, lines):
        assert "site add" in lines[1]


def test_files_of_the_folder_are_no_modules(tmp_path: Path) -> None:
    """Whoever types the command in a folder with a `redis.py` runs the service, not that file."""
    for name in ("flask", "gunicorn", "redis", "stats_service"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name}.py was loaded')\n")
    port = free_port()

    with subprocess.Popen(
        [Path(sys.prefix, "bin/stats-service"), "serve"],
        cwd=tmp_path,
        env=environment(tmp_path / "data", STATS_BIND=f"127.0.0.1:{port}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        said = process.stdout.readline()
        process.terminate()

    assert f"answers at http://127.0.0.1:{port}" in said


def test_serve_starts_while_another_redis_is_away(tmp_path: Path) -> None:
    """It may come back later; until then, the service says so."""
    address = {"STATS_BIND": f"127.0.0.1:{free_port()}", "REDIS_URL": "redis://127.0.0.1:9"}
    with started(tmp_path, "serve", 2, **address) as (process, lines):
        assert "Redis did not answer" in lines[1]
        assert process.poll() is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"STATS_WORKERS": "none"}, "STATS_WORKERS"),
        ({"STATS_BIND": "here"}, "STATS_BIND"),
        ({"STATS_BIND": "192.0.2.1:80"}, "STATS_BIND"),
        ({"STATS_BIND": "no.such.host.invalid:80"}, "STATS_BIND"),
        ({"STATS_SECRET": "short"}, "STATS_SECRET"),
        ({"STATS_DATA_DIR": "/dev/null/data"}, "STATS_DATA_DIR"),
        ({"STATS_DEMO": "yes"}, "STATS_DEMO"),
        ({"REDIS_URL": "127.0.0.1:6379"}, "redis://"),
    ],
)
def test_what_prevents_a_start_is_one_line_and_exit_code_2(
    tmp_path: Path, more: dict[str, str], said: str
) -> None:
    """No traceback, and the setting to change is named."""
    result = command(tmp_path, "serve", **({"STATS_BIND": f"127.0.0.1:{free_port()}"} | more))

    assert result.returncode == 2, result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert service_processes(tmp_path) == {}


def test_a_taken_port(tmp_path: Path) -> None:
    """By another installation of the service, for example."""
    bind = f"127.0.0.1:{free_port()}"
    with started(tmp_path / "first", "serve", 1, STATS_BIND=bind):
        result = command(tmp_path / "second", "serve", STATS_BIND=bind)

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert f"{bind} is taken" in result.stderr
    wait_until(lambda: not service_processes(tmp_path / "second"))
    with running_redis(tmp_path / "second"):  # not left locked
        pass


def test_python_m(tmp_path: Path) -> None:
    """The module is the command, under the command's name."""
    result = command(tmp_path, "--help")

    assert result.returncode == 0
    assert result.stdout.startswith("Usage: stats-service")
