"""The ASGI application: views and votes in the event loop, all else by Flask in threads."""

from http import HTTPStatus
from typing import Any

from stats_service.services.container import Services
from stats_service.web.http.bodies import BODY_MAX_BYTES
from stats_service.web.http.transfer_paths import is_transfer
from stats_service.web.loop import LoopPaths, LoopRequest
from stats_service.web.server.bridge import WsgiApp, WsgiBridge, joined_headers
from stats_service.web.server.transfers import Receive, SendMessage, Transfers

NOT_MODIFIED = HTTPStatus.NOT_MODIFIED


class AsgiApp:
    """What gunicorn runs.

    Args:
        flask: Answers every request that `paths` does not.
        paths: Answers views, votes and reads of numbers.
        services: The background work of the process, and its event loop.
    """

    def __init__(self, flask: WsgiApp, paths: LoopPaths, services: Services) -> None:
        self.paths = paths
        self.services = services
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
        operations = self.services.operations
        await self.services.loop.start()
        operations.clock_watch.start()
        operations.watch.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        operations.watch.stop()
        await operations.clock_watch.stop()
        await self.services.loop.stop()
        await self._bridge.stop()
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
        path = self.paths.find(scope["method"].encode(), scope["raw_path"])
        if path:
            peer = (scope.get("client") or ("",))[0]
            asked = joined_headers(scope["headers"])
            request = LoopRequest(path, asked, body, peer, scope.get("query_string", b""))
            status, answered, out = await self.paths.answered(request)
            headers = list(answered.pairs)
            if status != NOT_MODIFIED:  # it would be the length of what the client has
                headers.append((b"content-length", b"%d" % len(out)))
        else:
            status, headers, out = await self._bridge.answer(scope, body, whole=whole)
        if not whole:
            headers = [*headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": out})


async def _read(receive: Receive) -> tuple[bytes, bool] | None:
    """Return the body, read up to the longest that any route accepts, and whether it is complete.

    None: the client disconnected before it had sent the whole body.
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
