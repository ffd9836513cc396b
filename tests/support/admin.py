"""A browser's part in the admin pages, for tests: cookies, CSRF tokens and sign-ins."""

import re
from typing import Any

import redis
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stats_service.services.container import Services

PASSWORD = "ngựa ắc quy ghim giấy"
BASE = "http://127.0.0.1:8080"

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **options: object) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=BASE, buffered=True, **options)  # type: ignore[arg-type]

    def token(self, path: str = "/admin/sign-in") -> str:
        """Return the CSRF token of a page."""
        found = _TOKEN.search(self.get(path, follow_redirects=True).get_data(as_text=True))
        assert found, f"{path} has no form"
        return found[1]

    def post(self, path: str, *, token: str | None = None, **fields: Any) -> TestResponse:
        """Send a form, with the CSRF token of this browser unless another is given.

        A field that is a pair is a file: its content, as a stream, and its name.
        """
        data = fields | {"csrf_token": self.token() if token is None else token}
        return self.client.post(path, data=data, base_url=BASE)

    def sign_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        """Sign in."""
        return self.post("/admin/sign-in", name=name, password=password)


def add_account(
    services: Services, name: str, *, operator: bool = False, roles: dict[str, str] | None = None
) -> None:
    """Create an account with `PASSWORD`."""
    now = services.clock.now()
    services.accounts.add(name, PASSWORD, "test", now, operator=operator)
    for slug, role in (roles or {}).items():
        services.accounts.set_role(name, slug, role, "test", now)


def dump(client: redis.Redis, prefix: str) -> str:
    """Return every key of an installation with what it holds, as who steals Redis' data has it."""
    read = {
        "string": client.get,
        "hash": client.hgetall,
        "set": client.smembers,
        "stream": client.xrange,
    }
    return "\n".join(
        f"{key} {read[client.type(key)](key)}" for key in client.scan_iter(f"{prefix}:*")
    )
