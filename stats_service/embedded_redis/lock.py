"""Locks for a data folder: one server at a time, and the name of the holder."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from stats_service.errors import StartupError

POLL_SECONDS = 0.02


class InUseError(StartupError):
    """Another process holds the data folder."""


def acquire(path: Path, role: str, seconds: float) -> int:
    """Lock `path` and return the file descriptor; closing it releases the lock.

    Waits at most `seconds` for a holder that will release the lock soon: a command, or a server
    that is still ending after its `serve` has ended.

    Args:
        path: The lock file, in a folder below the data folder.
        role: Role of the caller, `serve` or `command`; shown to others that find it locked.
        seconds: The longest wait.

    Raises:
        InUseError: another process holds the lock.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "role": role}).encode(), 0)
            return descriptor
        pid, held_by = _holder(descriptor)
        stays = role == "command" or (held_by == "serve" and _is_running(pid))
        if stays or time.monotonic() > deadline:
            os.close(descriptor)
            raise InUseError(
                f"The data folder {path.parent.parent} is in use by another stats-service "
                f"(process {pid}). Stop that one, or give this one a folder of its own with "
                "STATS_DATA_DIR."
            )
        time.sleep(POLL_SECONDS)


@contextlib.contextmanager
def held(path: Path, kind: int) -> Iterator[None]:
    """Hold a lock on `path`, `fcntl.LOCK_SH` or `fcntl.LOCK_EX`; wait without a timeout."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> tuple[int, str]:
    try:
        found = json.loads(os.pread(descriptor, 200, 0))
        return int(found["pid"]), str(found["role"])
    except (ValueError, KeyError, TypeError):
        return 0, ""


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
