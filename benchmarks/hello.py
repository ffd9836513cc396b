"""What a request costs at the very least: a constant answer, and Flask saying hello."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

BODY = b"hello"

flask_app = Flask(__name__)


@flask_app.get("/hello")
def hello() -> str:
    """Say hello."""
    return BODY.decode()


def raw_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer whatever was asked, without a framework."""
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)
    return (BODY,)
