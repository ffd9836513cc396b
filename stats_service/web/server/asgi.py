"""The ASGI application: the hot paths in the event loop, everything else by Flask in threads."""

import asyncio
from typing import Any

from stats_service.services.operations.watch import Watch
from stats_service.web.http.bodies import BODY_MAX_BYTES
from stats_service.web.http.transfer_paths import is_transfer
from stats_service.web.loop import LoopPath, LoopPaths, LoopRequest, ResponseHeaders
from stats_service.web.server.bridge import WsgiApp, WsgiBridge, joined_headers
from stats_service.web.server.transfers import Receive, SendMessage, Transfers


class AsgiApp:
    """What gunicorn runs.

    Args:
        flask: Answers whatever is not answered here.
        hot: Answers page views, ballots and ratings.
        watch: Runs beside them.
    """

    def __init__(self, flask: WsgiApp, paths: LoopPaths, watch: Watch) -> None:
        self.paths = paths
        self._watch = watch
        self._bridge = WsgiBridge(flask)
        self._transfers = Transfers(flask)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: SendMessage) -> None:
        """Serve one connection's request, or the worker's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: SendMessage) -> None:
        await receive()
        await self.paths.start()
        self._watch.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._watch.stop()
        await self.paths.stop()
        self._bridge.stop()
        self._transfers.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: SendMessage) -> None:
        if is_transfer(scope["method"], scope["path"]):
            await self._transfers.answer(scope, receive, send)
            return
        read = await _read(receive)
        if read is None:
            return
        body, whole = read
        path = None
        if whole and scope["method"] == "POST":
            path = self.paths.find(scope["raw_path"])
        if path:
            status, headers, out = await _answered(self.paths, path, scope, body)
        else:
            status, headers, out = await self._bridge.answer(scope, body, whole=whole)
        if not whole:
            headers = [*headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": out})


async def _answered(
    paths: LoopPaths, path: LoopPath, scope: dict[str, Any], body: bytes
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    answer: asyncio.Future[tuple[int, ResponseHeaders, bytes]] = (
        asyncio.get_running_loop().create_future()
    )

    def send(status: int, headers: ResponseHeaders, out: bytes) -> None:
        if not answer.done():  # the client may have gone
            answer.set_result((status, headers, out))

    client = scope.get("client")
    received = joined_headers(scope["headers"])
    paths.answer(LoopRequest(path, received, body, client[0] if client else ""), send)
    status, headers, out = await answer
    return status, [*headers.pairs, (b"content-length", b"%d" % len(out))], out


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
