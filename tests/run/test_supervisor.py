"""Start, stop and repair: real processes, real signals, nothing left behind."""

import contextlib
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from tests.support.processes import free_port, process_lives, service_processes, wait_until
from tests.support.tiny_app import SLOW_BEGUN

RUN = """
import os, sys
from stats_service.config import load_settings
from stats_service.errors import StatsError
from stats_service.logs import configure_logging
from stats_service.run.supervisor import Supervisor
settings = load_settings()
configure_logging(settings)
try:
    sys.exit(Supervisor(
        settings, os.environ, app="tests.support.tiny_app:app",
        on_ready=lambda: print("ready", flush=True),
    ).run())
except StatsError as error:
    sys.exit(f"Error: {error}")
"""

#: The longest that a stop may take, in seconds.
STOP_SECONDS = 5.0


@dataclass
class Service:
    """A supervisor with its children."""

    process: subprocess.Popen[str]
    port: int
    data_dir: Path
    errors: Path

    def get(self, path: str = "/") -> tuple[int, str]:
        """Return the worker's process id and the URL of its Redis."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            pid, url = answer.read().decode().split(" ", 1)
        return int(pid), url

    def redis(self) -> redis.Redis:
        """Connect to the embedded server."""
        return redis.Redis.from_url(self.get()[1], decode_responses=True)

    def redis_pid(self) -> int:
        """Return the process id of the embedded server."""
        return int(self.redis().info("server")["process_id"])

    def family(self) -> dict[int, str]:
        """Return every process of this service."""
        return service_processes(self.data_dir)

    def wait_ready(self) -> None:
        """Wait until it says that it answers."""
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n", self.errors.read_text()

    def wait_complete(self) -> None:
        """Wait until all run: the parent, Redis, gunicorn's master and two workers."""
        wait_until(lambda: len(self.family()) == 5)

    def stop(self, number: int) -> tuple[int, float]:
        """Send a signal; return the exit code and how long the end took."""
        begin = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        return code, time.monotonic() - begin


@contextlib.contextmanager
def service(
    tmp_path: Path, port: int = 0, stdin: int = subprocess.DEVNULL, **environ: str
) -> Iterator[Service]:
    """Start a service on a free port; whatever happens, nothing of it stays."""
    port = port or free_port()
    errors = tmp_path / "stderr"
    settings = {"STATS_DATA_DIR": str(tmp_path / "data"), "STATS_BIND": f"127.0.0.1:{port}"}
    with errors.open("a") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN],
            env={**os.environ, **settings, **environ},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    made = Service(process, port, tmp_path / "data", errors)
    try:
        yield made
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
        wait_until(lambda: not made.family())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_within_five_seconds_and_leaves_nothing(tmp_path: Path, number: int) -> None:
    """A stop that was asked for is a success, and the data is still there at the next start."""
    with service(tmp_path) as first:
        first.wait_ready()
        first.redis().set("a", "1")

        code, seconds = first.stop(number)

        assert code == 0, first.errors.read_text()
        assert seconds < STOP_SECONDS
        assert first.family() == {}

    with service(tmp_path) as second:
        second.wait_ready()
        assert second.redis().get("a") == "1"


def test_ctrl_c_in_a_terminal_lets_the_parent_stop_in_order(tmp_path: Path) -> None:
    """The terminal signals every process of the foreground; the children have left it."""
    with service(tmp_path) as running:
        running.wait_ready()
        running.wait_complete()
        groups = {os.getpgid(pid) for pid in running.family() if pid != running.process.pid}

        assert len(groups) == 2  # Redis; gunicorn with its workers
        assert os.getpgid(running.process.pid) not in groups


def test_an_open_request_is_answered_before_the_end(tmp_path: Path) -> None:
    """A stop waits for what has begun, and Redis is there until then."""
    with service(tmp_path) as running:
        running.wait_ready()
        answers: list[tuple[int, str]] = []
        thread = threading.Thread(target=lambda: answers.append(running.get("/slow?1.5")))
        thread.start()
        wait_until((running.data_dir / SLOW_BEGUN).exists)

        code, seconds = running.stop(signal.SIGTERM)
        thread.join()

        assert code == 0
        assert seconds < STOP_SECONDS
        assert len(answers) == 1


def test_a_request_without_end_does_not_hold_the_stop(tmp_path: Path) -> None:
    """Five seconds are five seconds."""
    with service(tmp_path) as running:
        running.wait_ready()
        url = f"http://127.0.0.1:{running.port}/slow?60"
        client = subprocess.Popen(
            [sys.executable, "-c", f"import urllib.request as u; u.urlopen({url!r})"],
            stderr=subprocess.DEVNULL,
        )
        wait_until((running.data_dir / SLOW_BEGUN).exists)

        _, seconds = running.stop(signal.SIGINT)

        client.wait()
        assert seconds < STOP_SECONDS
        assert running.family() == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_kill_9_of_the_parent_leaves_nothing(tmp_path: Path) -> None:
    """Redis and gunicorn end in order when the parent cannot end them; then all starts again."""
    with service(tmp_path) as first:
        first.wait_ready()
        first.wait_complete()
        first.redis().set("a", "1")
        first.process.kill()
        first.process.wait()

        wait_until(lambda: not first.family())

    with service(tmp_path) as second:
        second.wait_ready()
        assert second.redis().get("a") == "1"


