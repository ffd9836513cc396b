"""The embedded server: real processes, real signals."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import redis

from stats_service.embedded_redis import server as embedded
from stats_service.embedded_redis.binary import find_server_binary
from stats_service.embedded_redis.server import EmbeddedRedis, running_redis
from stats_service.embedded_redis.socket import socket_path, socket_url
from stats_service.errors import StartupError
from tests.support.processes import process_lives, wait_until


def client(url: str) -> redis.Redis:
    """Connect as any Redis client does."""
    return redis.Redis.from_url(url, decode_responses=True)


def test_keeps_every_write_and_refuses_to_evict(tmp_path: Path) -> None:
    """Persistence and eviction are set as a counter needs them."""
    with EmbeddedRedis(tmp_path) as server:
        connection = client(server.url)
        found = connection.config_get(
            "appendonly", "appendfsync", "maxmemory-policy", "lazyfree-lazy-expire", "port"
        )

    assert found == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "lazyfree-lazy-expire": "yes",
        "port": "0",
    }


def test_files_are_private(tmp_path: Path) -> None:
    """Nobody but the owner reads the data or connects."""
    with EmbeddedRedis(tmp_path) as server:
        client(server.url).set("a", "1")
        files = [server.folder, *server.folder.rglob("*")]
        modes = {str(path.relative_to(tmp_path)): path.stat().st_mode & 0o077 for path in files}

    assert "redis/redis.sock" in modes
    assert "redis/redis.log" in modes
    assert not any(modes.values()), modes


def test_data_is_there_after_an_orderly_end(tmp_path: Path) -> None:
    """Stop and start lose nothing."""
    with EmbeddedRedis(tmp_path) as server:
        client(server.url).set("a", "1")

    with EmbeddedRedis(tmp_path) as server:
        assert client(server.url).get("a") == "1"


def test_kill_9_loses_nothing_older_than_a_second(tmp_path: Path) -> None:
    """What was acknowledged before the last sync to disk survives a kill."""
    with EmbeddedRedis(tmp_path) as server:
        connection = client(server.url)
        for number in range(1000):
            connection.rpush("acknowledged", number)
        # Written to the file, though perhaps not yet to the disk: what a kill cannot take back.
        wait_until(lambda: connection.info("persistence")["aof_buffer_length"] == 0)
        os.kill(server.pid or 0, signal.SIGKILL)
        wait_until(lambda: server.poll() is not None)
        server.spawn()
        server.wait_until_ready()

        assert client(server.url).llen("acknowledged") == 1000


def test_second_start_on_the_same_folder_says_who_has_it(tmp_path: Path) -> None:
    """Two servers on the same files would destroy them."""
    with EmbeddedRedis(tmp_path) as first:
        with pytest.raises(StartupError) as caught:
            EmbeddedRedis(tmp_path).start()

        message = str(caught.value)
        assert f"process {os.getpid()}" in message
        assert "STATS_DATA_DIR" in message
        assert "\n" not in message
        assert client(first.url).ping()


def test_socket_path_too_long_for_the_system(tmp_path: Path) -> None:
    """A deep data folder gets its socket in the temporary folder, for this user alone."""
    deep = tmp_path / ("d" * 60) / ("e" * 60)

    with EmbeddedRedis(deep) as server:
        assert client(server.url).ping()
        assert server.socket_path.parent.stat().st_mode & 0o077 == 0
        with running_redis(deep) as url:
            assert url == server.url


def test_a_prepared_socket_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The predictable name in the shared temporary folder is no way in."""
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    socket_path(deep).parent.mkdir(mode=0o777)
    socket_path(deep).parent.chmod(0o777)

    with pytest.raises(StartupError, match="not a folder of this user alone"):
        EmbeddedRedis(deep).start()


@pytest.mark.parametrize("name", ["số liệu", "a b", "it's", 'q"q', "50%20", "a?b#c"])
def test_any_folder_name(tmp_path: Path, name: str) -> None:
    """Blanks, quotes and non-ASCII letters in the path are no problem."""
    with EmbeddedRedis(tmp_path / name) as server:
        assert client(server.url).ping()


