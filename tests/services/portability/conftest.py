"""What the tests of archives have in common."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
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
