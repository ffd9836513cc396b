"""Redis is stopped, killed, full, read-only, or gone for long; readers go on loading pages."""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from tests.faults.load import Load, percentile, slowest, statuses
from tests.support.clock import FakeClock
from tests.support.processes import service_processes, wait_until
from tests.support.redis_groups import Server
from tests.support.server import running_service
from tests.support.spools import spool_of

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6)
#: The bound for every answer, in seconds.
ANSWER_SECONDS = 0.5
#: What Redis may take to be used again, in seconds.
RECOVERY_SECONDS = 5.0

Note = Callable[[str], None]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give a Redis of the test's own, with an append-only file."""
    server = Server(tmp_path / "redis", "appendonly yes\nappendfsync everysec\nsave ''").start()
    yield server
    server.kill()


@pytest.fixture
def installed(settings: Settings, server: Server) -> Settings:
    """Give the settings of a service on that Redis, as in production."""
    return replace(
        settings,
        redis_url=server.url,
        redis_timeout=0.3,
        site_cache_seconds=5,
        trusted_proxies=1,
        workers=2,
    )


@pytest.fixture
def counted(installed: Settings, server: Server) -> Services:
    """Give the services, with the site registered, to read the numbers."""
    services = create_services(replace(installed, redis_timeout=5))
    services.sites.sites.add(SITE)
    return services


def views(services: Services) -> int:
    """Return what is counted."""
    return services.traffic.views.counts(SITE, time.time()).views.total


def status(url: str) -> tuple[int, float]:
    """Return the status of a GET and how long it took."""
    begin = time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status), time.monotonic() - begin
    except urllib.error.HTTPError as error:
        with error:
            return error.code, time.monotonic() - begin


def settle(services: Services, load: Load) -> int:
    """Bring what is still kept to Redis, as the next start does; return what is counted."""
    wait_until(lambda: not services.traffic.replay.run(time.time()), 30)
    return views(services)


@pytest.mark.check("T38", "T49")
def test_a_stopped_redis_holds_up_nobody(
    installed: Settings, counted: Services, server: Server, measured: Note
) -> None:
    """SIGSTOP for 30 s: connections stay open, and no answer comes."""
    with running_service(installed) as url, Load([url], clients=24, rate=120) as load:
        load.run(3)
        workers = set(service_processes(installed.data_dir))
        before = len(load.sent)
        server.signal(signal.SIGSTOP)
        probes = []
        for _ in range(10):
            load.run(3)
            probes.append((*status(f"{url}/healthz"), *status(f"{url}/readyz")))
        stopped = load.sent[before:]
        server.signal(signal.SIGCONT)
        begin = len(load.sent)
        recovery = load.wait_for(lambda: any(one.status == 200 for one in load.sent[begin:]))
        load.run(2)
        after = set(service_processes(installed.data_dir))
        ready = status(f"{url}/readyz")[0]
    total = settle(counted, load)

    measured(
        f"slowest answer {slowest(stopped):.3f} s, p99 {percentile(stopped, 0.99):.3f} s of "
        f"{len(stopped)}, {statuses(stopped)}; used again after {recovery:.2f} s; probes at most "
        f"{max(max(p[1], p[3]) for p in probes):.3f} s"
    )
    assert slowest(stopped) < ANSWER_SECONDS
    assert set(statuses(stopped)) <= {200, 202}
    assert recovery < RECOVERY_SECONDS
    assert workers == after, "no worker was killed or started anew"
    assert {(live, ready_then) for live, _, ready_then, _ in probes} == {(200, 503)}
    assert max(max(p[1], p[3]) for p in probes) < ANSWER_SECONDS
    assert ready == 200
    assert total == len(load.sent) == sum(one.promised for one in load.sent)


@pytest.mark.check("T37")
def test_a_killed_redis_loses_at_most_a_second(
    installed: Settings, counted: Services, server: Server, measured: Note
) -> None:
    """Kill -9 five times under load; started again at once, as a supervisor does."""
    recoveries = []
    with running_service(installed) as url, Load([url], clients=24, rate=200) as load:
        for _ in range(5):
            load.run(2)
            server.kill()
            begin = time.monotonic()
            server.start()
            at = len(load.sent)
            load.wait_for(lambda at=at: any(one.status == 200 for one in load.sent[at:]))  # type: ignore[misc]
            recoveries.append(time.monotonic() - begin)
        load.run(1)
    total = settle(counted, load)

    promised = sum(one.promised for one in load.sent)
    measured(
        f"{len(load.sent)} views, {statuses(load.sent)}, {promised - total} of {promised} promised "
        f"lost in 5 kills, slowest answer {slowest(load.sent):.3f} s, used again after at most "
        f"{max(recoveries):.2f} s"
    )
    assert 0 <= promised - total <= 5 * 200, "a second of views for each kill, and no double"
    assert slowest(load.sent) < ANSWER_SECONDS
    assert max(recoveries) < RECOVERY_SECONDS


