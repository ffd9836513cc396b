"""Holding answers against the OpenAPI document."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from stats_service.config import Settings
from stats_service.web.api.openapi import document

PREFIX = "/v1"


@lru_cache
def api() -> dict[str, Any]:
    """Return the document."""
    return document("http://localhost", PREFIX)


def find_operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the operation that documents a request, if one does."""
    for template, methods in api()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path.removeprefix(PREFIX)) and method.lower() in methods:
            found: dict[str, Any] = methods[method.lower()]
            return found
    return None


def assert_conforms(method: str, path: str, response: TestResponse) -> None:
    """Fail unless the answer's status, media type and body are as documented."""
    operation = find_operation(method, path)
    if operation is None or response.status_code == 304:
        return
    documented = operation["responses"].get(str(response.status_code))
    assert documented, f"{method} {path}: status {response.status_code} is not documented"
    if "content" not in documented:
        assert not response.data, f"{method} {path}: a body is not documented"
        return
    media = documented["content"].get(response.mimetype)
    assert media is not None, f"{method} {path}: {response.mimetype} is not documented"
    if "schema" in media:
        schema = media["schema"] | {"components": api()["components"]}
        Draft202012Validator(schema).validate(response.get_json(force=True))


MakeApp = Callable[[Settings], Flask]


class ConformingClient(FlaskClient):
    """A test client whose every answer must be as the OpenAPI document says."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send the request and check its answer."""
        response = super().open(*args, **kwargs)
        assert_conforms(response.request.method, response.request.path, response)
        return response


#: Starts a service with settings of its own; gives its test client.
Serve = Callable[[Settings], FlaskClient]


def conforming_client(app: Any) -> FlaskClient:
    """Return such a client of a Flask application, or of any other WSGI one."""
    if not isinstance(app, Flask):
        outside = Flask(__name__)
        outside.wsgi_app = app  # type: ignore[method-assign]
        app = outside
    app.testing = True
    app.test_client_class = ConformingClient
    return app.test_client()
