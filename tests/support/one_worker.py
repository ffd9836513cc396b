"""One real worker with a Redis of its own, with and without the fast lane."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.sites import Site
from stats_service.services.container import create_services
from tests.support.server import running_service
from tests.support.wire import Wire


@dataclass(frozen=True)
class Running:
    """A worker, its Redis, and what it counts."""

    url: str
    redis: EmbeddedRedis
    folder: Path
    connections: list[Wire] = field(default_factory=list)

    def total(self) -> int:
        """Return the views in Redis."""
        with redis.Redis.from_url(self.redis.url) as client:
            return int(client.hget("st:{kimson}:counts", "views") or 0)  # type: ignore[arg-type]

    def ask(self, *requests: bytes) -> Wire:
        """Send the requests in one packet on a connection of their own."""
        self.connections.append(Wire(self.url))
        return self.connections[-1].send(b"".join(requests))

    def part(self) -> None:
        """Close every connection."""
        while self.connections:
            self.connections.pop().close()


@contextlib.contextmanager
def running(
    tmp: pytest.TempPathFactory, *, fast: bool, app: str = "", redis_timeout: float = 0.3
) -> Iterator[Running]:
    """Run one worker with a Redis of its own and a site."""
    folder = tmp.mktemp("edges")
    with EmbeddedRedis(folder) as server:
        settings = Settings(secret="edges-" + "0" * 32, data_dir=folder, redis_url=server.url)
        settings = replace(settings, workers=1, site_cache_seconds=300, redis_timeout=redis_timeout)
        site = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))
        create_services(settings).sites.sites.add(site)
        chosen = {"app": app} if app else {}
        worker = "" if fast else "stats_service.web.server.worker.Worker"
        with running_service(settings, worker=worker, **chosen) as url:
            service = Running(url, server, folder)
            yield service
            service.part()
