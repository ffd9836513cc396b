"""Programs with tokens."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stats_service.models.sites import Site
from stats_service.services.container import Services

Call = Callable[..., TestResponse]


class Program:
    """A program that has a token of the site `kimson`, or another one to try."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self._client = client
        self.token = token

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Call a route below `/v1/kimson/manage`."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return self._client.open(
            f"/v1/kimson/manage{path}", method=method, json=body, headers=headers, **options
        )

    def get(self, path: str) -> Any:
        """Return what a route tells; it must tell it."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()

    @property
    def who(self) -> str:
        """The name that the audit log shows."""
        return "token:" + self.token.split("_")[2]


@pytest.fixture
def reader(client: FlaskClient, services: Services, site: Site) -> Program:
    """Give a program that may read."""
    _, text = services.tokens.add(site.slug, "báo cáo", "read", "lan", services.clock.now())
    return Program(client, text)


@pytest.fixture
def writer(client: FlaskClient, services: Services, site: Site) -> Program:
    """Give a program that may write."""
    _, text = services.tokens.add(site.slug, "đồng bộ", "write", "lan", services.clock.now())
    return Program(client, text)
