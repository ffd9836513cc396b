"""Files of other counters for tests: lines of access logs, their import, what it has counted."""

from pathlib import Path

import redis

from stats_service.config import Settings
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER


def line(
    path: str = "/tin/1",
    *,
    at: str = "17/Feb/2026:10:05:03 +0700",
    address: str = "192.0.2.1",
    agent: str = BROWSER,
    status: int = 200,
    method: str = "GET",
    host: str = "",
) -> str:
    """Return one line of an access log."""
    return f'{host}{address} - - [{at}] "{method} {path} HTTP/1.1" {status} 512 "-" "{agent}"\n'


def run(services: Services, path: Path, kind: str, site: Site, **options: object) -> LegacySummary:
    """Import one file and return what became of it."""
    plan = Plan(kind=kind, **options)  # type: ignore[arg-type]
    return services.portability.legacy.run(Source(site), [path], plan, FakeClock().now())


def counts(client: redis.Redis, settings: Settings) -> dict[str, str]:
    """Return the site's counts as stored."""
    return client.hgetall(SiteKeys(settings.key_prefix, "kimson").counts)
