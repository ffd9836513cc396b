"""The fast lane: from the parser to `web.loop` without an ASGI task in between.

httptools still parses every byte, and everything here is handed over by it. Headers are only
collected until they are complete. Then the request

* takes the fast lane, if it is for the loop and as plain as those of browsers always are: a POST
  in HTTP/1.1 with a short Content-Length, no header twice, nothing that
  asks for more (Transfer-Encoding, Expect, Upgrade), and nothing before it on its connection
  that is still unanswered or unread; or
* is replayed, callback by callback, into the usual protocol, which then behaves as if nobody
  had come in between.

Both end in the same `LoopPaths.answer`, so the fast lane is an optimisation and nothing else:
`worker.Worker` serves without it. What it saves is measured in docs/decisions/0002-server.md.

It leans on these insides of uvicorn: `cycle`, `pipeline`, `flow`, `url`, `client`,
`server_state.default_headers`, `on_response_complete`. tests/web/server/test_http_edges.py tells
when one of them changes.
"""

from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from stats_service.web.loop import LoopPath, LoopRequest, ResponseHeaders
from stats_service.web.server.asgi import AsgiApp
from stats_service.web.server.http_limits import HEAD_MAX_BYTES, HEADERS_MAX, StrictProtocol

#: Longest body that may take the fast lane, in bytes. It is not held back by flow control.
BODY_MAX_BYTES = 16 * 1024

_WANTS_MORE = frozenset((b"transfer-encoding", b"expect", b"upgrade"))


class _Event:
    """Stands where uvicorn keeps an event that nobody waits for here."""

    def set(self) -> None:
        """Do nothing."""


class _FastCycle:
    """Stands where uvicorn keeps the request that is being answered.

    uvicorn reads and writes these attributes: so its own code queues what is pipelined behind the
    request, notes that the client left, and lets the answer go out before a shutdown closes.
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
        #: Of the request on the fast lane whose body comes in; the path is None if none does.
        self._path: LoopPath | None = None
        self._fields: dict[bytes, bytes] = {}
        self._body = b""

    # What the parser calls.

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
        self._paths.answer(LoopRequest(path, self._fields, self._body, peer), self._answer)

    def _is_plain(self) -> bool:
        cycle = self.cycle
        if self._paths is None or not (cycle is None or cycle.response_complete):
            return False
        self._path = self._paths.find(self.url)
        if self._path is None:
            return False
        parser, raw = self.parser, self._raw
        fields = self._fields = {name.lower(): value for name, value in raw}
        length = fields.get(b"content-length", b"")
        return (
            len(fields) == len(raw) <= HEADERS_MAX
            # No head is longer than what it came in.
            and self._size + self._packet <= HEAD_MAX_BYTES
            and b"host" in fields
            and fields.keys().isdisjoint(_WANTS_MORE)
            and length.isdigit()
            and int(length) <= BODY_MAX_BYTES
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def _answer(self, status: int, headers: ResponseHeaders, body: bytes) -> None:
        """Write the answer; if the client has gone, what it sent is counted all the same."""
        cycle, transport = self._fast, self.transport
        cycle.response_complete = True
        if cycle.disconnected or transport.is_closing():
            return
        if self._broken and not self.pipeline:
            cycle.keep_alive = False
        closing = b"" if cycle.keep_alive else b"connection: close\r\n"
        transport.write(
            b"%b%b%b%bcontent-length: %d\r\n\r\n%b"
            % (STATUS_LINE[status], self._default_lines(), headers.lines, closing, len(body), body)
        )
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
