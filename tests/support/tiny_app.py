"""A web application that is not the service, for tests of what runs the service."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

#: In the data folder: a request for `/slow` has begun.
SLOW_BEGUN = "slow-begun"

if os.environ.get("TINY_APP_FAILS"):
    raise RuntimeError("this application does not load")


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer with the worker's process id and the URL of Redis, at once or after a while."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    if scope["path"] == "/slow":
        (Path(os.environ["STATS_DATA_DIR"]) / SLOW_BEGUN).touch()
        await asyncio.sleep(float(scope["query_string"]))
    body = f"{os.getpid()} {os.environ['REDIS_URL']}".encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
