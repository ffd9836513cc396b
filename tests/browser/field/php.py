"""PHP's own web server and a MariaDB, for systems that are made from nothing."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import wait_until

#: What both need, by the names of Debian.
PACKAGES = "php-cli php-mysql mariadb-server"
#: Longest wait for a database that begins, in seconds: both cores may be busy.
PATIENCE = 120
_QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def need_php() -> None:
    """Skip the test, with what to install, where PHP or MariaDB is not here."""
    for needed in ("php", "mariadbd", "mariadb-install-db"):
        if not shutil.which(needed):
            pytest.skip(f"{needed} is not here: apt install {PACKAGES}")


@contextlib.contextmanager
def running_database(folder: Path, name: str) -> Iterator[Path]:
    """Run a MariaDB with an empty database, for `root` without a password; give its socket."""
    path, data = folder / "db.sock", folder / "data"
    user = f"--user={os.environ.get('USER') or 'root'}"
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", user,
         "--auth-root-authentication-method=normal"],
        check=True, **_QUIET,
    )  # fmt: skip
    process = subprocess.Popen(
        ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={path}", user,
         "--skip-networking", f"--pid-file={folder}/db.pid"],
        **_QUIET,
    )  # fmt: skip
    client = ["mariadb", "--no-defaults", f"--socket={path}", "-e"]

    def answers() -> bool:
        assert process.poll() is None, "MariaDB has ended"
        return subprocess.run([*client, "SELECT 1"], check=False, **_QUIET).returncode == 0

    try:
        wait_until(answers, PATIENCE)
        make = f"CREATE DATABASE {name} CHARACTER SET utf8mb4"
        subprocess.run([*client, make], check=True, **_QUIET)
        yield path
    finally:
        _end(process)


@contextlib.contextmanager
def running_php(root: Path, port: int, database: Path, *router: str) -> Iterator[None]:
    """Serve a folder by PHP's own server at a port of 127.0.0.1."""
    process = subprocess.Popen(
        ["php", "-d", f"mysqli.default_socket={database}", "-d",
         f"pdo_mysql.default_socket={database}", "-d", "display_errors=0",
         "-S", f"127.0.0.1:{port}", "-t", str(root), *router],
        env=os.environ | {"PHP_CLI_SERVER_WORKERS": "4"},
        start_new_session=True, **_QUIET,
    )  # fmt: skip
    try:
        wait_until(lambda: process.poll() is not None or listens(port), PATIENCE)
        assert process.poll() is None, "PHP has ended"
        yield
    finally:
        _end(process)


def listens(port: int) -> bool:
    """Tell whether somebody listens at a port of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with contextlib.suppress(ProcessLookupError):  # PHP leaves its workers behind
        os.killpg(process.pid, signal.SIGKILL)
