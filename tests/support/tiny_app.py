"""A web application that is not the service, for tests of what runs the service."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

if os.environ.get("TINY_APP_FAILS"):
    raise RuntimeError("this application does not load")


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the worker's process id and the URL of Redis, at once or after a while."""
    if environ["PATH_INFO"] == "/slow":
        time.sleep(float(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {os.environ['REDIS_URL']}".encode()]
