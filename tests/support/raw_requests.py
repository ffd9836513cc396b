"""Requests byte for byte: page views, ballots, chunks, the health check."""

import itertools
import json

from tests.support.pages import BROWSER, ORIGIN

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LINE = "POST /v1/kimson/page HTTP/1.1"
BALLOT = '{"ballot": "a-ballot-of-the-test", "choices": [], "voter": ""}'
_numbers = itertools.count()


def page(
    *headers: str, line: str = LINE, body: str | None = None, hit: str = "", host: bool = True
) -> bytes:
    """Return a page view; `headers` come behind the usual ones."""
    hit = hit or f"edge-{next(_numbers):016d}"
    body = json.dumps({"hit": hit, "article": "/tin/1"}) if body is None else body
    lines = [
        line,
        *(["Host: x"] if host else []),
        f"User-Agent: {BROWSER}",
        f"Origin: {ORIGIN}",
        *headers,
    ]
    if not any(h.lower().startswith(("content-length", "transfer-encoding")) for h in headers):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def ballot() -> bytes:
    """Return a ballot for a poll that there is not: its answer takes two questions to Redis."""
    return page(line="POST /v1/kimson/polls/none/ballots HTTP/1.1", body=BALLOT)


def chunked(*trailers: str) -> bytes:
    """Return a page view in one chunk."""
    body = json.dumps({"hit": f"edge-{next(_numbers):016d}"})
    end = "".join(f"{trailer}\r\n" for trailer in trailers)
    return page("Transfer-Encoding: chunked", body=f"{len(body):x}\r\n{body}\r\n0\r\n{end}\r\n")