@pytest.mark.check("T39", "T48")
def test_a_long_outage_loses_no_view_and_doubles_none(
    installed: Settings, counted: Services, server: Server, measured: Note
) -> None:
    """Orderly stop of Redis for 30 s under load, the service killed in between, then a storm.

    Ten minutes of time are in tests/services/views/test_replay.py, on an injected clock.
    """
    with ExitStack() as stack:
        url = stack.enter_context(running_service(installed))
        load = stack.enter_context(Load([url], clients=24, rate=150))
        load.run(3)
        server.client.shutdown(nosave=True)
        load.run(12)
        # Half of the service goes too, with kill -9; the other worker goes on.
        processes = service_processes(installed.data_dir)
        os.kill(max(processes), signal.SIGKILL)
        load.run(15)
        waiting = spool_of(counted).waiting()
        size = sum(p.stat().st_size for p in installed.data_dir.glob("spool.sqlite3*"))
        # Ten times the load, as browsers that try again.
        storm = stack.enter_context(Load([url], clients=48, rate=1500))
        storm.run(2)
        server.start()
        at = len(storm.sent)
        before = server.client.info("commandstats")
        recovery = storm.wait_for(lambda: any(one.status == 200 for one in storm.sent[at:]))
        storm.run(3)
        drained = storm.wait_for(lambda: spool_of(counted).waiting() == 0, 60)
        calls = _calls(server.client.info("commandstats")) - _calls(before)
        during = len(storm.sent) + len(load.sent)
    total = settle(counted, load)

    sent = load.sent + storm.sent
    promised = sum(one.promised for one in sent)
    unknown = sum(not one.promised for one in sent)
    attempts = calls / max(1, during)
    measured(
        f"{len(sent)} views, {statuses(sent)}; {waiting} kept ({size / max(1, waiting):.0f} bytes "
        f"each), {promised} promised, {total} counted; used again after {recovery:.2f} s, all "
        f"kept ones counted {drained:.1f} s later; slowest answer {slowest(sent):.3f} s, p99 "
        f"{percentile(sent, 0.99):.3f} s; {attempts:.2f} script calls a view afterwards"
    )
    assert promised <= total <= promised + unknown
    assert recovery < RECOVERY_SECONDS
    assert attempts <= 1.1
    answered = [one for one in load.sent if one.status]
    assert slowest(answered) < ANSWER_SECONDS
    assert unknown <= 60, "what a killed worker had in hand"


def _calls(stats: dict[str, dict[str, float]]) -> int:
    return sum(
        int(value["calls"]) for name, value in stats.items() if name.startswith("cmdstat_eval")
    )


@pytest.mark.check("T40")
def test_a_full_memory_refuses_writes_visibly(
    installed: Settings, counted: Services, server: Server, measured: Note
) -> None:
    """Maxmemory with noeviction: views are kept aside; numbers can still be read; it ends."""
    with running_service(installed) as url, Load([url], clients=16, rate=100) as load:
        load.run(2)
        server.client.config_set("maxmemory", "1mb")
        at = len(load.sent)
        load.run(5)
        full = load.sent[at:]
        read, _ = status(f"{url}/v1/kimson/articles/views?key=/tin/1")
        counts, _ = status(f"{url}/v1/kimson/counts")
        log = "".join(path.read_text() for path in installed.data_dir.glob("gunicorn-*.log"))
        server.client.config_set("maxmemory", "0")
        at = len(load.sent)
        recovery = load.wait_for(lambda: any(one.status == 200 for one in load.sent[at:]))
    total = settle(counted, load)

    measured(
        f"{statuses(full)} while full, slowest {slowest(full):.3f} s; articles {read}, counts "
        f"{counts}; views again after {recovery:.2f} s; {total} of {len(load.sent)} counted"
    )
    assert statuses(full[20:]).keys() == {202}
    assert read == 200
    assert slowest(full) < ANSWER_SECONDS
    assert "Redis does not take views" in log
    assert recovery < RECOVERY_SECONDS
    assert total == sum(one.promised for one in load.sent) == len(load.sent)


@pytest.mark.check("T41")
def test_a_read_only_replica_is_left(
    installed: Settings, counted: Services, server: Server, tmp_path: Path, measured: Note
) -> None:
    """The master becomes somebody's replica for a while, and then a master again."""
    other = Server(tmp_path / "other", "save ''").start()
    try:
        with running_service(installed) as url, Load([url], clients=16, rate=100) as load:
            load.run(2)
            # A replica takes its master's data over: ours must not be gone when it is over.
            server.client.config_set("replica-serve-stale-data", "yes")
            dead = other.port
            other.kill()
            server.client.replicaof("127.0.0.1", dead)
            at = len(load.sent)
            load.run(5)
            readonly = load.sent[at:]
            ready = status(f"{url}/readyz")
            server.client.replicaof("NO", "ONE")
            at = len(load.sent)
            recovery = load.wait_for(lambda: any(one.status == 200 for one in load.sent[at:]))
        total = settle(counted, load)
    finally:
        other.kill()

    measured(
        f"{statuses(readonly)} while read-only, slowest {slowest(readonly):.3f} s, /readyz "
        f"{ready[0]}; views again after {recovery:.2f} s; {total} of {len(load.sent)} counted"
    )
    assert statuses(readonly[20:]).keys() == {202}
    assert slowest(readonly) < ANSWER_SECONDS
    assert recovery < RECOVERY_SECONDS
    assert total == len(load.sent)


