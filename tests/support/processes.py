"""Real processes in tests: wait for them, look at them, find what they left behind."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

#: Longest wait for something that happens soon, in seconds.
PATIENCE = 20.0


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Look again and again until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def process_lives(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def service_processes(data_dir: Path) -> dict[int, str]:
    """Return every process of the service on `data_dir`, by id, with its command.

    Those who got the folder by environment; and Redis, which overwrites its own, by where it is.
    """
    wanted = f"STATS_DATA_DIR={data_dir}".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            ours = wanted in (folder / "environ").read_bytes().split(b"\0")
            ours = ours or (folder / "cwd").readlink() == data_dir / "redis"
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if ours and process_lives(int(folder.name)):
            found[int(folder.name)] = command
    return found


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
