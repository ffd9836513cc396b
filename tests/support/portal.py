"""A portal of the test's own: pages as its editors wrote them, on a host of their own."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from urllib.request import Request, urlopen


@dataclass
class Portal:
    """A running portal."""

    #: `localhost:1234`
    host: str
    #: Pages by path: body and further headers.
    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def url(self, path: str) -> str:
        """Return the URL of a page."""
        return f"http://{self.host}{path}"

    def put(self, path: str, html: str, headers: dict[str, str] | None = None) -> str:
        """Publish a page and return its URL."""
        self.pages[path] = (html, headers or {})
        return self.url(path)


def _answer(handler: BaseHTTPRequestHandler, portal: Portal) -> None:
    """Answer with a page of the portal."""
    found = portal.pages.get(urlsplit(handler.path).path)
    body, headers = found or ("", {})
    _send(
        handler,
        200 if found else 404,
        {"Content-Type": "text/html; charset=utf-8", **headers},
        body.encode(),
    )


def _send(
    handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def running_portal() -> Iterator[Portal]:
    """Serve a portal on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _answer(self, portal)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            _answer(self, portal)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with _running(Handler) as portal:
        yield portal


@contextmanager
def running_guarded_portal(service: str) -> Iterator[Portal]:
    """Serve a portal behind a password (Basic auth), with the service below `/v1/`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length) or None
            if not self.headers.get("Authorization"):
                _send(self, 401, {"WWW-Authenticate": 'Basic realm="portal"'}, b"")
            elif self.path.startswith("/v1/"):
                kept = ("User-Agent", "Origin", "Content-Type", "Referer")
                headers = {name: self.headers[name] for name in kept if name in self.headers}
                request = Request(service + self.path, body, headers, method=self.command)
                with urlopen(request) as answer:
                    kind = {"Content-Type": answer.headers["Content-Type"]}
                    _send(self, answer.status, kind, answer.read())
            else:
                _answer(self, portal)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with _running(Handler) as portal:
        yield portal


@contextmanager
def _running(handler: type[BaseHTTPRequestHandler]) -> Iterator[Portal]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    portal = Portal(f"localhost:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield portal
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