def test_a_killed_redis_is_started_again_with_its_data(tmp_path: Path) -> None:
    """The service lives on; what was acknowledged and written is there."""
    with service(tmp_path) as running:
        running.wait_ready()
        before = running.redis_pid()
        connection = running.redis()
        connection.set("a", "1")
        wait_until(lambda: connection.info("persistence")["aof_buffer_length"] == 0)

        for _ in range(2):
            os.kill(running.redis_pid(), signal.SIGKILL)
            wait_until(lambda: _answers(running))

        assert running.redis_pid() != before
        assert running.redis().get("a") == "1"
        assert "signal SIGKILL" in running.errors.read_text()
        assert running.stop(signal.SIGINT)[0] == 0


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    """Gunicorn sees to its workers."""
    with service(tmp_path, STATS_WORKERS="1") as running:
        running.wait_ready()
        before = running.get()[0]

        os.kill(before, signal.SIGKILL)

        wait_until(lambda: _answers(running) and running.get()[0] != before)


def test_a_killed_web_server_ends_the_service(tmp_path: Path) -> None:
    """Without its web server the service is none: whoever supervises it must see that."""
    with service(tmp_path) as running:
        running.wait_ready()
        master = next(
            pid
            for pid, command in running.family().items()
            if "gunicorn" in command and _parent(pid) == running.process.pid
        )

        os.kill(master, signal.SIGKILL)

        assert running.process.wait(timeout=20) == 1
        assert running.family() == {}
        assert "The web server ended (signal SIGKILL)" in running.errors.read_text()


def test_an_application_that_does_not_load_ends_the_service(tmp_path: Path) -> None:
    """The exit code is honest."""
    with service(tmp_path, TINY_APP_FAILS="1") as running:
        assert running.process.wait(timeout=20) == 1
        assert running.family() == {}
        assert "this application does not load" in running.errors.read_text()


def test_hang_up_starts_fresh_workers(tmp_path: Path) -> None:
    """As a service manager's reload expects."""
    with service(tmp_path, STATS_WORKERS="1") as running:
        running.wait_ready()
        before = running.get()[0]

        running.process.send_signal(signal.SIGHUP)

        wait_until(lambda: not process_lives(before))
        wait_until(lambda: _answers(running))
        assert running.get()[0] != before
        assert running.process.poll() is None


def test_closing_the_terminal_stops(tmp_path: Path) -> None:
    """In a terminal, a hang-up means that nobody is there any more."""
    master, terminal = pty.openpty()
    try:
        with service(tmp_path, stdin=terminal) as running:
            running.wait_ready()

            code, seconds = running.stop(signal.SIGHUP)

            assert code == 0
            assert seconds < STOP_SECONDS
            assert running.family() == {}
    finally:
        os.close(master)
        os.close(terminal)


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    """Also when the other one shares its port with whoever asks."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])

        with service(tmp_path, port) as running:
            assert running.process.wait(timeout=20) != 0
            said = running.errors.read_text()

    assert said.count("\n") == 1
    assert f"127.0.0.1:{port} is taken" in said
    assert "STATS_BIND=" in said


def test_a_second_service_on_the_same_data_is_one_clear_line(tmp_path: Path) -> None:
    """Another port does not make it another installation."""
    with service(tmp_path) as first:
        first.wait_ready()
        (tmp_path / "second").mkdir()
        with service(tmp_path / "second", STATS_DATA_DIR=str(first.data_dir)) as second:
            assert second.process.wait(timeout=20) != 0
            said = second.errors.read_text()

        assert said.count("\n") == 1
        assert f"process {first.process.pid}" in said
        assert first.redis().ping()
        first.stop(signal.SIGTERM)


def test_a_unix_socket_instead_of_a_port(tmp_path: Path) -> None:
    """For a reverse proxy on the same machine; a second one is refused as well."""
    path = tmp_path / "web.sock"
    with service(tmp_path, STATS_BIND=f"unix:{path}") as first:
        first.wait_ready()
        (tmp_path / "second").mkdir()
        with service(tmp_path / "second", STATS_BIND=f"unix:{path}") as second:
            assert second.process.wait(timeout=20) != 0
            assert "is taken" in second.errors.read_text()

        assert first.stop(signal.SIGTERM)[0] == 0


def test_a_stop_during_the_start_is_a_stop(tmp_path: Path) -> None:
    """A signal is never too early."""
    with service(tmp_path) as running:
        wait_until(lambda: (tmp_path / "data/redis/lock").exists())

        code, seconds = running.stop(signal.SIGTERM)

        assert code == 0, running.errors.read_text()
        assert seconds < STOP_SECONDS
        assert running.family() == {}


def test_another_redis_is_left_alone(
    tmp_path: Path, redis_server: str, redis_client: redis.Redis
) -> None:
    """With REDIS_URL set, no server is started and none is stopped."""
    with service(tmp_path, REDIS_URL=redis_server) as running:
        running.wait_ready()
        assert running.get()[1] == redis_server
        wait_until(lambda: len(running.family()) == 4)
        running.stop(signal.SIGTERM)

    assert redis_client.ping()
    assert not (tmp_path / "data/redis").exists()


def _answers(running: Service) -> bool:
    try:
        return bool(running.redis().ping())
    except (redis.ConnectionError, redis.exceptions.BusyLoadingError, OSError):
        return False


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
