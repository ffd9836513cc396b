"""Strangers guess at a running service; the owner of the account signs in meanwhile."""

import http.client
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Event
from urllib.parse import urlencode, urlsplit

import pytest
import redis

from stats_service.config import Settings
from stats_service.services.container import Services, create_services
from tests.support.admin import PASSWORD, add_account
from tests.support.redis_groups import client_of
from tests.support.server import running_service

Note = Callable[[str], None]

GUESSERS = 16
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """A browser behind an address of its own, as the proxy names it."""

    def __init__(self, url: str, address: str) -> None:
        self._host = urlsplit(url).netloc
        self._address = address
        self._cookies: dict[str, str] = {}
        self._token = ""

    def sign_in(self, name: str, password: str, address: str = "") -> int:
        """Send the form; return the status."""
        if not self._token:
            page = self._ask("GET", "/admin/sign-in", "", "")[1]
            found = _TOKEN.search(page)
            assert found, page[:500]
            self._token = found[1]
        fields = {"name": name, "password": password, "csrf_token": self._token}
        status, _ = self._ask("POST", "/admin/sign-in", urlencode(fields), address)
        return status

    def forget_session(self) -> None:
        """Close the browser: what ends with it is gone, the device's secret stays."""
        self._token = ""
        self._cookies = {k: v for k, v in self._cookies.items() if k == "stats_devices"}

    def _ask(self, method: str, path: str, body: str, address: str) -> tuple[int, str]:
        headers = {
            "User-Agent": FIREFOX,
            "X-Forwarded-For": address or self._address,
            "Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = http.client.HTTPConnection(self._host, timeout=90)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
            for header in answer.headers.get_all("Set-Cookie") or []:
                self._cookies |= {k: v.value for k, v in SimpleCookie(header).items()}
            return answer.status, page
        finally:
            connection.close()


@pytest.fixture
def installed(settings: Settings) -> Settings:
    """Give the settings of a service behind a proxy, as in production."""
    return replace(settings, trusted_proxies=1, redis_timeout=1)


@pytest.fixture
def accounts(installed: Settings) -> Iterator[Services]:
    """Give the services, with the owner's account."""
    services = create_services(installed)
    add_account(services, "lan")
    yield services
    services.close()


@contextmanager
def guessing(url: str, name: str, addresses: Iterator[str]) -> Iterator[Counter[int]]:
    """Guess without a pause, each time from the next address; count the answers."""
    stopped, answers = Event(), Counter[int]()
    browsers = [Browser(url, "192.0.2.1") for _ in range(GUESSERS)]

    def guess(browser: Browser) -> list[int]:
        found = []
        while not stopped.is_set():
            found.append(browser.sign_in(name, "wrong password", next(addresses)))
        return found

    with ThreadPoolExecutor(GUESSERS) as threads:
        running = [threads.submit(guess, browser) for browser in browsers]
        try:
            yield answers
        finally:
            stopped.set()
            for one in running:
                answers.update(one.result())


def invented() -> Iterator[str]:
    """Give addresses without end, each of another network."""
    numbers = itertools.count(1)
    return (f"198.{18 + n // 65536 % 2}.{n // 256 % 256}.{n % 256}" for n in numbers)


@pytest.mark.check("T67", "T12")
@pytest.mark.timeout(180)
def test_a_thousand_guesses_from_one_address_lock_out_nobody_else(
    installed: Settings, accounts: Services, measured: Note
) -> None:
    """Ten a minute are looked at; the owner is let in from elsewhere, on a device that is new."""
    with running_service(installed) as url:
        guesser = Browser(url, "198.51.100.7")
        began = time.monotonic()
        answers = Counter(guesser.sign_in("lan", f"wrong {n}") for n in range(1_000))
        minutes = 1 + (time.monotonic() - began) // 60
        right = guesser.sign_in("lan", PASSWORD)
        elsewhere = Browser(url, "203.0.113.5").sign_in("lan", PASSWORD)

    measured(
        f"1,000 guesses from one address: {dict(answers)}; then the right password there {right}, "
        f"elsewhere {elsewhere}"
    )
    assert answers[403] <= 10 * (1 + minutes)
    assert set(answers) == {403, 429}
    assert elsewhere == 302


@pytest.mark.check("T67", "T81")
@pytest.mark.timeout(180)
def test_guesses_from_everywhere_hold_up_no_known_device(
    installed: Settings, accounts: Services, measured: Note
) -> None:
    """A flood from ever new networks: the known device signs in at once, a new one in its turn."""
    with running_service(installed) as url:
        known = Browser(url, "203.0.113.5")
        assert known.sign_in("lan", PASSWORD) == 302
        with guessing(url, "lan", invented()) as answers:
            waited, statuses = [], Counter[int]()
            for _ in range(8):
                known.forget_session()
                began = time.monotonic()
                statuses[known.sign_in("lan", PASSWORD)] += 1
                waited.append(time.monotonic() - began)
            began = time.monotonic()
            new = Browser(url, "203.0.113.20").sign_in("lan", PASSWORD)
            turn = time.monotonic() - began

    measured(
        f"{sum(answers.values())} guesses from as many networks: {dict(answers)}; the known device "
        f"{dict(statuses)}, slowest {max(waited):.2f} s; a new device {new} after {turn:.1f} s"
    )
    assert statuses == {302: 8}
    assert new == 302
    assert turn < 60, "a proxy gives up"
    assert max(waited) < 5


def used_memory(client: redis.Redis) -> int:
    """Return how many bytes Redis uses."""
    return int(client.info("memory")["used_memory"])


@pytest.mark.check("T68")
@pytest.mark.timeout(180)
def test_a_flood_of_refusals_leaves_a_few_lines(
    installed: Settings, accounts: Services, tmp_path: Path, measured: Note
) -> None:
    """In the log of the installation, in the service's own, and in Redis."""
    client = client_of(installed.redis_url)
    before = len(accounts.accounts.audit.newest("", 200))
    with running_service(installed) as url:
        guesser = Browser(url, "198.51.100.7")
        keys, memory = client.dbsize(), used_memory(client)
        answers = Counter(guesser.sign_in("lan", f"wrong {n}") for n in range(600))
        answers += Counter(guesser.sign_in(f"nobody{n}", "wrong") for n in range(200))
    accounts.accounts.sign_in_record.running(time.time() + 3600)

    entries = accounts.accounts.audit.newest("", 200)
    sums = [entry for entry in entries if entry.what == "account.sign-in-refused"]
    (log,) = tmp_path.glob("gunicorn-*.log")
    lines = [
        json.loads(line)
        for line in log.read_text("utf-8").splitlines()
        if line.startswith("{") and "A sign-in was refused" in line
    ]
    measured(
        f"800 refusals: {dict(answers)}; {len(entries) - before} entries, {len(lines)} log lines, "
        f"{client.dbsize() - keys:+} keys, {(used_memory(client) - memory) / 1e3:+.0f} kB"
    )
    assert len(entries) - before <= 4  # the account and all that are none, in two hours at most
    assert sum(sum(e.after.get(k, 0) for k in ("passwords", "unseen")) for e in sums) == 800
    assert len(lines) < 100
    assert {line["account"] for line in lines} <= {"lan", ""}
    assert "198.51.100.7" not in log.read_text("utf-8")
