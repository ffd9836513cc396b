"""A portal of the test's own: pages as its editors wrote them, on a host of their own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


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


@contextmanager
def running_portal() -> Iterator[Portal]:
    """Serve a portal on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = portal.pages.get(urlsplit(self.path).path)
            body, headers = found or ("", {})
            encoded = body.encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(encoded)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    portal = Portal(f"localhost:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield portal
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
