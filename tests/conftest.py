"""Fixtures for every test."""

from collections.abc import Iterator

import pytest

from stats_service.store.embedded import EmbeddedRedis
from tests.support.clock import FakeClock


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real server for this test session alone and give its URL."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture
def clock() -> FakeClock:
    """Give a clock that stands still until the test moves it."""
    return FakeClock()
