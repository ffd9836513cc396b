"""The OpenAPI document is true: every route is in it, and every operation has a route."""

import re

from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from tests.support.openapi import PREFIX, api


def test_the_document_is_valid_openapi(client: FlaskClient) -> None:
    """It is served, and a validator accepts it."""
    response = client.get("/v1/openapi.json")

    assert response.status_code == 200
    assert response.get_json()["openapi"].startswith("3.1")
    validate(response.get_json())


def test_routes_and_document_name_the_same_operations(app: Flask) -> None:
    """Neither has what the other lacks."""
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{PREFIX}/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    documented = {(method, path) for path, methods in api()["paths"].items() for method in methods}

    assert routes == documented
