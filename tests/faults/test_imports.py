"""Imports of logs that are killed again and again, and taken out the same way."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import create_services
from stats_service.store.keys import SiteKeys
from tests.support.overlapping_logs import (
    everything,
    in_file,
    independent_count,
    some_rows,
    stored,
)
from tests.support.visits_told import UMAMI_HEAD, naive_count, some_visits

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))
DAYS = 80

Note = Callable[[str], None]


class Killer:
    """Runs commands, and kills them once they have changed some parts, until one comes to its end.

    Args:
        settings: of the installation.
        client: of its Redis, on which is seen how far a command is.
    """

    def __init__(self, settings: Settings, client: redis.Redis) -> None:
        self._environ = os.environ | {
            "STATS_SECRET": settings.secret,
            "STATS_DATA_DIR": str(settings.data_dir),
            "REDIS_URL": settings.redis_url,
            "STATS_KEY_PREFIX": settings.key_prefix,
        }
        self._client = client
        self._keys = SiteKeys(settings.key_prefix, "kimson")
        self._drawn = random.Random(1)
        self.killed = 0

    def run(self, *words: str) -> None:
        """Run `legacy` with `words` until it has ended by itself."""
        command = [sys.executable, "-m", "stats_service", "legacy", *words]
        ended = False
        while not ended:
            enough, before = self._drawn.randrange(1, 40), self._parts()
            with subprocess.Popen(
                command, env=self._environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            ) as process:
                while process.poll() is None and abs(self._parts() - before) < enough:
                    pass
                ended = process.poll() is not None
                process.kill()
                error = process.stderr.read().decode() if process.stderr else ""
            self.killed += not ended
            # It may have been killed when all was done, but before it could say so.
            gone = words[0] == "undo" and self.killed and "There is no import" in error
            assert not ended or process.returncode == 0 or gone, error

    def _parts(self) -> int:
        """Return how many parts of imports there are."""
        names = [name for name in self._client.hkeys(self._keys.legacy) if ":" not in name]
        return sum(int(self._client.hlen(self._keys.imported(name))) for name in names)


@pytest.mark.check("T96")
@pytest.mark.check("T97")
def test_an_import_and_an_undo_that_are_killed(
    settings: Settings, redis_client: redis.Redis, tmp_path: Path, measured: Note
) -> None:
    """The halves of a log of months, which overlap, the later one first; then out again."""
    services = create_services(settings)
    services.sites.sites.add(SITE)
    keys = SiteKeys(settings.key_prefix, "kimson")
    begin = int(time.time()) - (DAYS + 5) * 86_400 - some_rows()[0][0]  # hours are kept 91 days
    rows = sorted(
        (begin + at + 86_400 * day, address, agent, f"{path}/{day % 7}")
        for day in range(DAYS)
        for at, address, agent, path in some_rows(day % 5, 250)
    )
    half = len(rows) // 2
    (tmp_path / "later.log").write_text(in_file(rows[half - 500 :]))
    (tmp_path / "earlier.log").write_text(in_file(rows[: half + 300]))
    killer = Killer(settings, redis_client)

    killer.run("import", "kimson", str(tmp_path / "later.log"))
    between = everything(redis_client, keys)
    killer.run("import", "kimson", str(tmp_path / "earlier.log"))

    assert stored(redis_client, keys) == independent_count(rows)
    imports = killer.killed
    killer.run("undo", "kimson", "earlier.log")
    assert everything(redis_client, keys) == between
    killer.run("undo", "kimson", "later.log")
    assert everything(redis_client, keys) == {}
    out = killer.killed - imports
    measured(f"{len(rows):,} views: killed {imports} times coming in, {out} going out")
    assert min(imports, out) >= 2


@pytest.mark.check("T117")
def test_an_import_that_tells_of_visits_is_killed(
    settings: Settings, redis_client: redis.Redis, tmp_path: Path, measured: Note
) -> None:
    """Umami's events of months, some kept by month alone, in two files that overlap; then out."""
    services = create_services(settings)
    services.sites.sites.add(SITE)
    keys = SiteKeys(settings.key_prefix, "kimson")
    today = datetime.fromtimestamp(services.clock.now(), UTC).date()
    ages = [*range(10, 50), *range(500, 520)]
    days = {(today - timedelta(days=age)).isoformat(): age for age in sorted(ages, reverse=True)}
    rows = [
        str(event).replace("2026-02-17", day)
        for day, seed in days.items()
        for event in sorted(some_visits(seed), key=lambda event: event.minute)
    ]
    half = len(rows) // 2
    (tmp_path / "later.csv").write_text(UMAMI_HEAD + "".join(rows[half - 500 :]))
    (tmp_path / "earlier.csv").write_text(UMAMI_HEAD + "".join(rows[: half + 300]))
    killer = Killer(settings, redis_client)

    killer.run("import", "kimson", str(tmp_path / "earlier.csv"))
    between = everything(redis_client, keys)
    killer.run("import", "kimson", str(tmp_path / "later.csv"))

    months: Counter[str] = Counter()
    for day, seed in days.items():
        told = naive_count(some_visits(seed))
        if seed >= 500:
            months.update({f"{day[:7]} {line}": n for line, n in told.items()})
        else:
            found = redis_client.hgetall(keys.readers(day))
            assert {line: int(n) for line, n in found.items()} == told
    assert months == {
        f"{month} {line}": int(n)
        for month in {key[:7] for key in months}
        for line, n in redis_client.hgetall(keys.readers(month)).items()
    }
    imports = killer.killed
    killer.run("undo", "kimson", "later.csv")
    assert everything(redis_client, keys) == between
    killer.run("undo", "kimson", "earlier.csv")
    assert everything(redis_client, keys) == {}
    out = killer.killed - imports
    measured(f"{len(rows):,} events: killed {imports} times coming in, {out} going out")
    assert min(imports, out) >= 2
