"""Readers in a process of their own, so that what is measured is the service.

python -m tests.faults.reader URL RATE CONNECTIONS SECONDS SLUG first|last|""

One view is sent every 1/RATE seconds on a connection that is idle, whether or not those before it
are answered. `first` asks the machine for precedence over everything else, so that a reader who
measures is never late; `last` takes only the processor time that nobody else wants, so that a
flood is not in the way by its own work. It says `begin` when it is connected, and at the end one
line of JSON: every view.
"""

import collections
import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO
from urllib.parse import urlsplit

from tests.faults.load import Sent
from tests.support.hosts import LOCAL, Host
from tests.support.pages import BROWSER, ORIGIN

#: Longest wait for the answers that are owed at the end, in seconds.
OWED_SECONDS = 5.0


@dataclass
class _Connection:
    socket: socket.socket
    sent: float = 0.0
    hit: str = ""
    read: bytes = b""


def read_pages(url: str, rate: float, connections: int, seconds: float, slug: str) -> list[Sent]:
    """Load pages at a steady rate; return every view and its answer."""
    place = urlsplit(url)
    selector = selectors.DefaultSelector()
    idle: collections.deque[_Connection] = collections.deque()
    for _ in range(connections):
        one = socket.create_connection((place.hostname, place.port), 10)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        idle.append(_Connection(one))
        selector.register(one, selectors.EVENT_READ, idle[-1])
    print("begin", flush=True)  # noqa: T201
    done: list[Sent] = []
    busy = number = 0
    begin = time.monotonic()
    while (now := time.monotonic()) < begin + seconds or busy:
        sending = now < begin + seconds
        if now > begin + seconds + OWED_SECONDS:
            break
        while sending and idle and begin + number / rate <= now:
            connection = idle.popleft()
            connection.hit = f"reader-{os.getpid()}-{number:09d}"
            connection.read, connection.sent = b"", time.monotonic()
            connection.socket.sendall(_request(slug, connection.hit, number))
            busy, number = busy + 1, number + 1
        due = begin + number / rate - time.monotonic() if sending and idle else 1.0
        for key, _ in selector.select(min(1.0, max(0.0, due))):
            connection = key.data
            data = connection.socket.recv(65536)
            connection.read += data
            status = _status(connection.read)
            if data and not status:
                continue
            took = time.monotonic() - connection.sent
            if connection.hit:
                done.append(Sent(connection.hit, status, took, connection.sent - begin))
                busy -= 1
            connection.hit = ""
            if data:
                idle.append(connection)
            else:
                selector.unregister(connection.socket)
    return done


def _request(slug: str, hit: str, number: int) -> bytes:
    body = json.dumps({"hit": hit, "article": f"/tin/{number % 7}"})
    return (
        f"POST /v1/{slug}/page HTTP/1.1\r\nHost: x\r\nUser-Agent: {BROWSER}\r\nOrigin: {ORIGIN}\r\n"
        f"X-Forwarded-For: 198.18.{number // 250 % 250}.{number % 250}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _status(read: bytes) -> int:
    """Return the status of an answer that is complete, else 0."""
    head, parted, body = read.partition(b"\r\n\r\n")
    if not parted:
        return 0
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    return int(head[9:12]) if len(body) >= length else 0


class Reader:
    """A process that runs `read_pages`; made, it is connected."""

    def __init__(
        self,
        url: str,
        *,
        rate: float,
        connections: int,
        seconds: float,
        slug: str = "kimson",
        rank: str = "",
        host: Host = LOCAL,
    ) -> None:
        arguments = [url, str(rate), str(connections), str(seconds), slug, rank]
        self._process: subprocess.Popen[str] = subprocess.Popen(
            [*host.prefix, sys.executable, "-m", "tests.faults.reader", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        output: IO[str] | None = self._process.stdout
        assert output
        self._output = output
        assert output.readline() == "begin\n"

    def result(self) -> list[Sent]:
        """Wait for its end; return what it sent."""
        with self._output as output:
            rows = json.loads(output.read())
        self._process.wait(10)
        return [Sent(*row) for row in rows]


def _main(url: str, rate: str, connections: str, seconds: str, slug: str, rank: str) -> None:
    if rank == "first":
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
    elif rank == "last":
        os.nice(19)
    sent = read_pages(url, float(rate), int(connections), float(seconds), slug)
    print(json.dumps([(s.hit, s.status, s.seconds, s.at) for s in sent]))  # noqa: T201


if __name__ == "__main__":
    _main(*sys.argv[1:])
