"""A page of a portal, as a browser sends it."""

import itertools
import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
ORIGIN = "https://kimson.example.vn"

_numbers = itertools.count()


def new_hit() -> str:
    """Return a hit id that no other page of the test run has."""
    return f"hit-{next(_numbers):016d}"


def view(
    client: FlaskClient,
    article: str | None = "/tin/1",
    *,
    slug: str = "kimson",
    address: str = "192.0.2.1",
    user_agent: str = BROWSER,
    origin: str = ORIGIN,
    headers: dict[str, str] | None = None,
    **fields: Any,
) -> TestResponse:
    """Load a page; `fields` go into the body as they are."""
    body: dict[str, Any] = {"hit": new_hit()} | fields
    if article is not None:
        body["article"] = article
    return client.post(
        f"/v1/{slug}/page",
        data=json.dumps(body),
        content_type="text/plain",
        headers={"User-Agent": user_agent, "Origin": origin} | (headers or {}),
        environ_base={"REMOTE_ADDR": address},
    )