@pytest.mark.check("T44")
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk wants root")
def test_a_full_disk_refuses_writes_visibly_and_ends(
    settings: Settings, tmp_path: Path, measured: Note
) -> None:
    """The append-only file on a disk of 6 MB that is filled, and freed again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("this machine mounts nothing")
    server = Server(disk / "redis", "appendonly yes\nappendfsync everysec\nsave ''").start()
    installed = replace(
        settings, redis_url=server.url, redis_timeout=0.3, trusted_proxies=1, site_cache_seconds=5
    )
    services = create_services(replace(installed, redis_timeout=5))
    try:
        services.sites.sites.add(SITE)
        with running_service(installed) as url, Load([url], clients=16, rate=100) as load:
            load.run(2)
            with (disk / "filler").open("wb", buffering=0) as filler:
                try:
                    while True:
                        filler.write(bytes(4096))
                except OSError:
                    pass
            at = len(load.sent)
            load.wait_for(lambda: any(one.status == 202 for one in load.sent[at:]), 60)
            at = len(load.sent)
            load.run(5)
            full = load.sent[at:]
            ready = status(f"{url}/readyz")[0]
            (disk / "filler").unlink()
            at = len(load.sent)
            recovery = load.wait_for(lambda: any(one.status == 200 for one in load.sent[at:]))
        total = settle(services, load)
        server.kill()
        server.start()
        loaded = views(services)
    finally:
        server.kill()
        subprocess.run(["umount", str(disk)], check=False)
        shutil.rmtree(disk, ignore_errors=True)

    measured(
        f"{statuses(full)} while full, slowest {slowest(full):.3f} s, /readyz {ready}; views again "
        f"after {recovery:.2f} s; {total} of {len(load.sent)} counted, {loaded} after kill -9"
    )
    assert statuses(full).keys() == {202}
    assert slowest(full) < ANSWER_SECONDS
    assert recovery < RECOVERY_SECONDS
    assert total == len(load.sent)
    assert total - loaded <= 100


@pytest.mark.check("T45")
def test_a_truncated_file_is_read_as_far_as_it_goes(
    settings: Settings, tmp_path: Path, clock: FakeClock, measured: Note
) -> None:
    """As after a power cut in the middle of a write: it boots, and lacks the last commands."""
    from stats_service.embedded_redis.server import EmbeddedRedis
    from tests.support.redis_groups import client_of

    with EmbeddedRedis(tmp_path / "data") as server:
        client = client_of(server.url)
        for number in range(1000):
            client.set(f"key{number}", number)
    (file,) = (tmp_path / "data" / "redis" / "appendonlydir").glob("*.incr.aof")
    with file.open("r+b") as raw:
        raw.truncate(file.stat().st_size - 20)

    begin = time.monotonic()
    with EmbeddedRedis(tmp_path / "data") as server:
        seconds = time.monotonic() - begin
        kept = client_of(server.url).dbsize()

    measured(f"{kept} of 1000 writes read from a truncated file, in {seconds:.1f} s")
    assert kept == 999


@pytest.mark.check("T73")
def test_an_emptied_redis_is_noticed_and_loses_no_view_that_was_kept(
    installed: Settings, counted: Services, server: Server, measured: Note
) -> None:
    """FLUSHALL under load, and what it held brought back ten seconds later."""
    raw = redis.Redis.from_url(server.url)
    with running_service(installed) as url, Load([url], clients=16, rate=100) as load:
        load.run(4)
        names = list(raw.scan_iter())
        with raw.pipeline() as pipe:  # in one step: no view is counted between copy and loss
            for name in names:
                pipe.dump(name)
            pipe.flushall()
            held = dict(zip(names, pipe.execute()[:-1], strict=True))
        begin, at = time.monotonic(), len(load.sent)
        load.wait_for(lambda: status(f"{url}/readyz")[0] == 503, 10)
        noticed = time.monotonic() - begin
        load.run(6)
        emptied = load.sent[at:]
        copies = list((installed.data_dir / "sites").glob("*.json"))
        log = "".join(path.read_text() for path in installed.data_dir.glob("gunicorn-*.log"))
        with raw.pipeline() as pipe:  # as a server that reads its file is there with all of it
            pipe.flushall()
            for name, value in held.items():
                pipe.restore(name, 0, value)  # type: ignore[arg-type]
            pipe.execute()
        at = len(load.sent)
        recovery = load.wait_for(lambda: any(one.status == 200 for one in load.sent[at:]))
    total = settle(counted, load)

    measured(
        f"noticed after {noticed:.2f} s; {statuses(emptied)} while empty, slowest "
        f"{slowest(emptied):.3f} s; views again after {recovery:.2f} s; {total} of "
        f"{len(load.sent)} counted"
    )
    assert statuses(emptied).keys() == {202}
    assert noticed < 5
    assert len(copies) == 1
    assert log.count("Redis has lost the data") == 1
    assert total == len(load.sent) == sum(one.promised for one in load.sent)
