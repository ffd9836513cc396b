"""A portal of a test's own, which answers with whatever pages the test wants."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Answer(NamedTuple):
    """What the portal answers at a path."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    location: str = ""
    #: Writes the body itself, piece by piece.
    write: Callable[[Callable[[bytes], object]], None] | None = None


class PortalPages:
    """The pages by path; what is not there is 404, `/robots.txt` too."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        #: What answers where there is no page.
        self.missing = Answer(b"<title>404 Not Found</title>", 404)
        #: Makes the page of a path that has none; None: there is none.
        self.made: Callable[[str], Answer | None] = lambda _path: None
        self.asked: list[tuple[str, str]] = []
        #: Set when the portal is stopped, for answers that wait.
        self.stopping = threading.Event()
        portal = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                portal.asked.append((self.path, self.headers["User-Agent"]))
                page = portal.pages.get(self.path) or portal.made(self.path)
                answer = page or portal.missing
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                if answer.location:
                    self.send_header("Location", answer.location)
                if answer.write is None:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                try:
                    if answer.write:
                        answer.write(self.wfile.write)
                    else:
                        self.wfile.write(answer.body)
                except OSError:  # the reader has enough
                    pass

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"

    def title(self, path: str, title: str, **more: str) -> None:
        """Put an ordinary page there."""
        self.pages[path] = Answer(f"<!doctype html><title>{title}</title>".encode(), **more)  # type: ignore[arg-type]

    def paths(self) -> list[str]:
        """Return what was asked for since the last time, robots.txt left out."""
        paths = [path for path, _ in self.asked if path != "/robots.txt"]
        self.asked.clear()
        return paths

    def serve(self) -> None:
        """Answer until `stop`."""
        self._server.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """End it."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running_portal() -> Iterator[PortalPages]:
    """Run a portal."""
    portal = PortalPages()
    thread = threading.Thread(target=portal.serve)
    thread.start()
    try:
        yield portal
    finally:
        portal.stop()
        thread.join()
