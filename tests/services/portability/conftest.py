"""What the tests of archives and of imports have in common."""

import zipfile
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


@pytest.fixture
def bring_files(services: Services, tmp_path: Path) -> Callable[..., LegacySummary]:
    """Give what imports texts as files, by their names."""
    numbers = iter(range(10**6))

    def import_them(
        files: dict[str, str],
        now: float = FakeClock().now(),
        *,
        packed: bool = True,
        **options: object,
    ) -> LegacySummary:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        paths = [folder / name for name in files]
        if packed and "imported_exit_pages" in " ".join(files):
            paths = [folder / "plausible.zip"]
            with zipfile.ZipFile(paths[0], "w") as archive:
                for name, text in files.items():
                    archive.writestr(name, text)
        else:
            for path, text in zip(paths, files.values(), strict=True):
                path.write_text(text)
        plan = Plan(**options)  # type: ignore[arg-type]
        source = Source(services.sites.sites.get("kimson"))
        return services.portability.legacy.run(source, paths, plan, now)

    return import_them


@pytest.fixture
def told(redis_client: redis.Redis, settings: Settings) -> Callable[[str], dict[str, int]]:
    """Give what stands in Redis of a day or month, by line."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    return lambda span: {
        line: int(n) for line, n in redis_client.hgetall(keys.readers(span)).items()
    }
