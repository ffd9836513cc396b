"""The fast lane: from the parser to `web.loop` without an ASGI task in between.

httptools still parses every byte; this module only implements its callbacks. Headers are
collected until they are complete. Then the request

* takes the fast lane, if its path is handled in the event loop and it looks like a browser's
  request: an HTTP/1.1 POST with a short Content-Length or a GET without a body, no repeated
  header, no Transfer-Encoding, Expect or Upgrade, and no earlier request on the connection whose
  response is still pending or unread; or
* is replayed, callback by callback, into uvicorn's protocol, which then behaves as if it had
  received the callbacks directly.

Both end in the same `LoopPaths.answer`, so the fast lane is only an optimisation:
`worker.Worker` serves without it. docs/decisions/0002-server.md gives the measured gain.

It depends on these internals of uvicorn: `cycle`, `pipeline`, `flow`, `url`, `client`,
`server_state.default_headers`, `on_response_complete`. tests/web/server/test_pipelines.py,
test_requests.py and test_connections.py fail when one of them changes.
"""

from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from stats_service.web.loop import LoopPath, LoopRequest, ResponseHeaders
from stats_service.web.server.asgi import NOT_MODIFIED, AsgiApp
from stats_service.web.server.http_limits import HEAD_MAX_BYTES, HEADERS_MAX, StrictProtocol

#: Longest body that may take the fast lane, in bytes. It is not held back by flow control.
BODY_MAX_BYTES = 16 * 1024

_WANTS_MORE = frozenset((b"transfer-encoding", b"expect", b"upgrade"))


class _Event:
    """Replaces an event of uvicorn's that nothing here waits for."""

    def set(self) -> None:
        """Do nothing."""


class _FastCycle:
    """Replaces uvicorn's object for the current request.

    uvicorn reads and writes these attributes. Through them its own code queues pipelined requests,
    notes that the client disconnected, and sends the response before a shutdown closes.
    """

    __slots__ = ("disconnected", "keep_alive", "message_event", "response_complete")

    def __init__(self) -> None:
        self.response_complete = True
        self.disconnected = False
        self.keep_alive = True
        self.message_event = _Event()


class FastLaneProtocol(StrictProtocol):
    """One connection of a client."""

    #: uvicorn's default headers (Date), which it renews every second, and the same as lines.
    _defaults: ClassVar[tuple[object, bytes]] = (None, b"")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._paths = self.app.paths if isinstance(self.app, AsgiApp) else None
        self._fast = _FastCycle()
        self._raw: list[tuple[bytes, bytes]] = []
        #: The fast-lane request whose body is being received; the path is None if there is none.
        self._path: LoopPath | None = None
        self._fields: dict[bytes, bytes] = {}
        self._query = self._body = b""

    # Callbacks of the parser.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._unfinished = self._in_head = True
        self.url, self._path = b"", None
        self._raw = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer, which comes after the body, is dropped."""
        if self._in_head:
            self._raw.append((name, value))

    def on_headers_complete(self) -> None:
        """Choose the lane."""
        if self._is_plain():
            self._in_head = False
            self._body = b""
            self.cycle = cast("RequestResponseCycle", self._fast)
            self._fast.response_complete = False
            self._fast.keep_alive = self.parser.should_keep_alive()
            return
        url, raw, self._path = self.url, self._raw, None
        super().on_message_begin()
        self.url = url
        for name, value in raw:
            super().on_header(name, value)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self._path:
            self._body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        path, self._path = self._path, None  # the next request may be in the same packet
        if path is None or self._paths is None:
            super().on_message_complete()
            return
        self._unfinished = False
        peer = self.client[0] if self.client else ""
        request = LoopRequest(path, self._fields, self._body, peer, self._query)
        self._paths.answer(request, self._answer)

    def _is_plain(self) -> bool:
        cycle = self.cycle
        if self._paths is None or not (cycle is None or cycle.response_complete):
            return False
        parser, raw = self.parser, self._raw
        method = parser.get_method()
        target, _, self._query = self.url.partition(b"?")
        self._path = self._paths.find(method, target)
        if self._path is None:
            return False
        fields = self._fields = {name.lower(): value for name, value in raw}
        length = fields.get(b"content-length", b"" if method == b"POST" else b"0")
        return (
            len(fields) == len(raw) <= HEADERS_MAX
            # The headers are never longer than the packet that brought them.
            and self._size + self._packet <= HEAD_MAX_BYTES
            and b"host" in fields
            and fields.keys().isdisjoint(_WANTS_MORE)
            and length.isdigit()
            and int(length) <= (BODY_MAX_BYTES if method == b"POST" else 0)
            and parser.get_http_version() == "1.1"
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def _answer(self, status: int, headers: ResponseHeaders, body: bytes) -> None:
        """Write the response; the request counts even if the client has disconnected."""
        cycle, transport = self._fast, self.transport
        cycle.response_complete = True
        if cycle.disconnected or transport.is_closing():
            return
        if self._broken and not self.pipeline:
            cycle.keep_alive = False
        closing = b"" if cycle.keep_alive else b"connection: close\r\n"
        # That of a 304 would be the length of what the client has.
        length = b"" if status == NOT_MODIFIED else b"content-length: %d\r\n" % len(body)
        parts = (STATUS_LINE[status], self._default_lines(), headers.lines, closing, length)
        transport.write(b"".join((*parts, b"\r\n", body)))
        if not cycle.keep_alive:
            transport.close()
        if self.pipeline or self.flow.read_paused:
            self.on_response_complete()
            return
        self.server_state.total_requests += 1
        if not self._unfinished:
            self._since = self.loop.time()

    def _default_lines(self) -> bytes:
        known, lines = FastLaneProtocol._defaults
        current = self.server_state.default_headers
        if known is not current:
            lines = b"".join(b"%b: %b\r\n" % header for header in current)
            FastLaneProtocol._defaults = (current, lines)
        return lines
