"""A crowd: many clients at once, each with a connection of its own.

Plain sockets: the standard library's HTTP client takes more of the two cores than the service.
"""

import socket
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One POST."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, headers by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes


def send_all(urls: Sequence[str], requests: Iterable[Request], clients: int) -> list[Answer]:
    """Send every request once, `clients` at a time, client n to the n-th of `urls` in turn."""
    queue: SimpleQueue[Request] = SimpleQueue()
    for request in requests:
        queue.put(request)
    answers: SimpleQueue[Answer | BaseException] = SimpleQueue()
    together = threading.Barrier(clients)

    def client(url: str) -> None:
        address = urlsplit(url)
        try:
            with socket.create_connection((address.hostname or "", address.port or 80), 60) as sock:
                together.wait(60)
                while True:
                    sock.sendall(_bytes_of(queue.get_nowait(), address.netloc))
                    answers.put(_read_answer(sock))
        except Empty:
            pass
        except BaseException as error:  # noqa: BLE001 - handed over to the test's own thread
            answers.put(error)

    threads = [
        threading.Thread(target=client, args=(urls[number % len(urls)],))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results = []
    while not answers.empty():
        answer = answers.get()
        if isinstance(answer, BaseException):
            raise answer
        results.append(answer)
    return results


def _bytes_of(request: Request, host: str) -> bytes:
    lines = [f"POST {request.path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines += [f"Content-Length: {len(request.body)}", "", ""]
    return "\r\n".join(lines).encode() + request.body


def _read_answer(sock: socket.socket) -> Answer:
    received = _receive(sock)
    while b"\r\n\r\n" not in received:
        received += _receive(sock)
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    while len(body) < int(headers["content-length"]):
        body += _receive(sock)
    return Answer(int(status.split(" ")[1]), headers, body)


def _receive(sock: socket.socket) -> bytes:
    received = sock.recv(65536)
    if not received:
        raise ConnectionError("the service closed the connection in the middle of an answer")
    return received
