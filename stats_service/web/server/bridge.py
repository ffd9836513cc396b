"""Flask behind an event loop: a WSGI application called in a few threads.

Simpler than the general adapters: bodies are small and read before the call, and no response
streams, so neither direction needs a queue between loop and thread. Uploads and downloads are
in `web.server.transfers`.
"""

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from stats_service.errors import BusyError
from stats_service.services.accounts.passwords import AT_A_TIME
from stats_service.web.http.problems import problem_headers, problem_of
from stats_service.web.http.sign_ins import is_strangers

#: Requests handled at the same time; they spend most of their time waiting for Redis.
THREADS = 8
#: Requests that wait for a thread; the next is refused at once.
WAITING_MAX = 512
#: The same for sign-ins from unknown browsers. They wait for password hashing, so without a pool
#: of their own a flood of guesses would take every thread and every place in the queue. One thread
#: more than may wait for the hashing would refuse at once whoever comes next, guessers and the
#: owner with a new browser alike; in the queue everybody's turn comes.
STRANGERS_THREADS = AT_A_TIME
STRANGERS_WAITING_MAX = 64

#: Status, headers, body.
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WsgiBridge:
    """Answers requests with a WSGI application."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        self._threads = _Threads(THREADS, WAITING_MAX, "flask")
        self._strangers = _Threads(STRANGERS_THREADS, STRANGERS_WAITING_MAX, "sign-in")

    async def stop(self) -> None:
        """End the threads after their last response, which may itself wait for the loop."""
        await asyncio.gather(self._threads.stop(), self._strangers.stop())

    async def answer(self, scope: dict[str, Any], body: bytes, *, whole: bool) -> Answer:
        """Answer the request of an ASGI `scope`.

        Args:
            scope: Of type `http`.
            body: The part of the request body that was read.
            whole: Whether `body` is complete. If not, the body is longer than any route accepts,
                and the application refuses it because of its declared length.
        """
        strange = is_strangers(scope["method"], scope["path"], scope["headers"])
        threads = self._strangers if strange else self._threads
        return await threads.run(lambda: self._call(environ_of(scope, body, whole=whole)))

    def _call(self, environ: dict[str, Any]) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: object = None,  # noqa: ARG001 - WSGI's signature
        ) -> None:
            started.append((status, headers))

        chunks = self._app(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()
        status, headers = started[-1]
        return int(status[:3]), header_pairs(headers), body


class _Threads:
    """A thread pool for requests of one kind, with a bounded queue."""

    def __init__(self, threads: int, waiting_max: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(threads, name)
        self._most = threads + waiting_max
        self._under_way = 0

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """Return the response of `work`, or a 503 if the queue is full."""
        if self._under_way >= self._most:
            return busy()
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1

    async def stop(self) -> None:
        """End the threads after their last response."""
        await asyncio.to_thread(self._threads.shutdown)


def environ_of(scope: dict[str, Any], body: bytes, *, whole: bool) -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    declared = "" if whole else str(len(body))
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 80),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in joined_headers(scope["headers"]).items():
        key = name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        if key == "CONTENT_LENGTH":
            declared = declared and text
        elif key == "CONTENT_TYPE":
            environ[key] = text
        elif key != "TRANSFER_ENCODING":  # the body's length is known by now
            environ[f"HTTP_{key}"] = text
    environ["CONTENT_LENGTH"] = declared or str(len(body))
    return environ


def joined_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by lower-case name; repeated headers are joined as in RFC 9110.

    A name with an underscore is dropped: in a WSGI environment `X_Forwarded_For` could not be
    told from `X-Forwarded-For`, which only a proxy sets.
    """
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in joined:
            joined[name] += (b"; " if name == b"cookie" else b",") + value
        elif b"_" not in name:
            joined[name] = value
    return joined


def header_pairs(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Convert WSGI headers to ASGI headers."""
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
        if name != "Date"  # the server adds it
    ]


def busy() -> Answer:
    """Return the response for a full queue."""
    error = BusyError("Too many requests wait. Nothing was stored; try again shortly.")
    body = msgspec.json.encode(problem_of(error))
    pairs = header_pairs(problem_headers(error))
    return error.status, [*pairs, (b"content-length", b"%d" % len(body))], body
