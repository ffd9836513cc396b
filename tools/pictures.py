"""Take the README's pictures of the admin pages anew: `python -m tools.pictures`.

They are the demo's pages, in Vietnamese, at twenty past three on the afternoon of a Wednesday, with
readers online. Needs Chromium (scripts/chromium) and the packages of requirements/test.txt.
"""

import logging
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from stats_service.app import create_app
from stats_service.cli.demo.command import add_demo_site
from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.traffic.views import PageQuery, Visitor
from stats_service.services.container import Services, create_services

IMAGES = Path(__file__).parents[1] / "docs/images"
#: By name: the page below that of the site, and how high the window is.
PICTURES = {"admin": ("", 1010), "report": ("report", 1250)}
#: What a README can afford for each.
MAX_BYTES = 300_000
WIDTH = 1280
PASSWORD = "for one picture only"  # noqa: S105 - of an account that lives for a second
READERS = 37
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


class Afternoon:
    """A clock that stands still."""

    def now(self) -> float:
        """Return the moment of the picture, in seconds since 1970."""
        return datetime(2026, 11, 25, 8, 20, tzinfo=UTC).timestamp()


def main() -> None:
    """Fill a store, serve it, and take the picture."""
    browser_path = which("chromium") or which("google-chrome")
    if browser_path is None:
        sys.exit("There is no Chromium: scripts/chromium installs it.")
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as redis:
        server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
        host = f"127.0.0.1:{server.server_port}"
        settings = Settings(
            secret="p" * 32,
            data_dir=Path(folder),
            redis_url=redis.url,
            bind=host,
            redis_timeout=5,
        )
        services = create_services(settings, Afternoon())
        add_demo_site(services, (host,))
        _read(services, host)
        services.sites.sites.edit("demo", hosts=("kimson.example.vn",))
        services.accounts.accounts.add("lan", PASSWORD, "picture", Afternoon().now(), operator=True)
        server.app = create_app(settings, Afternoon())
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(locale="vi-VN")
            page.goto(f"http://{host}/admin/sign-in?next=/admin/sites/demo/")
            page.fill("#name", "lan")
            page.fill("#password", PASSWORD)
            page.click("button.primary")
            page.wait_for_url("**/admin/sites/demo/")
            for name, (below, height) in PICTURES.items():
                page.set_viewport_size({"width": WIDTH, "height": height})
                page.goto(f"http://{host}/admin/sites/demo/{below}")
                page.wait_for_selector(".chart.drawn")
                page.screenshot(path=IMAGES / f"{name}.png")
            browser.close()
        server.shutdown()
        services.close()
    for picture in (IMAGES / f"{name}.png" for name in PICTURES):
        size = picture.stat().st_size
        sys.stdout.write(f"{picture}: {size:,} bytes\n")
        if size > MAX_BYTES:
            sys.exit(f"That is more than {MAX_BYTES:,}.")


def _read(services: Services, host: str) -> None:
    """Let some readers look at the portal's front page."""
    now = services.clock.now()
    entry = services.sites.directory.load("demo", now)
    for number in range(READERS):
        visitor = Visitor(
            address=f"198.51.100.{number + 1}",
            user_agent=BROWSER,
            origin=f"http://{host}",
            private=False,
            prefetch=False,
        )
        query = PageQuery(hit=f"picture-{number:012}", article="/")
        services.loop.run(services.traffic.recorder.record(entry, query, visitor, now))


if __name__ == "__main__":
    main()
