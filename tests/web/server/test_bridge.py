"""Flask's threads behind the event loop, and who may take them."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from stats_service.web.http.sign_ins import DEVICE_COOKIES, is_strangers
from stats_service.web.server.bridge import (
    STRANGERS_THREADS,
    STRANGERS_WAITING_MAX,
    THREADS,
    Answer,
    WsgiBridge,
)


def scope_of(method: str, path: str, **headers: str) -> dict[str, Any]:
    """Return the ASGI scope of a request."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


def test_guesses_of_strangers_take_no_thread_of_others() -> None:
    """More of them than there are threads wait; a known device, and any page, is answered."""
    go_on, looked = threading.Event(), threading.Semaphore(0)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and "HTTP_COOKIE" not in environ:
            looked.release()
            assert go_on.wait(20)
        start_response("200 OK", [])
        return [b""]

    async def main() -> tuple[list[Answer], list[Answer]]:
        bridge = WsgiBridge(app)

        def ask(method: str, **headers: str) -> asyncio.Task[Answer]:
            scope = scope_of(method, "/admin/sign-in", **headers)
            return asyncio.create_task(bridge.answer(scope, b"", whole=True))

        guesses = [ask("POST") for _ in range(STRANGERS_THREADS + STRANGERS_WAITING_MAX + THREADS)]
        for _ in range(STRANGERS_THREADS):
            await asyncio.to_thread(looked.acquire)
        known = f"other=1; {DEVICE_COOKIES[1]}=abc"
        others = await asyncio.gather(ask("GET"), ask("POST", cookie=known))
        go_on.set()
        answers = await asyncio.gather(*guesses)
        await bridge.stop()
        return others, answers

    others, answers = asyncio.run(main())

    assert [status for status, _, _ in others] == [200, 200]
    statuses = [status for status, _, _ in answers]
    assert statuses.count(503) == THREADS, "what would wait too long is told so at once"
    assert statuses.count(200) == STRANGERS_THREADS + STRANGERS_WAITING_MAX


@pytest.mark.parametrize(
    ("method", "path", "cookie", "strange"),
    [
        ("POST", "/admin/sign-in", "", True),
        ("POST", "/admin/sign-in", "stats_session=x", True),
        ("POST", "/admin/sign-in", "stats_devices=x", False),
        ("POST", "/admin/sign-in", "a=b; __Host-stats-devices=x", False),
        ("POST", "/admin/sign-in/code", "", False),
        ("GET", "/admin/sign-in", "", False),
        ("POST", "/v1/kimson/voters", "", False),
    ],
)
def test_a_strangers_sign_in(method: str, path: str, cookie: str, *, strange: bool) -> None:
    """By the route and the cookie alone, before anything is asked."""
    headers = [(b"host", b"dem.example.vn"), *[(b"cookie", cookie.encode())] * bool(cookie)]

    assert is_strangers(method, path, headers) is strange
