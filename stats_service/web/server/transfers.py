"""Uploads and downloads: the only requests whose bodies may be too long for memory.

All other requests and responses are small and held in memory. A transfer (`is_transfer`) runs in
its own thread and streams in both directions. The number of these threads is small, and slow
clients delay no other request.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from stats_service.web.server.bridge import WsgiApp, busy, environ_of, header_pairs

#: Transfers under way in one worker; the next is refused at once.
TRANSFERS = 3
#: Longest wait for the next part of a file, in either direction, in seconds.
PART_SECONDS = 15.0
#: Seconds for which a refused upload is still read: a client that is cut off sees no refusal.
LINGER_SECONDS = 3.0

Receive = Callable[[], Awaitable[dict[str, Any]]]
SendMessage = Callable[[dict[str, Any]], Awaitable[None]]
T = TypeVar("T")


class Transfers:
    """Answers transfers with a WSGI application."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(TRANSFERS, "transfer")
        self._under_way = 0

    def stop(self) -> None:
        """End the threads; a transfer under way ends when its client disconnects."""
        self._threads.shutdown(wait=False)

    async def answer(self, scope: dict[str, Any], receive: Receive, send: SendMessage) -> None:
        """Answer the request of an ASGI `scope`."""
        if self._under_way >= TRANSFERS:
            status, headers, body = busy()
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        self._under_way += 1
        loop = asyncio.get_running_loop()
        exchange = _Exchange(loop, receive, send)
        try:
            await loop.run_in_executor(self._threads, exchange.run, self._app, scope)
        finally:
            self._under_way -= 1  # a refused client that keeps sending takes no slot
        await exchange.finish()


class _Exchange(io.RawIOBase):
    """One transfer: the request body as a file, and the response as a stream."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, receive: Receive, send: SendMessage
    ) -> None:
        self._loop = loop
        self._receive = receive
        self._send = send
        self._part = memoryview(b"")
        self._more = True

    def readable(self) -> bool:
        """Return True: the body can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for the next bytes of the body and copy them into `buffer`."""
        while self._more and not self._part:
            self._part = memoryview(self._wait(self._next()))
        size = min(len(buffer), len(self._part))
        buffer[:size] = self._part[:size]
        self._part = self._part[size:]
        return size

    def run(self, app: WsgiApp, scope: dict[str, Any]) -> None:
        """Call `app` in the thread of this transfer."""
        environ = environ_of(scope, b"", whole=True)
        environ["wsgi.input"] = io.BufferedReader(self)
        started: list[tuple[str, list[tuple[str, str]]]] = []
        begun = False

        def start_response(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: object = None,  # noqa: ARG001 - WSGI's signature
        ) -> None:
            started.append((status, headers))

        chunks = app(environ, start_response)
        try:
            for chunk in chunks:
                if not begun:
                    begun = True
                    self._wait(self._start(*started[-1]))
                self._wait(
                    self._send({"type": "http.response.body", "body": chunk, "more_body": True})
                )
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()
        if not begun:
            self._wait(self._start(*started[-1]))

    async def finish(self) -> None:
        """End the response; read for a moment from a client that is still sending."""
        deadline = self._loop.time() + LINGER_SECONDS
        while self._more and self._loop.time() < deadline:
            try:
                await asyncio.wait_for(self._next(), deadline - self._loop.time())
            except (TimeoutError, ConnectionError):
                break
        await self._send({"type": "http.response.body", "body": b""})

    async def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        pairs = header_pairs(headers)
        if self._more:  # the body was not read to its end, so no request can follow
            pairs.append((b"connection", b"close"))
        await self._send(
            {"type": "http.response.start", "status": int(status[:3]), "headers": pairs}
        )

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._more = False
            raise ConnectionError("The client went away.")
        self._more = bool(message.get("more_body"))
        part: bytes = message.get("body", b"")
        return part

    def _wait(self, work: Coroutine[Any, Any, T] | Awaitable[T]) -> T:
        """Run `work` in the event loop; TimeoutError, an OSError, if the client is too slow."""

        async def bounded() -> T:
            return await asyncio.wait_for(work, PART_SECONDS)

        return asyncio.run_coroutine_threadsafe(bounded(), self._loop).result()