def test_a_program_that_cannot_run_is_named(tmp_path: Path) -> None:
    """The error says which programs were tried, why not, and what to install."""
    text = tmp_path / "valkey-server"
    text.write_text("not a program")
    broken = tmp_path / "redis-server"
    broken.write_text("not a program")
    broken.chmod(0o700)
    old = tmp_path / "old-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.2.14 sha=0'\n")
    old.chmod(0o700)

    with pytest.raises(StartupError) as caught:
        find_server_binary([text, broken, old])

    message = str(caught.value)
    assert f"{text} is not an executable file" in message
    assert f"{broken} cannot be run" in message
    assert f"{old} is too old (6.2.14)" in message
    assert "Install" in message
    assert "\n" not in message


def test_a_server_that_ends_at_once_is_quoted(tmp_path: Path) -> None:
    """The server's own last words are in the error."""
    with EmbeddedRedis(tmp_path) as server:
        client(server.url).set("a", "1")
    for manifest in tmp_path.glob("redis/appendonlydir/*.manifest"):
        manifest.write_text("nonsense\n")

    with pytest.raises(StartupError, match=r"ended at once \(exit code 1\): .*manifest"):
        EmbeddedRedis(tmp_path).start()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be: one line, with the way out."""
    (tmp_path / "redis").write_text("")

    with pytest.raises(StartupError, match="STATS_DATA_DIR"):
        EmbeddedRedis(tmp_path).start()


def test_a_snapshot_alone_is_restored(tmp_path: Path) -> None:
    """Putting back dump.rdb is all that a restore takes; then every write is kept again."""
    with EmbeddedRedis(tmp_path / "old") as server:
        client(server.url).set("a", "1")
        client(server.url).save()
    new = tmp_path / "new" / "redis"
    new.mkdir(parents=True)
    (new / "dump.rdb").write_bytes((tmp_path / "old/redis/dump.rdb").read_bytes())

    with EmbeddedRedis(tmp_path / "new") as server:
        assert client(server.url).get("a") == "1"
        client(server.url).set("b", "2")
    (new / "dump.rdb").unlink()

    with EmbeddedRedis(tmp_path / "new") as server:
        assert client(server.url).mget("a", "b") == ["1", "2"]


def test_a_long_log_is_set_aside(tmp_path: Path) -> None:
    """The log does not grow without end."""
    log = tmp_path / "redis" / "redis.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (embedded.LOG_MAX_BYTES + 1))

    with EmbeddedRedis(tmp_path):
        assert log.stat().st_size < 100_000
        assert log.with_name("redis.log.1").exists()


def test_a_command_uses_the_server_that_runs(tmp_path: Path) -> None:
    """Under `serve` a command connects; it neither starts nor stops anything."""
    with EmbeddedRedis(tmp_path) as server:
        with running_redis(tmp_path) as url:
            assert url == server.url

        assert client(server.url).ping()


def test_a_command_starts_a_server_for_itself(tmp_path: Path) -> None:
    """Without `serve`, the server lives as long as the command."""
    with running_redis(tmp_path) as url:
        client(url).set("a", "1")
        pid = int(client(url).info("server")["process_id"])

    assert not process_lives(pid)
    with running_redis(tmp_path) as url:
        assert client(url).get("a") == "1"


def test_commands_at_the_same_time_share_one_server(tmp_path: Path) -> None:
    """The command that started the server waits for those that came later."""
    code = (
        "import sys, pathlib, redis\n"
        "from stats_service.embedded_redis.server import running_redis\n"
        "with running_redis(pathlib.Path(sys.argv[1])) as url:\n"
        "    r = redis.Redis.from_url(url)\n"
        "    for _ in range(200): r.incr('n')\n"
    )
    commands = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(6)]

    assert [process.wait(timeout=60) for process in commands] == [0] * 6
    with running_redis(tmp_path) as url:
        assert client(url).get("n") == "1200"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_kill_9_of_the_parent_leaves_no_server(tmp_path: Path) -> None:
    """The server ends, in order, when whoever started it is killed; the next start waits."""
    code = (
        "import sys, pathlib, time\n"
        "from stats_service.embedded_redis.server import EmbeddedRedis\n"
        "server = EmbeddedRedis(pathlib.Path(sys.argv[1]))\n"
        "server.start()\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        client(socket_url(socket_path(tmp_path))).set("a", "1")
        parent.kill()

    with EmbeddedRedis(tmp_path) as server:
        assert client(server.url).get("a") == "1"
    assert not process_lives(pid)
