"""The embedded Redis server, with its data below the data folder.

Below `<data_dir>/redis/`:

    appendonlydir/   every write, synced to disk once a second; what a start reads
    dump.rdb         a snapshot, at most an hour old while there are writes: the file to back up
    redis.log        what the server says; redis.log.1 is the one before, from 1 MB on
    redis.sock       where clients connect (in the temporary folder if this path is too long)
    lock             held by the server and by whoever started it
    users.lock       held, shared, by commands that use a server which another command started
"""

import contextlib
import fcntl
import os
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from stats_service import processes
from stats_service.embedded_redis.binary import find_server_binary
from stats_service.embedded_redis.lock import InUseError, acquire, held
from stats_service.embedded_redis.socket import command, ping, socket_path, socket_url
from stats_service.errors import StartupError

#: Longest wait, in seconds, for a started server to listen. Loading its data may take longer.
LISTEN_SECONDS = 20.0

#: Longest wait, in seconds, for a server that is ending or belongs to another command.
LOCK_SECONDS = 10.0

#: Longest wait, in seconds, for a clean stop.
STOP_SECONDS = 3.0

#: Size, in bytes, from which the log is rotated at a start.
LOG_MAX_BYTES = 1_000_000

POLL_SECONDS = 0.02

# shutdown-on-sigterm: the append-only file is complete; a failed snapshot could block the stop.
# hash-max-listpack-entries: Redis searches a listpack from its start for every field, and a page
# view reads and writes thirty fields of `counts`; with the default 512 it costs twice as much.
OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "dir": ".",
    "logfile": "redis.log",
    "loglevel": "notice",
    "always-show-logo": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",
    "save": "3600 1",
    "shutdown-on-sigterm": "nosave",
    "maxmemory-policy": "noeviction",
    "lazyfree-lazy-expire": "yes",
    "hash-max-listpack-entries": "64",
}


