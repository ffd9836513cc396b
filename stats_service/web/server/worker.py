"""The gunicorn worker: uvicorn's worker with our protocol and fewer features."""

from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker

from stats_service.web.server.fast_lane import FastLaneProtocol
from stats_service.web.server.http_limits import StrictProtocol


class Worker(UvicornWorker):  # type: ignore[misc] # it has no annotations
    """Serves the ASGI application in an event loop of its own, without the fast lane."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": StrictProtocol,
        "interface": "asgi3",
        "ws": "none",
        # An error at startup stops the worker.
        "lifespan": "on",
        "access_log": False,
        "server_header": False,
        # uvicorn would replace the client address; `web.http.visitor` alone decides it.
        "proxy_headers": False,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A client that never finishes would hold the worker until gunicorn kills it.
        self.config.timeout_graceful_shutdown = max(1, self.cfg.graceful_timeout - 1)


class FastWorker(Worker):
    """The same with a fast lane for views, ballots and ratings."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = Worker.CONFIG_KWARGS | {"http": FastLaneProtocol}
