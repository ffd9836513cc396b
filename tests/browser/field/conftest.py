"""A WordPress made from nothing: Debian's, with PHP and a MariaDB of its own."""

import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.field.php import need_php, running_database, running_php
from tests.support.processes import free_port

SOURCE = Path("/usr/share/wordpress")
ADMIN, PASSWORD = "quantri", "Ba-con-voi-di-xe-dap-92"

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
    root: Path

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
    need_php()
    if not SOURCE.exists():
        pytest.skip(
            "WordPress is not here: apt install wordpress wordpress-theme-twentytwentythree"
        )
    folder = tmp_path_factory.mktemp("wordpress")
    port, root = free_port(), folder / "www"
    place = WordPress(f"http://127.0.0.1:{port}", folder / "php.log", root)
    shutil.copytree(SOURCE, root)
    with running_database(folder, "wp") as database:
        (root / "wp-config.php").unlink(missing_ok=True)
        (root / "wp-config.php").write_text(
            CONFIG % {"socket": database, "url": place.url, "log": place.log}
        )
        with running_php(root, port, database):
            fields = {
                "weblog_title": "Cổng Kim Sơn", "user_name": ADMIN, "admin_password": PASSWORD,
                "admin_password2": PASSWORD, "admin_email": "an@example.vn", "language": "",
            }  # fmt: skip
            data = urllib.parse.urlencode(fields).encode()
            url = f"{place.url}/wp-admin/install.php?step=2"
            with urllib.request.urlopen(url, data, timeout=120) as answer:
                text = str(answer.read(), "utf-8")
            assert "Success" in text, text[:2000]
            yield place
