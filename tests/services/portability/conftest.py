"""What the tests of archives and of imports have in common."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from stats_service.config import Settings
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.filled import fill, fill_votes
from tests.support.redis_groups import client_of


@pytest.fixture
def raw_client(redis_server: str) -> Iterator[redis.Redis]:
    """Give a client that leaves bytes as they are: pseudonyms are no text."""
    with client_of(redis_server, decode_responses=False) as client:
        yield client


@pytest.fixture
def archive(
    services: Services,
    clock: FakeClock,
    site: Site,
    tmp_path: Path,
    raw_client: redis.Redis,
    settings: Settings,
) -> Path:
    """Give the archive of a site with something in every table."""
    fill(services, clock, site)
    fill_votes(raw_client, SiteKeys(settings.key_prefix, "kimson"))
    path = tmp_path / "kimson.jsonl"
    path.write_bytes(b"".join(services.portability.archives.lines("kimson", clock.now())))
    return path


@pytest.fixture
def keys(settings: Settings) -> SiteKeys:
    """Give the names of the site's keys."""
    return SiteKeys(settings.key_prefix, "kimson")


@pytest.fixture
def bring(services: Services, site: Site, tmp_path: Path) -> Callable[..., LegacySummary]:
    """Give what imports texts as files of one command."""
    numbers = iter(range(10**6))

    def import_them(*texts: str, names: tuple[str, ...] = (), **options: Any) -> LegacySummary:
        paths = []
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        for number, text in enumerate(texts):
            path = folder / (names[number] if names else f"{next(numbers)}.log")
            path.write_text(text)
            paths.append(path)
        plan = Plan(kind=options.pop("kind", "access-log"), **options)
        return services.portability.legacy.run(Source(site), paths, plan, FakeClock().now())

    return import_them
