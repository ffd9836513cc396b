"""Versions with different layouts of the data: side by side, killed while they migrate, refused."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import create_services
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.keys import SiteKeys
from tests.faults.load import Load
from tests.faults.test_moves import Voters
from tests.support.migrations import PIECE, stamps
from tests.support.processes import free_port, wait_until
from tests.support.redis_groups import Server
from tests.support.votes import make_poll

SITE = Site(
    slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6, poll=""
)
#: Articles that nobody reads, for the migration to be long enough.
ARTICLES = 1000
OLDER, NEWER = "stats_service", "tests.support.newer_service"
#: What an instance does before it serves, without all that it imports to serve.
MIGRATE = """
import sys, time
from functools import partial
from stats_service.services.operations.layouts import Layouts
from stats_service.store.operations import layout
from stats_service.store.redis.client import connect
from tests.support.migrations import Stamps
layout.LOCK_SECONDS = 1
stamps = Stamps(between=partial(time.sleep, 0.1))
Layouts(layout.LayoutStore(connect(sys.argv[1], 5), sys.argv[2], [stamps])).migrate()
"""

Note = Callable[[str], None]


def environ(settings: Settings, port: int, **more: str) -> dict[str, str]:
    """Return the environment of an instance."""
    return os.environ | {
        "STATS_SECRET": settings.secret,
        "STATS_DATA_DIR": str(settings.data_dir),
        "REDIS_URL": settings.redis_url,
        "STATS_KEY_PREFIX": settings.key_prefix,
        "STATS_BIND": f"127.0.0.1:{port}",
        "STATS_TRUSTED_PROXIES": "1",
        "STATS_WORKERS": "1",
        "STATS_TITLES": "0",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **more,
    }


@contextlib.contextmanager
def serving(version: str, settings: Settings, port: int, **more: str) -> Iterator[str]:
    """Run an instance of a version until it is left; give its URL once it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", version, "serve"],
        env=environ(settings, port, **more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or ready(url) == 200, 60)
        assert process.poll() is None, process.communicate()
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def ready(url: str) -> int:
    """Return the status of `readyz`; 0 if nobody answers."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)
    except OSError:
        return 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give a Redis of the test's own."""
    started = Server(tmp_path / "redis", "save ''\nappendonly yes").start()
    yield started
    started.kill()


@pytest.fixture
def filled(settings: Settings, server: Server) -> Settings:
    """Give the settings of an installation of this version, with many articles."""
    settings = replace(settings, redis_url=server.url)
    services = create_services(settings)
    services.operations.installation.claim()
    services.sites.sites.add(SITE)
    make_poll(services, protection=Protection(wait=0, share=0))
    services.close()
    names = {f"/cũ/{number:05}": number + 1 for number in range(ARTICLES)}
    server.client.zadd(SiteKeys(settings.key_prefix, SITE.slug).articles, names)
    return settings


def stored_layout(server: Server, settings: Settings) -> list[str | None]:
    """Return the number of the data's layout, and how far a migration is."""
    key = AdminKeys(settings.key_prefix).installation
    return server.client.hmget(key, ["layout", "layout:after"])  # type: ignore[no-any-return]


