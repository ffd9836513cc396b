"""The power goes out: what is on the disk then is all there is."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import create_services
from tests.faults.load import Load, statuses
from tests.support.processes import service_processes
from tests.support.redis_groups import Server
from tests.support.server import running_service
from tests.support.spools import spool_of

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6)
RATE = 150

Note = Callable[[str], None]


@contextmanager
def disk(image: Path, folder: Path) -> Iterator[None]:
    """Mount the file `image`, as if it were a disk, on `folder`."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.check("T37", "T45")
@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("mkfs.ext4") or not Path("/dev/loop-control").exists(),
    reason="mounting a file as a disk wants root, e2fsprogs and loop devices",
)
@pytest.mark.parametrize(("fsync", "seconds"), [("everysec", 2), ("always", 0)])
def test_a_power_cut_loses_what_was_not_synced(
    settings: Settings, tmp_path: Path, fsync: str, seconds: int, measured: Note
) -> None:
    """Redis and the spool are on an ext4 in a file; the file is copied in the middle of the load.

    What the kernel still had in memory for that file system is not in the copy: only what was
    synced, or written back by itself. Redis is away for the second half, so that views are kept
    in the spool as well. The copy takes some milliseconds, in which all processes stand still.
    A disk that claims to have synced what it has not is not shown.
    """
    image, copy = tmp_path / "disk", tmp_path / "copy"
    with image.open("wb") as file:
        file.truncate(96 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    folder = tmp_path / "data"
    redis_folder = folder / "redis-alone"
    lines = f"appendonly yes\nappendfsync {fsync}\nsave ''"
    with disk(image, folder):
        server = Server(redis_folder, lines).start()
        ours = replace(
            settings, data_dir=folder, redis_url=server.url, redis_timeout=0.3, trusted_proxies=1
        )
        with closing(create_services(replace(ours, redis_timeout=5))) as services:
            services.sites.sites.add(SITE)
        os.sync()
        with running_service(ours) as url, Load([url], clients=16, rate=RATE) as load:
            load.run(4)
            processes = [server.pid, *service_processes(folder)]
            for pid in processes:
                os.kill(pid, signal.SIGSTOP)
            shutil.copyfile(image, tmp_path / "first")
            direct = [one for one in load.sent if one.status == 200]
            for pid in processes:
                os.kill(pid, signal.SIGCONT)
            server.kill()
            load.run(2)
            processes = list(service_processes(folder))
            for pid in processes:
                os.kill(pid, signal.SIGSTOP)
            shutil.copyfile(image, copy)
            kept = [one for one in load.sent if one.status == 202]
            for pid in processes:
                os.kill(pid, signal.SIGCONT)
    with disk(tmp_path / "first", folder):
        begin = time.monotonic()
        server.start()
        booted = time.monotonic() - begin
        with closing(create_services(replace(ours, redis_timeout=5))) as services:
            found = services.traffic.views.counts(SITE, time.time())
        server.kill()
    with disk(copy, folder), closing(create_services(ours)) as services:
        waiting = spool_of(services).waiting()
    shutil.rmtree(folder, ignore_errors=True)

    lost = len(direct) - found.views.total
    measured(
        f"power cut, appendfsync {fsync}: {lost} of {len(direct)} views answered 200 lost at "
        f"{RATE}/s, Redis boots in {booted:.1f} s; {len(kept)} answered 202, {waiting} spooled "
        f"({statuses(load.sent)})"
    )
    assert lost <= seconds * RATE
    assert found.views.total <= len(load.sent)
    assert waiting >= len(kept)