class EmbeddedRedis:
    """One server on one data folder.

    Args:
        data_dir: The service's data folder; the server uses `redis` below it.
        binary: The server program; by default the first that runs.
        role: Role of the holder: `serve`, or `command` for a process that ends soon.
    """

    def __init__(self, data_dir: Path, *, binary: Path | None = None, role: str = "serve") -> None:
        self.folder = data_dir.absolute() / "redis"
        self.socket_path = socket_path(data_dir)
        self.url = socket_url(self.socket_path)
        self._binary = binary
        self._role = role
        self._lock: int | None = None
        self._restoring = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id; None before the start."""
        return self._process.pid if self._process else None

    def start(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Start the server and wait until it has loaded its data and replies.

        Args:
            cancelled: Called while waiting; True ends the wait early.

        Raises:
            StartupError: the folder is in use or not writable, or the server does not start.
        """
        self.spawn()
        try:
            self.wait_until_ready(cancelled)
        except BaseException:
            self.stop()
            raise

    def spawn(self) -> None:
        """Start the server without waiting for it; also after a crash."""
        binary = self._binary or find_server_binary().path
        self.prepare_folder()
        if self._lock is None:
            self._lock = acquire(self.folder / "lock", self._role, LOCK_SECONDS)
        try:
            self._set_log_aside()
            self._restoring = self._has_only_snapshot()
            with open(self.folder / "redis.log", "ab", opener=_private) as log:
                self._process = processes.spawn(
                    [binary, *self._arguments()],
                    cwd=self.folder,
                    output=log,
                    umask=0o077,
                    keep_open=(self._lock,),
                )
        except OSError as error:
            self._release()
            raise StartupError(f"{binary} cannot be started: {error}") from error

    def wait_until_ready(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Wait until the started server replies to commands, or until `cancelled`.

        Raises:
            StartupError: the server ended, or did not listen in time.
        """
        deadline = time.monotonic() + LISTEN_SECONDS
        while (answer := ping(self.socket_path)) in ("", "LOADING"):
            code = self.poll()
            if code is not None:
                raise StartupError(
                    f"The embedded Redis ended at once ({processes.describe_exit(code)}): "
                    f"{self._last_words()} See {self.folder / 'redis.log'}."
                )
            if cancelled():
                return
            if not answer and time.monotonic() > deadline:
                raise StartupError(
                    f"The embedded Redis did not answer within {LISTEN_SECONDS:g} s. "
                    f"See {self.folder / 'redis.log'}."
                )
            time.sleep(POLL_SECONDS)
        self._append_after_restore()

    def poll(self) -> int | None:
        """Return the exit code of the server, as `Popen.returncode`; None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Stop the server; return whether it ended within `seconds` without being killed."""
        orderly = processes.stop(self._process, seconds) if self._process else True
        self._process = None
        self._release()
        return orderly

    def __enter__(self) -> "EmbeddedRedis":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def prepare_folder(self) -> None:
        """Create the server's folders if they are missing.

        Raises:
            StartupError: the folders cannot be created or used.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.socket_path.parent != self.folder:
                _private_folder(self.socket_path.parent)
        except OSError as error:
            raise StartupError(
                f"The data folder {self.folder} cannot be used: {error}. Give the service one "
                "that it may write to with STATS_DATA_DIR."
            ) from error

    def rewrite(self) -> None:
        """Let the server rewrite its append-only file in the background.

        Until then the file still contains keys that have expired: the salts of past days.

        Raises:
            OSError: the server does not reply.
        """
        command(self.socket_path, "BGREWRITEAOF")

    def _arguments(self) -> list[str]:
        options = OPTIONS | {"unixsocket": str(self.socket_path)}
        if self._restoring:
            options["appendonly"] = "no"
        return [part for name, value in options.items() for part in (f"--{name}", value)]

    def _has_only_snapshot(self) -> bool:
        """Return whether a backup is being restored: a snapshot without an append-only file."""
        appended = any(self.folder.glob("appendonlydir/*.manifest"))
        return not appended and (self.folder / "dump.rdb").exists()

    def _append_after_restore(self) -> None:
        # With `appendonly yes` a server would ignore the snapshot and start empty.
        if self._restoring:
            command(self.socket_path, "CONFIG SET appendonly yes")
            while "aof_rewrite_in_progress:1" in command(self.socket_path, "INFO persistence"):
                time.sleep(POLL_SECONDS)

    def _set_log_aside(self) -> None:
        log = self.folder / "redis.log"
        if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
            log.replace(log.with_name("redis.log.1"))

    def _last_words(self) -> str:
        try:
            lines = (self.folder / "redis.log").read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        marked = [line for line in lines[-20:] if " # " in line or "***" in line]
        return (marked or lines or ["it said nothing."])[-1]

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@contextlib.contextmanager
def running_redis(data_dir: Path) -> Iterator[str]:
    """Yield the URL of the server of `data_dir`: the running one, or a temporary one.

    Raises:
        StartupError: no server runs and none can be started.
    """
    server = EmbeddedRedis(data_dir, role="command")
    server.prepare_folder()
    users = server.folder / "users.lock"
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        with held(users, fcntl.LOCK_SH):
            if ping(server.socket_path) not in ("", "LOADING"):
                yield server.url
                return
        with contextlib.suppress(InUseError):
            server.start()
            break
        if time.monotonic() > deadline:
            raise StartupError(
                f"A Redis server holds {server.folder} but does not answer at "
                f"{server.socket_path}. See {server.folder / 'redis.log'}."
            )
        time.sleep(POLL_SECONDS)
    try:
        yield server.url
    finally:
        with held(users, fcntl.LOCK_EX):  # another command may still use the server
            server.stop()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _private_folder(path: Path) -> None:
    """Create `path` for this user only; refuse a folder that another user created."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise OSError(f"{path} is not a folder of this user alone")
