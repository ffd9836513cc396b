"""Where notices arrive: a real SMTP server and a real HTTP server."""

import email
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from stats_service.services.container import Services
from tests.support.processes import free_port


def accept(services: Services, slug: str = "kimson") -> None:
    """Accept every report of a site, as its recipient does by the link in the mail."""
    for report in services.notices.notices.get(slug).reports:
        token = services.notices.notices.link_token(slug, report)
        services.notices.notices.agree(slug, report.id, token, services.clock.now())


class Inbox:
    """Takes every message, or none."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a message."""
        if self.refuses:
            return "451 not now"
        content = cast("bytes", envelope.content)
        message = email.message_from_bytes(content, policy=default)
        self.messages.append(cast("EmailMessage", message))
        return "250 OK"


@contextmanager
def running_smtp(inbox: Inbox) -> Iterator[str]:
    """Run an SMTP server and give its URL."""
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield f"smtp+plain://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


class Receiver:
    """An HTTP server that keeps what it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.calls: list[tuple[dict[str, str], bytes]] = []
        #: Until it is set, nobody is answered.
        self.answers = threading.Event()
        self.answers.set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append((dict(self.headers), body))
                receiver.answers.wait(20)
                self.send_response(receiver.status)
                self.send_header("Location", receiver.url)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?a=1"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def events(self) -> list[str]:
        """Return the names of the events, in order."""
        return [json.loads(body)["type"] for _, body in self.calls]

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
