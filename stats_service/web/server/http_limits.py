"""uvicorn's HTTP protocol with the limits that it lacks.

httptools (llhttp) parses every byte and refuses what is ambiguous: bare line feeds, Content-Length
with Transfer-Encoding, two lengths, folded headers. It bounds neither the number nor the size of
headers, takes any number of Host headers, and waits for ever for a request that is never
finished and for a client that does not read its answers; that is what this file adds. Nothing
here looks at raw bytes.
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
#: Longest message of any kind, its body, chunk sizes and trailers included, in bytes. A body
#: that a route refuses for its length is dropped, not kept, up to here.
MESSAGE_MAX_BYTES = 2 * 1024 * 1024
#: Longest time from the first byte of a request to its last, in seconds; of a file that is sent,
#: between two of its parts. How long it may be, the application says.
REQUEST_SECONDS = 15.0
#: Requests that may wait on a connection behind the one that is being answered, 2.5 KB each.
PIPELINE_MAX = 32
#: A client that reads nothing for so many seconds is dropped. Checked against uvicorn's write
#: buffer, because the kernel takes the first 48 KB whether they are read or not.
READING_SECONDS = 30.0
#: Every so many seconds all connections are checked, so many without a pause: that takes half a
#: millisecond, during which the process serves nobody.
SWEEP_SECONDS = 1.0
SWEEP_MAX = 500

_sweeping: WeakSet[ServerState] = WeakSet()


class StrictProtocol(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: A request has begun to come in and is not complete; `_in_head`: nor are its headers.
        self._unfinished = False
        self._in_head = False
        #: It brings a file.
        self._is_upload = False
        #: Bytes of the unfinished request, and of the packet that is being parsed.
        self._size = 0
        self._packet = 0
        #: The loop's time since when the connection has been idle, or the request unfinished.
        self._since = 0.0
        #: No more is read, because what comes would not be understood; what is owed is answered.
        self._broken = False
        #: What is being answered, if it is not on the fast lane: `cycle` is what came last.
        self._under_way: RequestResponseCycle | None = None
        #: The loop's time since when the client has left more unread than is kept for it.
        self._unread_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch the connection's silence."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if self.server_state not in _sweeping:
            _sweeping.add(self.server_state)
            _sweep(self.loop, self.server_state)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever makes an answer that nobody waits for it."""
        super().connection_lost(exc)
        if self._under_way:  # uvicorn tells the last one that came
            self._under_way.disconnected = True
            self._under_way.message_event.set()

    def pause_writing(self) -> None:
        """The client leaves unread what it asked for; no more is made for it."""
        super().pause_writing()
        self._unread_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless the request grows beyond every bound."""
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
        elif not self._size:  # it began in this packet
            self._size, self._since = self._packet, self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """Refuse what came, and close; what is owed to the requests before goes out first."""
        its_own = self._unfinished and not self._in_head
        self._unfinished = False
        self._broken = True
        if its_own and self.pipeline:
            self.pipeline.popleft()  # it is not whole, and nobody has begun it
            its_own = False
        if its_own or self.cycle is None or self.cycle.response_complete:
            super().send_400_response(msg)
        elif last := self.pipeline[0][0] if self.pipeline else self._under_way:
            last.keep_alive = False

    # What the parser calls.

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
        """An answer has gone out."""
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
        """Raise ValueError, which the parser turns into a 400, if the headers are not sound."""
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
        """Answer as if no other protocol were asked for, then close.

        The parser takes what follows, even a body, for the other protocol's.
        """
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False
            self._broken = True

    def silent_too_long(self, now: float) -> bool:
        """Tell whether to part from the client: it neither sends nor reads what it should."""
        if self.flow.write_paused and now - self._unread_since > READING_SECONDS:
            return True
        if self._unfinished:
            return now - self._since > REQUEST_SECONDS
        owed = self.cycle is not None and not self.cycle.response_complete
        return not owed and now - self._since > self.timeout_keep_alive


def _sweep(loop: asyncio.AbstractEventLoop, state: ServerState) -> None:
    """Once a second part from clients that are silent: cheaper than a timer for each request."""
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
