"""Kiosks while workers die: each ballot is tapped until it is thanked, and counts once."""

import http.client
import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import pytest

from stats_service.config import Settings
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from tests.support.pages import BROWSER
from tests.support.processes import service_processes
from tests.support.server import running_service
from tests.support.votes import make_poll

POLL = "muc-quan-tam"
VOTERS, TAPS = 12, 4


class Tablet:
    """A device on which each voter taps several times at once, until one answer comes."""

    def __init__(self, url: str, services: Services, name: str) -> None:
        self._netloc = urlsplit(url).netloc
        now = services.clock.now()
        poll = services.polls.polls.get("kimson", POLL)
        secret = services.polls.kiosks.make_link("kimson", name, poll, Author("lan", now))
        _, token = services.polls.kiosks.enrol("kimson", secret, now)
        self._cookie = f"kiosk-kimson={token}"
        self.statuses: dict[int, int] = {}

    def serve(self, choices: str) -> None:
        """Let one voter after the other vote."""
        with ThreadPoolExecutor(TAPS) as fingers:
            for choice in choices:
                page = ""
                while not page:
                    _, page = self._send("GET", "")
                fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
                body = urlencode(fields | {"choice": choice})
                while 200 not in list(fingers.map(lambda _: self._tap(body), range(TAPS))):  # noqa: B023 - they are done before the next
                    time.sleep(0.2)

    def _tap(self, body: str) -> int:
        status, _ = self._send("POST", body)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return status

    def _send(self, method: str, body: str) -> tuple[int, str]:
        headers = {
            "User-Agent": BROWSER,
            "Origin": f"http://{self._netloc}",
            "Cookie": self._cookie,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = http.client.HTTPConnection(self._netloc, timeout=10)
        try:
            connection.request(method, f"/v1/kimson/k/{POLL}?lang=vi", body, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()


@pytest.mark.check("T105")
def test_each_voter_of_two_kiosks_counts_once(
    settings: Settings, measured: Callable[[str], None]
) -> None:
    """Two workers, of which one is killed three times; the pause is a real second."""
    services = create_services(settings)
    services.sites.sites.add(Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",)))
    make_poll(services, kiosk_pause=1)
    choices = "abc" * (VOTERS // 3)

    installed = replace(settings, workers=2)
    with running_service(installed) as url, ThreadPoolExecutor(2) as threads:
        tablets = [Tablet(url, services, f"Một cửa {n}") for n in (1, 2)]
        done = [threads.submit(tablet.serve, choices) for tablet in tablets]
        for _ in range(3):
            time.sleep(2)
            os.kill(max(service_processes(installed.data_dir)), signal.SIGKILL)
        for one in done:
            one.result(120)

    report = services.polls.integrity.report("kimson", POLL, "UTC", services.clock.now())
    tally = services.polls.polls.tally("kimson", POLL)
    services.close()
    measured(f"{[tablet.statuses for tablet in tablets]}, {report.ballots} ballots")
    assert report.faults == ()
    assert (report.ballots, report.voters) == (2 * VOTERS, 2 * VOTERS)
    assert tally.votes == dict.fromkeys("abc", 2 * VOTERS // 3)
    assert [row.counted for row in report.kiosks] == [VOTERS, VOTERS]
    assert set(tablets[0].statuses) <= {0, 200, 429}
