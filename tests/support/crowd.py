"""A crowd: many clients at once, each with a connection of its own."""

import http.client
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
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        try:
            connection.connect()
            together.wait(60)
            while True:
                request = queue.get_nowait()
                connection.request("POST", request.path, request.body, request.headers)
                response = connection.getresponse()
                headers = {name.lower(): value for name, value in response.getheaders()}
                answers.put(Answer(response.status, headers, response.read()))
        except Empty:
            pass
        except BaseException as error:  # noqa: BLE001 - handed over to the test's own thread
            answers.put(error)
        finally:
            connection.close()

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
