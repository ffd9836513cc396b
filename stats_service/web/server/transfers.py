"""Files that people send and fetch: the only requests whose bodies are longer than memory allows.

Everything else is read whole, answered whole, and small. What `is_transfer` names runs in a
thread of its own that waits for the client, part by part, in both directions; there are few such
threads, so that slow clients keep nobody else waiting.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from stats_service.web.server.bridge import WsgiApp, busy, environ_of, header_pairs

#: Files on their way in one worker; the next is refused at once.
TRANSFERS = 3
#: Longest wait for the next part of a file, in either direction, in seconds.
PART_SECONDS = 15.0
#: How long what a client still sends is taken after a refusal, so that it reads the refusal.
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
        """End the threads; what is under way ends when its client is gone."""
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
            self._under_way -= 1  # whoever is refused and goes on sending is in nobody's way
        await exchange.finish()


class _Exchange(io.RawIOBase):
    """One transfer: the request's body as a file, and the answer as it is made."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, receive: Receive, send: SendMessage
    ) -> None:
        self._loop = loop
        self._receive = receive
        self._send = send
        self._part = memoryview(b"")
        self._more = True

    def readable(self) -> bool:
        """Tell that this is read from."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give the next bytes of the body, waiting for them."""
        while self._more and not self._part:
            self._part = memoryview(self._wait(self._next()))
        size = min(len(buffer), len(self._part))
        buffer[:size] = self._part[:size]
        self._part = self._part[size:]
        return size

    def run(self, app: WsgiApp, scope: dict[str, Any]) -> None:
        """Answer with `app`, in a thread of its own."""
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
        """End the answer; a client that still sends is listened to for a moment."""
        deadline = self._loop.time() + LINGER_SECONDS
        while self._more and self._loop.time() < deadline:
            try:
                await asyncio.wait_for(self._next(), deadline - self._loop.time())
            except (TimeoutError, ConnectionError):
                break
        await self._send({"type": "http.response.body", "body": b""})

    async def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        pairs = header_pairs(headers)
        if self._more:  # it was not read to its end, so that nothing can follow it
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
        """Let the event loop do `work`; TimeoutError, an OSError, if the client is too slow."""

        async def bounded() -> T:
            return await asyncio.wait_for(work, PART_SECONDS)

        return asyncio.run_coroutine_threadsafe(bounded(), self._loop).result()
