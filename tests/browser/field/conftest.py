"""A WordPress made from nothing: Debian's, with PHP and a MariaDB of its own."""

import os
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import free_port

SOURCE = Path("/usr/share/wordpress")
#: What it needs, by its names in Debian.
PACKAGES = (
    "wordpress",
    "wordpress-theme-twentytwentythree",
    "php-cli",
    "php-mysql",
    "mariadb-server",
)
ADMIN, PASSWORD = "quantri", "ba-con-voi-di-xe-dap-92"

CONFIG = """<?php
define( 'DB_NAME', 'wp' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:%(socket)s' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
define( 'WP_HOME', '%(url)s' );
define( 'WP_SITEURL', '%(url)s' );
define( 'FS_METHOD', 'direct' );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'DISABLE_WP_CRON', true );
define( 'CONCATENATE_SCRIPTS', false );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', '%(log)s' );
$table_prefix = 'wp_';
define( 'ABSPATH', __DIR__ . '/' );
require_once ABSPATH . 'wp-settings.php';
"""


@dataclass(frozen=True)
class WordPress:
    """A WordPress that runs."""

    url: str
    log: Path

    @property
    def host(self) -> str:
        """Its host with its port, as the service knows it."""
        return self.url.removeprefix("http://")

    def faults(self) -> str:
        """Return what PHP had to complain of."""
        return self.log.read_text() if self.log.exists() else ""


@pytest.fixture(scope="session")
def wordpress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPress]:
    """Install WordPress as its page of installation does, in Vietnamese time and in English."""
    for needed in ("php", "mariadbd", "mariadb-install-db"):
        if not shutil.which(needed):
            pytest.skip(
                f"{needed} is not here: apt install wordpress php-cli php-mysql mariadb-server"
            )
    if not SOURCE.exists():
        pytest.skip("WordPress is not here: apt install wordpress")
    folder = tmp_path_factory.mktemp("wordpress")
    port, socket = free_port(), folder / "db.sock"
    place = WordPress(f"http://127.0.0.1:{port}", folder / "php.log")
    data, root = folder / "data", folder / "www"
    shutil.copytree(SOURCE, root)
    (root / "wp-config.php").unlink(missing_ok=True)
    (root / "wp-config.php").write_text(
        CONFIG % {"socket": socket, "url": place.url, "log": place.log}
    )
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    user = f"--user={os.environ.get('USER') or 'root'}"
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", user,
         "--auth-root-authentication-method=normal"],
        check=True, **quiet,
    )  # fmt: skip
    database = subprocess.Popen(
        ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={socket}", user,
         "--skip-networking", f"--pid-file={folder}/db.pid"],
        **quiet,
    )  # fmt: skip
    web = subprocess.Popen(
        ["php", "-d", f"mysqli.default_socket={socket}", "-S", f"127.0.0.1:{port}", "-t", root],
        env=os.environ | {"PHP_CLI_SERVER_WORKERS": "4"},
        start_new_session=True, **quiet,
    )  # fmt: skip
    try:
        _wait_for(socket)
        subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={socket}", "-e", "CREATE DATABASE wp"],
            check=True, **quiet,
        )  # fmt: skip
        fields = {
            "weblog_title": "Cổng Kim Sơn", "user_name": ADMIN, "admin_password": PASSWORD,
            "admin_password2": PASSWORD, "admin_email": "an@example.vn", "language": "",
        }  # fmt: skip
        answer = _post(f"{place.url}/wp-admin/install.php?step=2", fields)
        assert "Success" in answer, answer[:2000]
        yield place
    finally:
        for process in (web, database):
            process.terminate()
        for process in (web, database):
            process.wait(30)


def _wait_for(socket: Path) -> None:
    deadline = time.monotonic() + 60
    while not socket.exists():
        assert time.monotonic() < deadline, "MariaDB does not start"
        time.sleep(0.1)


def _post(url: str, fields: dict[str, str]) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            data = urllib.parse.urlencode(fields).encode()
            with urllib.request.urlopen(url, data, timeout=60) as answer:
                return str(answer.read(), "utf-8")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
