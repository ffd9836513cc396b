"""Readers who load pages all the time, and what each of them was answered."""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.support.pages import BROWSER, ORIGIN

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Sent:
    """One page view and its answer."""

    hit: str
    #: 0: no answer.
    status: int
    #: Seconds until the answer, and the moment of sending (`time.monotonic`).
    seconds: float
    at: float
    reason: str = ""

    @property
    def promised(self) -> bool:
        """Whether the reader was told that the view counts, now or later."""
        return self.status in (200, 202)


class Load:
    """Readers, each with a connection of its own, who load a page again and again.

    Args:
        urls: where they connect, in turn.
        clients: how many they are.
        rate: page views a second, all together; bounded by what the service takes.
        slug: the site.
        resend: whether a view without an answer, or with a 5xx, is sent once more, as the
            script in the page does.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        clients: int = 16,
        rate: float = 100,
        slug: str = "kimson",
        resend: bool = False,
    ) -> None:
        self._urls = urls
        self._slug = slug
        self._resend = resend
        self._pause = clients / rate
        self._stop = threading.Event()
        self._run = next(_numbers)
        self._sent: list[Sent] = []
        self._threads = [
            threading.Thread(target=self._client, args=(number,), daemon=True)
            for number in range(clients)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    @property
    def sent(self) -> list[Sent]:
        """What was sent and answered so far."""
        return list(self._sent)

    def run(self, seconds: float) -> None:
        """Let the readers go on for a while; a fault test lasts as long as its fault."""
        self._stop.wait(seconds)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 30) -> float:
        """Wait until `condition` holds; return how long that took."""
        begin = time.monotonic()
        while not condition():
            assert time.monotonic() - begin < seconds, "waited in vain"
            self._stop.wait(0.02)
        return time.monotonic() - begin

    def resend(self, one: Sent) -> Sent:
        """Send a view again, as the script in the page does; give the new answer."""
        number = int(one.hit.split("-")[2])
        netloc = urlsplit(self._urls[number % len(self._urls)]).netloc
        connection = http.client.HTTPConnection(netloc, timeout=10)
        try:
            return self._send(connection, one.hit, number)
        finally:
            connection.close()

    def _client(self, number: int) -> None:
        netloc = urlsplit(self._urls[number % len(self._urls)]).netloc
        connection = http.client.HTTPConnection(netloc, timeout=10)
        self._stop.wait(self._pause * number / len(self._threads))
        for count in itertools.count():
            if self._stop.is_set():
                break
            begin = time.monotonic()
            hit = f"load-{self._run:04d}-{number:04d}-{count:08d}"
            sent = self._send(connection, hit, number)
            if self._resend and not sent.promised:
                connection.close()
                again = self._send(connection, hit, number)
                sent = Sent(hit, again.status, sent.seconds + again.seconds, sent.at, sent.reason)
            self._sent.append(sent)
            self._stop.wait(max(0.0, self._pause - (time.monotonic() - begin)))
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, hit: str, number: int) -> Sent:
        body = json.dumps({"hit": hit, "article": f"/tin/{number % 7}"}).encode()
        headers = {
            "User-Agent": BROWSER,
            "Origin": ORIGIN,
            "X-Forwarded-For": f"198.18.{number // 250}.{number % 250}",
        }
        at = time.monotonic()
        try:
            connection.request("POST", f"/v1/{self._slug}/page", body, headers)
            response = connection.getresponse()
            response.read()
            return Sent(hit, response.status, time.monotonic() - at, at)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Sent(hit, 0, time.monotonic() - at, at, type(error).__name__)


def slowest(sent: Sequence[Sent]) -> float:
    """Return the longest time to an answer, in seconds."""
    return max((one.seconds for one in sent), default=0.0)


def percentile(sent: Sequence[Sent], share: float) -> float:
    """Return the time within which this share was answered, in seconds."""
    times = sorted(one.seconds for one in sent)
    return times[min(len(times) - 1, int(share * len(times)))]


def statuses(sent: Sequence[Sent]) -> dict[int, int]:
    """Return how often each status came."""
    found: dict[int, int] = {}
    for one in sent:
        found[one.status] = found.get(one.status, 0) + 1
    return dict(sorted(found.items()))