@pytest.mark.check("T121")
def test_two_instances_are_updated_one_after_the_other(
    filled: Settings, server: Server, tmp_path: Path, measured: Note
) -> None:
    """Under load, with the older one counting while the newer one migrates and afterwards."""
    ports = [free_port(), free_port()]
    hosts = [replace(filled, data_dir=tmp_path / name) for name in ("host-a", "host-b")]
    services = create_services(filled)
    loads: list[Load] = []
    with ExitStack() as last:
        voters = []
        with ExitStack() as second:
            url_b = second.enter_context(serving(OLDER, hosts[1], ports[1]))
            beside = second.enter_context(Load([url_b], clients=8, rate=60))
            with serving(OLDER, hosts[0], ports[0]) as url, Load([url], clients=8, rate=60) as load:
                load.wait_for(lambda: len(load.sent) > 100)
            loads += [load, beside]
            voters.append(second.enter_context(Voters(url_b, services)))
            sent, begun = len(beside.sent), time.monotonic()
            pause = {"NEWER_PAUSE": "0.05"}
            url_a = last.enter_context(serving(NEWER, hosts[0], ports[0], **pause))
            took, during = time.monotonic() - begun, len(beside.sent) - sent
            loads.append(last.enter_context(Load([url_a], clients=8, rate=60)))
            voters.append(last.enter_context(Voters(url_a, services)))
            beside.run(3)
        with serving(NEWER, hosts[1], ports[1]) as url_b, Load([url_b], clients=8, rate=60) as load:
            load.run(2)
        loads.append(load)
    wait_until(lambda: not services.traffic.replay.run(time.time()), 30)
    counted = services.traffic.views.counts(SITE, time.time()).views.total
    report = services.polls.integrity.report("kimson", "muc-quan-tam", "UTC", time.time())
    services.close()
    names = SiteKeys(filled.key_prefix, SITE.slug)
    ratings = str(server.client.hget(names.ratings, "/tin/1"))
    articles = sum(n for _, n in server.client.zrange(names.articles, 0, -1, withscores=True))
    times = server.client.hvals(stamps(filled.key_prefix, SITE.slug))
    promised = sum(one.promised for load in loads for one in load.sent)
    unknown = sum(one.status == 0 for load in loads for one in load.sent)
    ballots = sum(one.ballots for one in voters)
    measured(
        f"{promised} views, {ballots} ballots, {sum(one.ratings for one in voters)} ratings, each "
        f"counted once; {during} views by the older instance in the {took:.1f} s in which the "
        "newer one migrated and started"
    )
    assert promised <= counted <= promised + unknown
    assert articles == counted + ARTICLES * (ARTICLES + 1) // 2
    assert report.faults == ()
    assert report.ballots == report.voters == ballots
    assert sum(map(int, ratings.split(","))) == sum(one.ratings for one in voters)
    assert {reason for one in voters for reason in one.refusals} == set()
    assert during > 20
    assert len(times) >= ARTICLES
    assert set(times) == {"1"}
    assert stored_layout(server, filled) == ["2", None]


@pytest.mark.check("T122")
def test_a_migration_that_is_killed_again_and_again_ends_whole(
    filled: Settings, server: Server, measured: Note
) -> None:
    """Two newer instances start at the same time, and both are killed at some moment."""
    names = SiteKeys(filled.key_prefix, SITE.slug)
    before = server.client.zrange(names.articles, 0, -1, withscores=True)
    killed = cut_off = 0
    program = [sys.executable, "-c", MIGRATE, filled.redis_url, filled.key_prefix]
    for number in range(40):
        after = stored_layout(server, filled)[1]
        with ExitStack() as stack:
            for _ in range(2):
                process = subprocess.Popen(program)
                stack.callback(process.wait)
                stack.callback(process.kill)
            # Some pieces further than before.
            wait_until(lambda: stored_layout(server, filled) != ["1", after], 60)  # noqa: B023
            time.sleep(0.2 * (number % 5))
        killed += 2
        layout, after = stored_layout(server, filled)
        if layout == "2":
            break
        cut_off += 1
    times = [int(n) for n in server.client.hvals(stamps(filled.key_prefix, SITE.slug))]
    again = sum(n > 1 for n in times)
    measured(
        f"killed {killed} processes, {cut_off} times in the midst of it; {len(times)} articles "
        f"migrated, {again} of them twice"
    )
    assert cut_off > 1
    assert len(times) == ARTICLES
    assert again <= PIECE * cut_off
    assert server.client.zrange(names.articles, 0, -1, withscores=True) == before
    assert stored_layout(server, filled) == ["2", None]


@pytest.mark.check("T123")
def test_an_older_instance_refuses_what_a_newer_one_has_migrated(
    filled: Settings, tmp_path: Path, measured: Note
) -> None:
    """The newer one does not begin while the older one runs; the older one does not start then."""
    hosts = [replace(filled, data_dir=tmp_path / name) for name in ("host-a", "host-b")]
    alone = {"NEWER_OLDEST": "2"}

    def started(version: str, settings: Settings, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", version, "serve"],
            env=environ(settings, free_port(), **more),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stderr

    with serving(OLDER, hosts[0], free_port()) as url:
        wait_until(lambda: ready(url) == 200)
        code, beside = started(NEWER, hosts[1], **alone)
        assert code == 2
        assert "older version (layout 1) still runs" in beside
        assert ready(url) == 200
    with serving(NEWER, hosts[1], free_port(), **alone) as url:
        assert ready(url) == 200
        code, refused = started(OLDER, hosts[0])
    assert code == 2
    assert refused.startswith("Error: A newer version has migrated the data to layout 2")
    assert refused.count("\n") == 1
    measured("each refused in one line: the newer beside the older, the older after the newer")
