"""uvicorn's HTTP protocol with limits added.

httptools (llhttp) parses every byte and refuses ambiguous requests: bare line feeds, Content-Length
with Transfer-Encoding, two lengths, folded headers. It bounds neither the number nor the size of
headers, accepts any number of Host headers, and waits without end for an unfinished request or
for a client that does not read its responses. This module adds those limits. It does not parse
raw bytes itself.
"""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Any
from weakref import WeakSet

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from stats_service.web.http.transfer_paths import is_upload

#: Longest request line and headers together, in bytes. `articles/views` names up to 100
#: articles in its query.
HEAD_MAX_BYTES = 24 * 1024
HEADERS_MAX = 100
#: Longest request in bytes, including body, chunk sizes and trailers. A body that a route refuses
#: because of its length is read and discarded up to this limit.
MESSAGE_MAX_BYTES = 2 * 1024 * 1024
#: Longest time from the first byte of a request to the last, in seconds; for an upload, the longest
#: time between two parts. The application limits the size of an upload.
REQUEST_SECONDS = 15.0
#: Pipelined requests that may wait on one connection, 2.5 KB each.
PIPELINE_MAX = 32
#: A client that reads nothing for this many seconds is dropped. Checked against uvicorn's write
#: buffer, because the kernel takes the first 48 KB whether they are read or not.
READING_SECONDS = 30.0
#: Seconds between two checks of all connections, and the number checked without a pause: one batch
#: takes half a millisecond, during which the process serves no request.
SWEEP_SECONDS = 1.0
SWEEP_MAX = 500

_sweeping: WeakSet[ServerState] = WeakSet()


class StrictProtocol(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: A request has begun and is not complete; `_in_head`: nor are its headers.
        self._unfinished = False
        self._in_head = False
        #: The request is an upload.
        self._is_upload = False
        #: Bytes of the unfinished request, and of the packet being parsed.
        self._size = 0
        self._packet = 0
        #: The loop's time since when the connection has been idle, or the request unfinished.
        self._since = 0.0
        #: Nothing more is read, because it could not be parsed; pending responses still go out.
        self._broken = False
        #: The request being handled, if not on the fast lane; `cycle` is the last one received.
        self._under_way: RequestResponseCycle | None = None
        #: The loop's time since which the write buffer has been full.
        self._unread_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the idle timer of the connection."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if self.server_state not in _sweeping:
            _sweeping.add(self.server_state)
            _sweep(self.loop, self.server_state)

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the request being handled that its client has disconnected."""
        super().connection_lost(exc)
        if self._under_way:  # uvicorn notifies only the last one received
            self._under_way.disconnected = True
            self._under_way.message_event.set()

    def pause_writing(self) -> None:
        """Stop producing responses: the client does not read those already sent."""
        super().pause_writing()
        self._unread_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Parse the packet, unless the request exceeds the longest one allowed."""
        if self._broken:
            return
        self._packet = len(data)
        if self._unfinished:
            self._size += self._packet
            if self._is_upload:
                self._since = self.loop.time()
            elif self._size > (HEAD_MAX_BYTES if self._in_head else MESSAGE_MAX_BYTES):
                self.send_400_response("Request too large.")
                return
        super().data_received(data)
        if not self._unfinished:
            self._size = 0
        elif not self._size:  # the request began in this packet
            self._size, self._since = self._packet, self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """Refuse the request and close; responses to earlier requests go out first."""
        its_own = self._unfinished and not self._in_head
        self._unfinished = False
        self._broken = True
        if its_own and self.pipeline:
            self.pipeline.popleft()  # the request is incomplete, and its handling has not begun
            its_own = False
        if its_own or self.cycle is None or self.cycle.response_complete:
            super().send_400_response(msg)
        elif last := self.pipeline[0][0] if self.pipeline else self._under_way:
            last.keep_alive = False

    # Callbacks of the parser.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._unfinished = self._in_head = True
        self._is_upload = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer, which comes after the body, is dropped."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Check the headers as a whole."""
        self._require_sound_headers(self.headers)
        if len(self.pipeline) >= PIPELINE_MAX:
            raise ValueError("too many requests in a row")
        super().on_headers_complete()
        self._in_head = False
        self._is_upload = is_upload(self.scope["method"], self.scope["path"])
        self._ignore_upgrade()

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._unfinished = self._is_upload = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A response has been sent."""
        last = not self.pipeline
        self._under_way = None
        super().on_response_complete()
        if self._broken and last:
            self.transport.close()
        self._unset_keepalive_if_required()  # `_sweep` does it
        if not self._unfinished:
            self._since = self.loop.time()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, app)

    def _require_sound_headers(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Raise ValueError, which the parser turns into a 400, if the headers are invalid."""
        version = self.parser.get_http_version()
        size = len(self.url) + sum(len(name) + len(value) for name, value in headers)
        hosts = sum(name == b"host" for name, _ in headers)
        if (
            version not in ("1.0", "1.1")
            or len(headers) > HEADERS_MAX
            or size > HEAD_MAX_BYTES
            # RFC 9112, 3.2: exactly one.
            or hosts > 1
            or (not hosts and version == "1.1")
            or (version == "1.0" and any(name == b"transfer-encoding" for name, _ in headers))
        ):
            raise ValueError("unsound headers")

    def _ignore_upgrade(self) -> None:
        """Respond as if no upgrade had been requested, then close.

        The parser would treat all further bytes, even a body, as the other protocol's.
        """
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False
            self._broken = True

    def silent_too_long(self, now: float) -> bool:
        """Return whether to drop the client: it has stopped sending or reading."""
        if self.flow.write_paused and now - self._unread_since > READING_SECONDS:
            return True
        if self._unfinished:
            return now - self._since > REQUEST_SECONDS
        owed = self.cycle is not None and not self.cycle.response_complete
        return not owed and now - self._since > self.timeout_keep_alive


def _sweep(loop: asyncio.AbstractEventLoop, state: ServerState) -> None:
    """Drop silent clients once a second: cheaper than a timer for each request."""
    connections: list[Any] = list(state.connections)
    _sweep_some(loop, state, iter(connections))


def _sweep_some(
    loop: asyncio.AbstractEventLoop, state: ServerState, left: Iterator[StrictProtocol]
) -> None:
    now = loop.time()
    some = list(islice(left, SWEEP_MAX))
    for connection in some:
        if connection.silent_too_long(now):
            connection.transport.abort()
    if len(some) == SWEEP_MAX:
        loop.call_later(0.001, _sweep_some, loop, state, left)
    elif state.connections:
        loop.call_later(SWEEP_SECONDS, _sweep, loop, state)
    else:
        _sweeping.discard(state)
