"""The ASGI application inside the test's own process, called like a WSGI one."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

from stats_service.web.server.asgi import AsgiApp
from stats_service.web.server.bridge import WsgiApp


@contextlib.contextmanager
def in_process(app: AsgiApp) -> Iterator[WsgiApp]:
    """Run `app` in an event loop of its own thread; give a WSGI application that asks it."""
    loop = asyncio.new_event_loop()
    started, stopping = threading.Event(), asyncio.Event()
    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> dict[str, Any]:
        if len(incoming) == 1:
            await stopping.wait()
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "lifespan.startup.complete":
            started.set()

    thread = threading.Thread(
        target=loop.run_until_complete, args=(app({"type": "lifespan"}, receive, send),)
    )
    thread.start()
    assert started.wait(20)

    def call(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked = asyncio.run_coroutine_threadsafe(_ask(app, environ), loop)
        status, headers, body = asked.result(60)
        # Texts of statuses are the server's; werkzeug wants one.
        start_response(f"{status} Status", [(n.decode(), v.decode("latin-1")) for n, v in headers])
        return [body]

    try:
        yield call
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join()
        loop.close()


async def _ask(
    app: AsgiApp, environ: dict[str, Any]
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Answer one WSGI request with an ASGI application."""
    raw_path = environ["PATH_INFO"].encode("latin-1")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": "http",
        "path": raw_path.decode(),
        "raw_path": quote_from_bytes(raw_path).encode(),
        "query_string": environ["QUERY_STRING"].encode("latin-1"),
        "headers": _headers(environ),
        "client": (environ.get("REMOTE_ADDR", ""), 12345),
        "server": ("localhost", 80),
    }
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    out = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], sent[0]["headers"], out


def _headers(environ: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    names = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}
    names |= {name: name[5:].lower().replace("_", "-") for name in environ if name[:5] == "HTTP_"}
    return [
        (name.encode(), environ[key].encode("latin-1"))
        for key, name in names.items()
        if environ.get(key)
    ]
