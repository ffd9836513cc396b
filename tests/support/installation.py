"""A real installation with a Redis and a receiver of alerts of its own, whose states are made."""

import contextlib
import time
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from click.testing import CliRunner, Result

from stats_service.app import create_app
from stats_service.cli import main
from stats_service.config import Settings
from stats_service.errors import StoreUnavailableError
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from tests.support.receivers import Receiver
from tests.support.redis_groups import Server

TOKEN = "metrics-" + "0" * 32
SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))


@dataclass
class Installation:
    """A real installation whose states are made."""

    server: Server
    settings: Settings
    services: Services
    receiver: Receiver
    monkeypatch: pytest.MonkeyPatch
    stack: ExitStack

    def check(self) -> Result:
        """Run `stats-service check`, as its administrator does."""
        settings = self.settings
        environ = {
            "REDIS_URL": settings.redis_url,
            "STATS_KEY_PREFIX": settings.key_prefix,
            "STATS_SECRET": settings.secret,
            "STATS_DATA_DIR": str(settings.data_dir),
            "STATS_BIND": settings.bind,
            "STATS_PUBLIC_URL": settings.public_url,
        }
        return CliRunner().invoke(main, ["check"], env=environ, catch_exceptions=False)

    def alarms(self) -> set[str]:
        """Return what the overview shows: of the installation, and of its sites if it can."""
        operations, shown = self.services.operations, set[str]()
        with contextlib.suppress(StoreUnavailableError):
            sites = self.services.sites.sites.all()
            for overview in operations.overview.of_sites(sites, time.time()):
                shown |= {alarm.kind for alarm in overview.alarms}
        return shown | {alarm.kind for alarm in operations.overview.of_installation()}

    def renew(self) -> None:
        """Begin anew with the settings as they are now, as after a restart."""
        self.services.close()
        self.services = create_services(self.settings)

    def ask(self) -> tuple[int, str, str]:
        """Return the status and text of `readyz`, and the metrics, of a service just started."""
        app = create_app(self.settings)
        client = app.test_client()
        ready = client.get("/readyz")
        metrics = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        app.extensions["stats_service"].close()
        return ready.status_code, ready.get_data(as_text=True), metrics.get_data(as_text=True)
