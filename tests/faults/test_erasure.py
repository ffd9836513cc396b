"""What is erased stays gone while readers load its pages; an import keeps to its disk."""

import gzip
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import create_services
from stats_service.store.keys import SiteKeys
from tests.faults.load import Load, Sent, statuses
from tests.support.processes import wait_until
from tests.support.redis_groups import keys_of
from tests.support.server import running_service

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6)
RUNS = 10

Note = Callable[[str], None]


@pytest.mark.check("T61", "T79")
def test_an_erased_site_is_gone_under_traffic(
    settings: Settings, redis_client: redis.Redis, measured: Note
) -> None:
    """Ten times, with two workers that know the site for five seconds more.

    The site that is added again loses no view that is sent once it is there.
    """
    ours = replace(settings, site_cache_seconds=5, trusted_proxies=1, workers=2)
    services = create_services(ours)
    pattern = SiteKeys(ours.key_prefix, "kimson").pattern
    site = services.sites.sites.add(SITE)
    left, inherited, counted, missing = [], [], 0, 0
    since: list[Sent] = []
    with running_service(ours) as url, Load([url], clients=8, rate=300) as load:
        load.run(1)
        for _ in range(RUNS):
            services.sites.erasure.erase("kimson", "t", time.time())

            left += keys_of(redis_client, pattern)
            load.run(0.5)
            left += keys_of(redis_client, pattern)
            begun = time.monotonic()
            site = services.sites.sites.add(SITE)
            added = time.monotonic()
            inherited.append(services.traffic.views.counts(site, time.time()).views.total)
            load.run(2)
            # Those that were on their way when the site came count too, or not.
            views = services.traffic.views.counts(site, time.time()).views.total
            later = [one for one in load.sent if one.at >= added]
            since += later
            missing += max(0, sum(one.promised for one in later) - views)
            counted += views
            assert views <= sum(one.at + one.seconds >= begun for one in load.sent) + 8
    measured(
        f"{RUNS} runs, {counted:,} views; {len(left)} keys after, the new sites began with "
        f"{sum(inherited)} views; of those sent once they were there: {statuses(since)}, {missing} "
        "not counted"
    )
    assert counted > RUNS * 50
    assert left == []
    assert max(inherited) <= 2 * 8, "at most the views of the moment between adding and looking"
    assert set(statuses(since)) == {200}
    assert missing == 0


@pytest.mark.check("T63")
def test_an_import_keeps_to_its_disk(settings: Settings, tmp_path: Path, measured: Note) -> None:
    """Three million names of 1,000 bytes in some megabytes of gzip; and it is killed once."""
    services = create_services(settings)
    services.sites.sites.add(SITE)
    path, folder = tmp_path / "names.log.gz", tmp_path / "tmp"
    folder.mkdir()
    with gzip.open(path, "wb", compresslevel=1) as file:
        for n in range(3_000_000):
            name = hashlib.md5(b"%d" % n, usedforsecurity=False).hexdigest()
            file.write(
                f"192.0.{n // 250 % 250}.{n % 250} - - [17/May/2015:10:05:03 +0000] "
                f'"GET /{name}{"x" * 960} HTTP/1.1" 200 1 "-" "Mozilla/5.0 Chrome/142"\n'.encode()
            )
    environ = os.environ | {
        "STATS_SECRET": settings.secret,
        "STATS_DATA_DIR": str(settings.data_dir),
        "REDIS_URL": settings.redis_url,
        "STATS_KEY_PREFIX": settings.key_prefix,
        "SQLITE_TMPDIR": str(folder),
    }
    command = [sys.executable, "-m", "stats_service", "legacy", "import", "kimson", str(path)]
    command += ["--from", "access-log", "--dry-run"]
    before, peak = used(folder), 0

    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            peak = max(peak, used(folder) - before)
            time.sleep(0.05)  # between two looks, until the command has ended
        said = process.stderr.read().decode() if process.stderr else ""
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as killed:
        wait_until(lambda: used(folder) - before > 50_000_000 or killed.poll() is not None, 60)
        killed.kill()

    measured(f"{path.stat().st_size / 1e6:.0f} MB of gzip: {peak / 1e6:,.0f} MB of disk at most")
    assert peak < 2.2e9
    assert "Split them" in said
    assert list(folder.iterdir()) == []


def used(folder: Path) -> int:
    """Return the bytes that are taken on the disk of a folder."""
    disk = os.statvfs(folder)
    return (disk.f_blocks - disk.f_bfree) * disk.f_frsize
