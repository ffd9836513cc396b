"""Views and votes in the event loop: every entrance, and what happens around it."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from stats_service.app import create_asgi_app
from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.services.polls import polls
from stats_service.services.visitors.voters import Voters
from stats_service.web.http.context import EXTENSION
from tests.support.asgi import in_process
from tests.support.clock import FakeClock
from tests.support.openapi import MakeApp, Serve, conforming_client
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.processes import wait_until
from tests.support.redis_groups import CREDENTIALS, restricted_user
from tests.support.votes import make_poll

BODY_LENGTHS = [0, 1, 64 * 1024, 64 * 1024 + 1, 500_000]
VOTER = Voters("test-" + "0" * 32).issue("kimson", FakeClock().now() - 60)
VIEW = {"hit": "0123456789abcdef", "article": "/tin/1"}
BALLOT = {"ballot": "a-ballot-of-the-test", "choices": ["a"], "voter": VOTER}
RATING = {"article": "/tin/1", "score": 4, "voter": VOTER}


@pytest.mark.parametrize(
    ("path", "body", "change"),
    [
        ("kimson/page", VIEW, {}),
        ("kimson/page?x=1", VIEW, {}),
        ("kim%73on/page", VIEW, {}),
        ("nowhere/page", VIEW, {}),
        ("Not%20a%20slug/page", VIEW, {}),
        (f"{'k' * 300}/page", VIEW, {}),
        ("kimson/page", VIEW, {"Origin": "https://elsewhere.example"}),
        ("kimson/page", VIEW, {"User-Agent": ""}),
        ("kimson/page", VIEW, {"Purpose": "prefetch"}),
        ("kimson/page", VIEW, {"Sec-Purpose": "", "Purpose": "prefetch"}),
        ("kimson/page", VIEW | {"hit": "short"}, {}),
        ("kimson/polls/muc-quan-tam/ballots", BALLOT, {}),
        ("kimson/polls/muc%2Dquan-tam/ballots", BALLOT, {}),
        ("kimson/polls/none/ballots", BALLOT, {}),
        ("kimson/polls/a/b/ballots", BALLOT, {}),
        ("kimson/polls/muc-quan-tam/ballots/", BALLOT, {}),
        ("kimson/ratings", RATING, {}),
        ("kimson/ratings", RATING | {"article": "/never/read"}, {}),
        ("nowhere/ratings", RATING, {}),
        ("kimson/counts", None, {}),
        ("kimson/counts?x=1", None, {"Origin": "https://elsewhere.example"}),
        ("nowhere/counts", None, {}),
        ("kimson/articles/views?key=/tin/1&key=/never/read&key=", None, {}),
        ("kimson/articles/views?key=/tin/%C3%AD&key=/tin/%FF", None, {}),
        ("kimson/articles/views", None, {}),
        ("kimson/articles/views?" + "&".join(f"key=/{n}" for n in range(101)), None, {}),
        ("kimson/badge/total.svg", None, {}),
        ("kimson/badge/views.svg?article=/tin/1&lang=en&theme=dark", None, {}),
        ("kimson/badge/views.svg", None, {}),
        ("kimson/badge/none.svg?lang=fr", None, {}),
        ("kimson/badge/a/b.svg", None, {}),
        ("kimson/dot.gif?article=/tin/1", None, {"Referer": f"{ORIGIN}/tin/1"}),
        ("kimson/dot.gif", None, {"Referer": f"{ORIGIN}/tin/1", "Origin": "null"}),
        ("kimson/polls/muc-quan-tam", None, {}),
        ("kimson/polls/none", None, {}),
        *(
            (f"kimson/{path}", {"padding": "x" * length}, {})
            for path in ("page", "ratings", "polls/muc-quan-tam/ballots")
            for length in BODY_LENGTHS
        ),
    ],
)
def test_every_entrance_answers_alike(
    settings: Settings,
    services: Services,
    site: Site,
    clock: FakeClock,
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    body: Any,
    change: dict[str, str],
) -> None:
    """Status, every header and every byte of the body, twice, on stores that hold the same."""
    monkeypatch.setattr(polls, "new_birth", lambda: "b1b1b1b1")
    other = replace(settings, key_prefix=f"{settings.key_prefix}o")
    flask = make_app(other)
    flask.extensions[EXTENSION].sites.sites.add(site)
    for wired in (services, flask.extensions[EXTENSION]):
        make_poll(wired)

    def ask(client: FlaskClient) -> list[Any]:
        view(client, "/tin/1")
        headers = {"User-Agent": BROWSER, "Origin": ORIGIN} | change
        method, data = ("POST", json.dumps(body)) if body else ("GET", None)
        first = client.open(f"/v1/{path}", method=method, data=data, headers=headers)
        if "ETag" in first.headers:
            headers["If-None-Match"] = first.headers["ETag"]
        return [first, client.open(f"/v1/{path}", method=method, data=data, headers=headers)]

    expected = ask(flask.test_client())
    with in_process(create_asgi_app(settings, clock)) as app:
        got = ask(conforming_client(app))

    for mine, theirs in zip(got, expected, strict=True):
        assert mine.status_code == theirs.status_code
        assert mine.data == theirs.data
        assert _headers(mine) == _headers(theirs)


@pytest.mark.parametrize(
    "path", ["counts", "badge/total.svg", "articles/views?key=/tin/1", "polls/muc-quan-tam"]
)
def test_who_has_the_numbers_gets_them_once(
    services: Services, site: Site, worker_client: FlaskClient, path: str
) -> None:
    """304 without a body and without its type or length, which would be those of the 200."""
    make_poll(services)
    view(worker_client, "/tin/1")
    first = worker_client.get(f"/v1/kimson/{path}")
    again = worker_client.get(
        f"/v1/kimson/{path}", headers={"If-None-Match": f'"other", W/{first.headers["ETag"]}'}
    )

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert {"Content-Length", "Content-Type"}.isdisjoint(again.headers.keys())


def _headers(response: Any) -> dict[str, str]:
    names = [name.lower() for name, _ in response.headers]
    assert len(names) == len(set(names))
    closing = {"connection"}  # said when a body was not read to its end
    return {n.lower(): v for n, v in response.headers if n.lower() not in closing}


@pytest.mark.parametrize("method", ["get", "put", "options"])
def test_other_methods_are_for_flask(
    client: FlaskClient, worker_client: FlaskClient, site: Site, method: str
) -> None:
    """Also those that Flask refuses, or answers by itself."""
    expected = getattr(client, method)("/v1/kimson/page")
    got = getattr(worker_client, method)("/v1/kimson/page")

    assert (got.status_code, got.data) == (expected.status_code, expected.data)


def test_a_site_is_read_once_for_all_who_wait(
    settings: Settings, services: Services, site: Site, clock: FakeClock
) -> None:
    """A hundred first views make one reading, and none waits for a later one."""
    settings = replace(settings, site_cache_seconds=60)
    app = create_asgi_app(settings, clock)
    directory = app.services.sites.directory
    loads: list[str] = []
    load = directory.load

    def counting(slug: str, now: float) -> Any:
        loads.append(slug)
        return load(slug, now)

    directory.load = counting  # type: ignore[method-assign]
    with in_process(app) as served:
        client = conforming_client(served)
        _at_once(lambda: view(client), 100)
        clock.advance(31)  # past the half: read ahead, while it is still good
        view(client)
        wait_until(lambda: len(loads) == 2)
        wait_until(lambda: not app.services.sites.in_loop._reading)
        view(client)

    assert loads == ["kimson", "kimson"]
    assert services.traffic.views.counts(site, clock.now()).views.total == 102


def _at_once(action: Callable[[], Any], times: int) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(asyncio.to_thread(action) for _ in range(times)))

    asyncio.run(all_of_them())


def test_the_service_starts_without_redis_and_recovers(
    settings: Settings, clock: FakeClock, tmp_path: Path
) -> None:
    """503 with Retry-After in time; when Redis comes, 200; when it stops, 202, in time."""
    server = EmbeddedRedis(tmp_path / "late")
    settings = replace(settings, redis_url=server.url, redis_timeout=0.1, site_cache_seconds=300)
    services = create_services(settings, clock)

    with in_process(create_asgi_app(settings, clock)) as app:
        client = conforming_client(app)
        away = _timed(client)
        server.start()
        try:
            services.sites.sites.add(
                Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))
            )
            wait_until(lambda: view(client).status_code == 200)
            counted = view(client)
            os.kill(server.pid or 0, signal.SIGSTOP)
            stopped = [_timed(client) for _ in range(3)]
            os.kill(server.pid or 0, signal.SIGCONT)
            wait_until(lambda: view(client).status_code == 200)
        finally:
            server.stop()
        gone = _timed(client)

    assert counted.get_json()["counted"] is True
    assert away[0].status_code == 503, "nobody knows yet whether there is such a site"
    assert away[0].headers["Retry-After"] == "5"
    assert away[0].get_json()["code"] == "store-unavailable"
    for response, _ in [*stopped, gone]:
        assert response.status_code == 202
        assert response.content_type == "application/problem+json"
        assert response.get_json()["code"] == "view-kept"
    assert max(seconds for _, seconds in [away, *stopped, gone]) < 0.5


def test_views_are_kept_while_redis_refuses_the_user(
    settings: Settings, clock: FakeClock, tmp_path: Path, serve: Serve
) -> None:
    """A right that was forgotten (NOPERM) loses no view: it is kept, and the next one counts."""
    server = restricted_user(tmp_path / "redis", f"~{settings.key_prefix}:*").start()
    try:
        url = server.url.replace("//", f"//{CREDENTIALS}@")
        settings = replace(settings, redis_url=url, site_cache_seconds=300)
        services = create_services(settings, clock)
        services.sites.sites.add(Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",)))
        client = serve(settings)
        before = view(client).status_code
        server.client.execute_command("ACL", "SETUSER", "stats-service", "-evalsha", "-eval")
        refused = view(client).status_code
        server.client.execute_command("ACL", "SETUSER", "stats-service", "+evalsha", "+eval")
        after = view(client).status_code
    finally:
        server.kill()

    assert (before, refused, after) == (200, 202, 200)


def _timed(client: FlaskClient) -> tuple[Any, float]:
    begin = time.monotonic()
    response = view(client)
    return response, time.monotonic() - begin


def test_a_header_with_an_underscore_is_not_believed(
    settings: Settings, site: Site, clock: FakeClock
) -> None:
    """X_Forwarded_For is nobody's, and several X-Forwarded-For are one list."""
    settings = replace(settings, trusted_proxies=1)
    app = create_asgi_app(settings, clock)
    body = b'{"hit": "0123456789abcdef", "article": "/tin/1"}'
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/kimson/page",
        "raw_path": b"/v1/kimson/page",
        "client": None,
        "headers": [
            (b"user-agent", BROWSER.encode()),
            (b"origin", ORIGIN.encode()),
            (b"x-forwarded-for", b"192.0.2.1"),
            (b"x-forwarded-for", b"192.0.2.2"),
            (b"x_forwarded_for", b"192.0.2.3"),
        ],
    }
    seen: list[str] = []
    recorder = app.services.traffic.recorder
    record = recorder.record_view

    def spy(entry: Any, query: Any, visitor: Any, now: float, reply: Any) -> None:
        seen.append(visitor.address)
        record(entry, query, visitor, now, reply)

    recorder.record_view = spy  # type: ignore[method-assign]
    sent: list[dict[str, Any]] = []

    async def main() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app.services.loop.start()
        await app(scope, receive, send)
        await app.services.loop.stop()

    asyncio.run(main())

    assert sent[0]["status"] == 200
    assert seen == ["192.0.2.2"]
