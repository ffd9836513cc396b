"""Requests of a flood: page views for a crowd, and a POST whose time is taken."""

import json
import time
import urllib.error
import urllib.request

from tests.support.crowd import Request
from tests.support.pages import BROWSER, ORIGIN


def timed_post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, float]:
    """Send a body; return the status, 0 if it was cut off, and the seconds that it took."""
    begin = time.monotonic()
    request = urllib.request.Request(url, body, {"User-Agent": BROWSER, "Origin": ORIGIN} | headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            status = int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            status = error.code
    except OSError:  # cut off in the middle of the body
        status = 0
    return status, time.monotonic() - begin


def page_view(number: int, user_agent: str, address: str, slug: str = "kimson") -> Request:
    """Return a page view, the `number`-th of the test, as a trusted proxy forwards it."""
    body = json.dumps({"hit": f"abuse-{number:012d}"}).encode()
    headers = {"User-Agent": user_agent, "Origin": ORIGIN, "X-Forwarded-For": address}
    return Request(f"/v1/{slug}/page", body, headers)
