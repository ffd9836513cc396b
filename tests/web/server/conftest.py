"""The service that the tests of a module share."""

from collections.abc import Iterator

import pytest

from tests.support.one_worker import Running, running


@pytest.fixture(scope="module", params=[True, False], ids=["fast", "plain"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Run the service, once with the fast lane and once without."""
    with running(tmp_path_factory, fast=request.param) as service:
        yield service


@pytest.fixture
def service(shared: Running) -> Iterator[Running]:
    """Give the service; what a test has opened is closed behind it."""
    yield shared
    shared.part()
