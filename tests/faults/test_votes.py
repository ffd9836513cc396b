"""Voters while Redis stops or workers die: whoever is thanked is counted, once, and soon."""

import http.client
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stats_service.config import Settings
from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from tests.support.pages import BROWSER, ORIGIN
from tests.support.processes import service_processes, wait_until
from tests.support.redis_groups import Server
from tests.support.server import running_service
from tests.support.votes import make_poll, new_ballot

VOTERS, CLIENTS = 3_000, 16
#: The bound for every answer, in seconds.
ANSWER_SECONDS = 0.5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give a Redis of the test's own, with an append-only file."""
    server = Server(tmp_path / "redis", "appendonly yes\nappendfsync everysec\nsave ''").start()
    yield server
    server.kill()


class Voters:
    """Readers who vote, and send the same ballot again until they are thanked."""

    def __init__(self, url: str, services: Services) -> None:
        now = services.clock.now()
        self._netloc = urlsplit(url).netloc
        self._tokens = [services.polls.voters.issue("kimson", now - 60) for _ in range(VOTERS)]
        self.statuses: dict[int, int] = {}
        self.slowest = 0.0
        self.thanked = 0

    def vote(self, client: int) -> None:
        """Let every `CLIENTS`-th of them vote."""
        for number in range(client, VOTERS, CLIENTS):
            body = {"ballot": new_ballot(), "choices": ["abc"[number % 3]]}
            text = json.dumps(body | {"voter": self._tokens[number]})
            while self._send(text, number) != 200:
                time.sleep(0.1)  # as a reader who presses the button again
            self.thanked += 1

    def _send(self, text: str, number: int) -> int:
        headers = {
            "User-Agent": BROWSER,
            "Origin": ORIGIN,
            # Of many providers: a crowd of one /16 alone would be held.
            "X-Forwarded-For": f"{30 + number % 97}.{number // 250}.7.{number % 250}",
        }
        begin, status = time.monotonic(), 0
        connection = http.client.HTTPConnection(self._netloc, timeout=10)
        try:
            connection.request("POST", "/v1/kimson/polls/muc-quan-tam/ballots", text, headers)
            response = connection.getresponse()
            assert response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        self.slowest = max(self.slowest, time.monotonic() - begin)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return status


@pytest.mark.check("T25")
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("stopped", marks=pytest.mark.check("T38", "T39")),
        pytest.param("killed workers", marks=pytest.mark.check("T46")),
    ],
)
def test_whoever_is_thanked_is_counted_once(
    settings: Settings, server: Server, measured: Callable[[str], None], fault: str
) -> None:
    """Redis stands still three times for a second, or a worker is killed ten times."""
    installed = replace(
        settings, redis_url=server.url, redis_timeout=0.3, trusted_proxies=1, workers=2
    )
    services = create_services(replace(installed, redis_timeout=5))
    services.sites.sites.add(Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",)))
    make_poll(services, protection=Protection(wait=0))

    with running_service(installed) as url, ThreadPoolExecutor(CLIENTS) as threads:
        # A worker that starts while Redis stands still answers when it has started.
        wait_until(lambda: _started(installed.data_dir) == installed.workers)
        voters = Voters(url, services)
        done = [threads.submit(voters.vote, client) for client in range(CLIENTS)]
        rounds = 3 if fault == "stopped" else 10
        for number in range(rounds):
            # Under load: some were thanked since the last fault, and others still come.
            wait_until(lambda wanted=VOTERS * number // (2 * rounds): voters.thanked > wanted, 60)  # type: ignore[misc]
            if fault == "stopped":
                server.signal(signal.SIGSTOP)
                time.sleep(1)  # the fault itself
                server.signal(signal.SIGCONT)
            else:
                os.kill(max(service_processes(installed.data_dir)), signal.SIGKILL)
        for one in done:
            one.result(60)

    report = services.polls.integrity.report("kimson", "muc-quan-tam", "UTC", services.clock.now())
    measured(f"{fault}: {voters.statuses}, slowest {voters.slowest:.3f} s, {report.ballots} votes")
    assert report.faults == ()
    assert (report.ballots, report.voters) == (VOTERS, VOTERS)
    assert voters.statuses[200] == voters.thanked == VOTERS
    assert set(voters.statuses) <= ({200, 503} if fault == "stopped" else {200, 0})
    assert voters.slowest < (ANSWER_SECONDS if fault == "stopped" else 10)


def _started(folder: Path) -> int:
    """Return how many workers have started."""
    (log,) = folder.glob("gunicorn-*.log")
    return log.read_text().count("Application startup complete")
