"""The ASGI application: page views in the event loop, everything else by Flask in threads."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from stats_service.web.api.bodies import BODY_MAX_BYTES
from stats_service.web.bridge import WsgiApp, WsgiBridge, joined_headers
from stats_service.web.hot import Head, HotPages, PageRequest

#: Longest path of a page view, in bytes; a longer one is for Flask to refuse.
TARGET_MAX_BYTES = 256

Receive = Callable[[], Awaitable[dict[str, Any]]]
SendMessage = Callable[[dict[str, Any]], Awaitable[None]]


class AsgiApp:
    """What gunicorn runs.

    Args:
        flask: Answers whatever is not answered here.
        pages: Records page views; None: Flask does.
        prefix: What the paths of the API begin with.
    """

    def __init__(self, flask: WsgiApp, pages: HotPages | None, prefix: str) -> None:
        self.pages = pages
        self._bridge = WsgiBridge(flask)
        self._page = re.compile(re.escape(prefix) + "/([^/?#]+)/page")
        self._remembered_slug = lru_cache(maxsize=1024)(self._slug_of)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: SendMessage) -> None:
        """Serve one connection's request, or the worker's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: SendMessage) -> None:
        await receive()
        if self.pages:
            await self.pages.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self.pages:
            await self.pages.stop()
        self._bridge.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: SendMessage) -> None:
        read = await _read(receive)
        if read is None:
            return
        body, whole = read
        slug = ""
        if whole and scope["method"] == "POST":
            slug = self.slug_of(scope["raw_path"])
        if self.pages and slug:
            status, headers, out = await _recorded(self.pages, slug, scope, body)
        else:
            status, headers, out = await self._bridge.answer(scope, body, whole=whole)
        if not whole:
            headers = [*headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": out})

    def slug_of(self, target: bytes) -> str:
        """Return the site of a page view, from the path; empty for any other path."""
        return self._remembered_slug(target) if len(target) <= TARGET_MAX_BYTES else ""

    def _slug_of(self, target: bytes) -> str:
        match = self._page.fullmatch(unquote(target.decode("latin-1")))
        return match[1] if match else ""


async def _recorded(
    pages: HotPages, slug: str, scope: dict[str, Any], body: bytes
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    answer: asyncio.Future[tuple[int, Head, bytes]] = asyncio.get_running_loop().create_future()

    def send(status: int, head: Head, out: bytes) -> None:
        if not answer.done():  # the client may have gone
            answer.set_result((status, head, out))

    client = scope.get("client")
    headers = joined_headers(scope["headers"])
    pages.record_view(PageRequest(slug, headers, body, client[0] if client else ""), send)
    status, head, out = await answer
    return status, [*head.pairs, (b"content-length", b"%d" % len(out))], out


async def _read(receive: Receive) -> tuple[bytes, bool] | None:
    """Return the body and whether it is whole: it is read as far as any route accepts it.

    None: the client went away before it had sent everything.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        return body, len(body) <= BODY_MAX_BYTES
    parts, size = [body], len(body)
    while message.get("more_body") and size <= BODY_MAX_BYTES:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if message["type"] == "http.disconnect":
        return None
    return b"".join(parts), size <= BODY_MAX_BYTES
