"""An installation moves between servers of every kind, under load, and is killed on the way."""

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.store.keys import SiteKeys
from tests.faults.load import Load
from tests.services.portability.test_moves import everything
from tests.support.clock import FakeClock
from tests.support.filled import fill, fill_votes
from tests.support.pages import BROWSER, ORIGIN
from tests.support.processes import wait_until
from tests.support.redis_groups import ClusterGroup, SentinelGroup, Server, client_of
from tests.support.server import running_service
from tests.support.votes import make_poll, new_ballot

SITE = Site(
    slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6, poll=""
)
#: Articles of the installation that is killed while it moves.
ARTICLES = 10_000

Note = Callable[[str], None]


def environ(settings: Settings) -> dict[str, str]:
    """Return the environment of a command of this installation."""
    return os.environ | {
        "STATS_SECRET": settings.secret,
        "STATS_DATA_DIR": str(settings.data_dir),
        "REDIS_URL": settings.redis_url,
        "STATS_KEY_PREFIX": settings.key_prefix,
    }


def command(*words: str) -> list[str]:
    """Return a command of the service."""
    return [sys.executable, "-m", "stats_service", *words]


class Voters:
    """Readers who vote, rate and open documents all the time, until they are stopped."""

    def __init__(self, url: str, services: Services) -> None:
        self._netloc = urlsplit(url).netloc
        self._services = services
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(4)]
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self.ballots = self.ratings = self.clicks = self.unknown_clicks = 0
        self.statuses: dict[int, int] = {}
        self.refusals: set[str] = set()

    def __enter__(self) -> "Voters":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, number: int) -> None:
        while not self._stop.wait(0.05):
            voter = self._services.polls.voters.issue("kimson", time.time() - 60)
            body = {"ballot": new_ballot(), "choices": ["abc"[number % 3]], "voter": voter}
            thanked = self._send("polls/muc-quan-tam/ballots", body) == 200
            rating = {"article": "/tin/1", "score": 1 + number % 5, "voter": voter}
            rated = self._send("ratings", rating) == 200
            document = f"/van-ban/{id(self)}.pdf"
            click = {"kind": "document", "name": document, "hit": new_ballot()}
            counted = self._send("clicks", click) == 200
            with self._lock:
                self.ballots += thanked
                self.ratings += rated
                self.clicks += counted
                self.unknown_clicks += not counted

    def _send(self, path: str, body: dict[str, object]) -> int:
        number = next(self._numbers)
        headers = {
            "User-Agent": BROWSER,
            "Origin": ORIGIN,
            "X-Forwarded-For": f"{30 + number % 97}.{number // 250}.7.{number % 250}",
        }
        connection = http.client.HTTPConnection(self._netloc, timeout=10)
        status, text = 0, b""
        try:
            connection.request("POST", f"/v1/kimson/{path}", json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        with self._lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status not in (0, 200, 503):
                self.refusals.add(text.decode()[:300])
        return status


@pytest.mark.check("T108")
def test_what_was_acknowledged_is_on_the_new_server(
    settings: Settings, tmp_path: Path, measured: Note
) -> None:
    """From the embedded server to a cluster, while readers load pages, vote, rate and click."""
    with EmbeddedRedis(tmp_path / "old") as old, ClusterGroup(tmp_path / "new") as new:
        usual = {"redis_timeout": 0.3, "site_cache_seconds": 5, "trusted_proxies": 1, "workers": 2}
        before = replace(settings, redis_url=old.url, **usual)  # type: ignore[arg-type]
        services = create_services(replace(before, redis_timeout=5))
        services.operations.installation.claim()
        services.sites.sites.add(SITE)
        make_poll(services, protection=Protection(wait=0, share=0))
        with (
            running_service(before) as url,
            Load([url], clients=8, rate=60) as load,
            ExitStack() as stack,
        ):
            # An article that nobody has read cannot be rated.
            load.wait_for(lambda: len(load.sent) > 200)
            voters = stack.enter_context(Voters(url, services))
            load.run(3)
            begun = time.monotonic()
            told = subprocess.run(
                command("move", "--to", new.url),
                env=environ(before),
                capture_output=True,
                text=True,
                check=False,
            )
            took = time.monotonic() - begun
            assert told.returncode == 0, told.stderr
            load.run(3)
        services.close()
        after = replace(before, redis_url=new.url)
        with running_service(after) as url, Voters(url, create_services(after)) as later:
            wait_until(lambda: later.ballots > 5)
        moved = create_services(replace(after, redis_timeout=5))
        wait_until(lambda: not moved.traffic.replay.run(time.time()), 30)
        counted = moved.traffic.views.counts(SITE, time.time()).views.total
        report = moved.polls.integrity.report("kimson", "muc-quan-tam", "UTC", time.time())
        raw = client_of(new.url)
        ratings = raw.hget(SiteKeys(settings.key_prefix, "kimson").ratings, "/tin/1")
        rated = sum(map(int, str(ratings).split(",")))
        documents = raw.hvals(SiteKeys(settings.key_prefix, "kimson").clicks("document"))
        moved.close()
    promised = sum(one.promised for one in load.sent)
    unknown = sum(one.status == 0 for one in load.sent)
    measured(
        f"{promised} views, {voters.ballots + later.ballots} ballots, "
        f"{voters.ratings + later.ratings} ratings and {voters.clicks + later.clicks} clicks "
        "acknowledged, all there; the command took "
        f"{took:.1f} s; answers to voters {voters.statuses}"
    )
    assert promised <= counted <= promised + unknown
    assert report.faults == ()
    assert report.ballots == report.voters == voters.ballots + later.ballots
    assert rated == voters.ratings + later.ratings
    clicks, unknown = (
        voters.clicks + later.clicks,
        voters.unknown_clicks + later.unknown_clicks,
    )
    assert clicks <= sum(map(int, documents)) <= clicks + unknown
    assert voters.refusals == set()


@pytest.fixture
def filled(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Give the settings of an installation on a server of its own, with much in it."""
    server = Server(tmp_path / "old", "save ''").start()
    settings = replace(settings, redis_url=server.url)
    clock = FakeClock(time.time())
    services = create_services(settings, clock)
    services.operations.installation.claim()
    site = services.sites.sites.add(SITE)
    fill(services, clock, site, days=1)
    services.close()
    keys = SiteKeys(settings.key_prefix, "kimson")
    fill_votes(server.client, keys)
    for first in range(0, ARTICLES, 1000):
        names = {f"/tin/{n}": n for n in range(first, first + 1000)}
        server.client.zadd(keys.articles, names)
        for number in range(first, first + 1000, 20):
            server.client.sadd(keys.raters(f"/tin/{number}"), f"{number:08d}")
    yield settings
    server.kill()


@pytest.mark.check("T109")
@pytest.mark.parametrize("kind", ["single", "sentinel", "cluster", "embedded"])
def test_a_move_that_is_killed_again_and_again_ends_whole(
    filled: Settings, tmp_path: Path, measured: Note, kind: str
) -> None:
    """SIGKILL at growing times; repeated until it ends by itself. Every key is compared."""
    before = everything(filled.redis_url, filled.key_prefix)
    with ExitStack() as stack:
        to = "embedded"
        if kind == "single":
            server = Server(tmp_path / "new", "save ''").start()
            stack.callback(server.kill)
            to = server.url
        elif kind != "embedded":
            make = SentinelGroup if kind == "sentinel" else ClusterGroup
            to = stack.enter_context(make(tmp_path / "new")).url
        killed = 0
        for number in range(100):
            process = subprocess.Popen(
                command("move", "--to", to),
                env=environ(filled),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            try:
                _, error = process.communicate(timeout=0.25 + 0.1 * number)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                killed += 1
                continue
            # It was killed just after its last step.
            assert process.returncode == 0 or b"have moved to" in error, error
            break
        if to == "embedded":
            to = stack.enter_context(EmbeddedRedis(filled.data_dir)).url
        after = everything(to, filled.key_prefix)
        new = create_services(replace(filled, redis_url=to))
        new.operations.installation.claim()
        assert list(new.operations.installation.findings()) == []
        new.close()
    measured(f"{kind}: killed {killed} times; {len(before):,} keys are alike")
    assert killed
    assert after == before
