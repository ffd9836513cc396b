"""No room on a disk but that of Redis and the spool: it is said, and nothing half is left."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.faults.load import Load, statuses
from tests.support.clock import FakeClock
from tests.support.disks import fill, mounted
from tests.support.filled import fill as fill_site
from tests.support.pages import BROWSER
from tests.support.processes import free_port, service_processes, wait_until

pytestmark = pytest.mark.check("T103")

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")


def command(settings: Settings, *words: str, output: Path | None = None) -> tuple[int, str]:
    """Run `stats-service` as a person does; return its exit code and what it says on stderr."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STATS_")}
    environ |= {
        "REDIS_URL": settings.redis_url,
        "STATS_KEY_PREFIX": settings.key_prefix,
        "STATS_SECRET": settings.secret,
        "STATS_DATA_DIR": str(settings.data_dir),
    }
    with (output or Path(os.devnull)).open("w") as taken:
        done = subprocess.run(
            [sys.executable, "-m", "stats_service", *words],
            env=environ,
            stdout=taken,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    return done.returncode, done.stderr


def said_plainly(code: int, error: str) -> None:
    """Hold an answer to what a person, or cron, has to be told."""
    assert code == 2, error
    assert error.startswith("Error: ")
    assert "No space left on device" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    "words",
    [
        ("export", "kimson", "--output", "{disk}/kimson.jsonl.gz"),
        ("export", "kimson", "--format", "xlsx", "--output", "{disk}/kimson.xlsx"),
        ("export", "kimson", "--format", "csv", "--output", "{disk}/tables"),
        ("backup", "{disk}/stats.rdb"),
        ("backup", "{disk}/", "--keep", "2"),
    ],
    ids=lambda words: " ".join(words[:1] + words[-1:]),
)
def test_a_file_for_which_there_is_no_room_leaves_nothing(
    settings: Settings,
    services: Services,
    clock: FakeClock,
    site: Site,
    tmp_path: Path,
    words: tuple[str, ...],
) -> None:
    """One line and exit code 2; no half table, archive or snapshot, under whatever name."""
    if words[0] == "backup" and not settings.redis_url.startswith(("redis:", "unix:")):
        pytest.skip("the snapshot of this Redis is on another machine")
    fill_site(services, clock, site, days=3)
    with mounted(tmp_path / "disk", "size=64k") as disk:
        fill(disk)

        code, error = command(settings, *(word.format(disk=disk) for word in words))

        said_plainly(code, error)
        left = [path.name for path in disk.rglob("*") if path.is_file()]
    assert left == ["filler"]


def test_the_tables_of_before_stay_whole(
    settings: Settings, services: Services, clock: FakeClock, site: Site, tmp_path: Path
) -> None:
    """Tables of last week are not cut off by this week's, for which there is no room."""
    fill_site(services, clock, site, days=3)
    with mounted(tmp_path / "disk", "size=400k") as disk:
        words = ("export", "kimson", "--format", "csv", "--output", str(disk / "tables"))
        assert command(settings, *words)[0] == 0
        before = {path.name: path.read_bytes() for path in (disk / "tables").iterdir()}
        fill(disk)

        said_plainly(*command(settings, *words))

        assert {path.name: path.read_bytes() for path in (disk / "tables").iterdir()} == before


@pytest.mark.quick
@needs_full
@pytest.mark.parametrize(
    "words",
    [("site", "list"), ("check",), ("counts", "kimson"), ("export", "kimson", "--output", "-")],
    ids=lambda words: words[0],
)
def test_output_that_nothing_takes_is_an_error(
    settings: Settings, site: Site, words: tuple[str, ...]
) -> None:
    """`stats-service … > file` on a full disk: cron sees it, and no traceback."""
    said_plainly(*command(settings, *words, output=FULL))


@pytest.mark.parametrize("kind", ["archive", "log"])
def test_an_import_needs_no_room_that_it_does_not_ask_for(
    settings: Settings, services: Services, clock: FakeClock, site: Site, tmp_path: Path, kind: str
) -> None:
    """With a full disk for temporary files it comes in whole, or says why and changes nothing."""
    fill_site(services, clock, site, days=3)
    before = services.traffic.views.counts(site, clock.now())
    file = tmp_path / "kimson.jsonl.gz"
    assert command(settings, "export", "kimson", "--output", str(file))[0] == 0
    if kind == "log":
        file = tmp_path / "access.log"
        line = (
            '192.0.2.{n} - - [02/Mar/2020:10:00:00 +0700] "GET /tin/{n} HTTP/1.1" 200 9 "-" "{b}"'
        )
        file.write_text("\n".join(line.format(n=n, b=BROWSER) for n in range(200)) + "\n")
    words = {
        "archive": ("import", str(file), "--replace"),
        "log": ("legacy", "import", "kimson", str(file)),
    }[kind]
    with mounted(tmp_path / "disk", "size=64k") as disk, pytest.MonkeyPatch.context() as patch:
        fill(disk)
        patch.setenv("TMPDIR", str(disk))

        code, error = command(settings, *words)

        if code:
            said_plainly(code, error)
    after = services.traffic.views.counts(site, clock.now())
    if code or kind == "archive":
        assert (after.views.total, after.visits.total) == (before.views.total, before.visits.total)
    else:
        assert after.views.total == before.views.total + 200


@needs_full
def test_a_log_that_nothing_takes_stops_nobody(
    settings: Settings, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    """The whole service writes to a full disk, its Redis is stopped: it goes on, and counts."""
    port = free_port()
    installed = replace(
        settings, redis_url="", data_dir=tmp_path / "data", bind=f"127.0.0.1:{port}"
    )
    added = command(installed, "site", "add", "kimson", "--host", "kimson.example.vn")
    assert added == (0, "")
    environ = os.environ | {
        "REDIS_URL": "",
        "STATS_SECRET": installed.secret,
        "STATS_KEY_PREFIX": installed.key_prefix,
        "STATS_DATA_DIR": str(installed.data_dir),
        "STATS_BIND": installed.bind,
        "STATS_WORKERS": "1",
    }
    with FULL.open("w") as full:
        service = subprocess.Popen(
            [sys.executable, "-m", "stats_service", "serve"],
            env=environ,
            stdout=full,
            stderr=full,
            start_new_session=True,
        )
    try:
        with Load([f"http://{installed.bind}"], clients=4, rate=40) as load:
            load.wait_for(lambda: any(one.status == 200 for one in load.sent), 60)
            found = service_processes(installed.data_dir).items()
            (redis,) = (process for process, words in found if "unixsocket" in words)
            os.kill(redis, signal.SIGTERM)
            at = len(load.sent)
            load.wait_for(lambda: any(one.status == 202 for one in load.sent[at:]))
            at = len(load.sent)
            load.wait_for(lambda: any(one.status == 200 for one in load.sent[at:]))
        promised = sum(one.promised for one in load.sent)
        wait_until(lambda: total(installed) == promised, 60)
        assert service.poll() is None
    finally:
        service.terminate()
        assert service.wait(30) == 0
    measured(f"{statuses(load.sent)}, {promised} promised and counted")


def total(installed: Settings) -> int:
    """Return the views that the service tells."""
    with urllib.request.urlopen(f"http://{installed.bind}/v1/kimson/counts", timeout=10) as counts:
        return int(json.load(counts)["views"]["total"])
