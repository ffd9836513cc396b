"""`/metrics`: who may read it, what it counts, and that all workers are in it."""

import json
import os
import re
import signal
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stats_service.app import create_app
from stats_service.config import Settings
from stats_service.meters import BOUNDS, Meters, Sums, process_ended
from stats_service.models.sites import Site
from stats_service.web.http.context import EXTENSION
from tests.support.away import lose_redis
from tests.support.clock import FakeClock
from tests.support.crowd import Request, send_all
from tests.support.openapi import MakeApp, Serve
from tests.support.pages import BROWSER, ORIGIN, new_hit, view
from tests.support.processes import wait_until
from tests.support.server import running_service

TOKEN = "metrics-" + "0" * 32
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def measured(settings: Settings, make_app: MakeApp, site: Site) -> Flask:
    """Give the application of an installation that is watched."""
    return make_app(replace(settings, metrics_token=TOKEN))


def values(text: str) -> dict[str, float]:
    """Return each line's value by its name with labels."""
    rows = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(number) for name, _, number in rows}


def test_without_a_token_there_is_no_such_page(client: FlaskClient, measured: Flask) -> None:
    """Nor with a wrong one, nor for an installation that has none."""
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    watched = measured.test_client()
    assert watched.get("/metrics").status_code == 404
    assert watched.get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 404
    assert watched.get("/metrics", headers=BEARER).status_code == 200


def test_what_is_counted(measured: Flask) -> None:
    """Views by result, requests by route, Redis, and the sites."""
    client = measured.test_client()
    hit = new_hit()
    view(client, hit=hit)
    view(client, hit=hit)
    view(client, user_agent="curl/8")
    view(client, slug="nobody")
    view(client, beat=True, hit="")
    client.get("/nothing")

    response = client.get("/metrics", headers=BEARER)

    found = values(response.text)
    assert response.headers["Cache-Control"] == "no-store"
    assert found['stats_views_total{result="counted"}'] == 1
    assert found['stats_views_total{result="duplicate"}'] == 1
    assert found['stats_views_total{result="bot"}'] == 1
    assert found['stats_views_total{result="beat"}'] == 1
    assert found['stats_views_total{result="unknown-site"}'] == 1
    assert found['stats_requests_total{route="none",status="404"}'] == 1
    assert found["stats_redis_up"] == 1
    assert found['stats_redis_writes_ok{server="0"}'] == 1
    assert found['stats_site_online{site="kimson"}'] == 1
    assert found['stats_site_views_today{site="kimson"}'] == 1
    assert found["stats_spool_views"] == 0
    assert found["stats_workers"] == 1


def test_a_pixel_is_a_view_too(measured: Flask) -> None:
    """Each GET once, by what became of it; whoever asks for the head is no reader."""
    client = measured.test_client()
    page = {"Referer": f"{ORIGIN}/tin/1", "User-Agent": BROWSER}
    client.get("/v1/kimson/dot.gif", headers=page)
    client.get("/v1/kimson/dot.gif", headers=page | {"User-Agent": "curl/8"})
    client.get("/v1/nobody/dot.gif", headers=page)
    client.head("/v1/kimson/dot.gif", headers=page)
    lose_redis(measured.extensions[EXTENSION])
    client.get("/v1/kimson/dot.gif", headers=page)

    found = values(client.get("/metrics", headers=BEARER).text)

    views = {name: number for name, number in found.items() if name.startswith("stats_views")}
    assert views == {
        f'stats_views_total{{result="{result}"}}': 1
        for result in ("counted", "bot", "unknown-site", "view-kept")
    }


def test_ballots_and_ratings_by_what_became_of_them(
    serve: Serve, settings: Settings, clock: FakeClock, site: Site
) -> None:
    """Taken or refused, and why, whichever way they are answered."""
    client = serve(replace(settings, metrics_token=TOKEN))
    view(client, "/tin/1")
    page = view(client, "/tin/1", voter="").get_json()
    clock.advance(60)
    rating = {"article": "/tin/1", "score": 4, "voter": page["voter"]}
    headers = {"User-Agent": BROWSER, "Origin": ORIGIN}

    for body in (rating, rating | {"score": 9}):
        client.post("/v1/kimson/ratings", data=json.dumps(body), headers=headers)
    client.post("/v1/kimson/polls/none/ballots", data="{}", headers=headers)

    found = values(client.get("/metrics", headers=BEARER).text)
    assert found['stats_ratings_total{result="counted"}'] == 1
    assert found['stats_ratings_total{result="invalid-input"}'] == 1
    assert found['stats_ballots_total{result="invalid-input"}'] == 1
    assert found['stats_requests_total{route="ratings.rate_article",status="200"}'] == 1
    assert found['stats_requests_total{route="ratings.rate_article",status="400"}'] == 1
    assert found['stats_requests_total{route="polls.cast_ballot",status="400"}'] == 1
    assert found['stats_request_seconds_count{route="ratings.rate_article"}'] == 2


def test_redis_away_is_a_metric(settings: Settings, clock: FakeClock) -> None:
    """The page answers, for that is when somebody looks."""
    gone = replace(settings, redis_url="unix:///nowhere.sock", metrics_token=TOKEN)
    app = create_app(gone, clock)

    response = app.test_client().get("/metrics", headers=BEARER)

    assert response.status_code == 200
    assert values(response.text)["stats_redis_up"] == 0


def test_all_workers_are_in_it(settings: Settings, site: Site) -> None:
    """Whichever of them answers; also what one had counted that was ended since."""
    watched = replace(settings, metrics_token=TOKEN, workers=2)
    headers = {"Content-Type": "text/plain", "User-Agent": BROWSER, "Origin": ORIGIN}
    requests = [
        Request("/v1/kimson/page", f'{{"hit":"{new_hit()}"}}'.encode(), headers) for _ in range(200)
    ]

    with running_service(
        watched,
        app="stats_service.app:create_asgi_app()",
        environ={"STATS_METRICS_TOKEN": TOKEN},
    ) as url:
        answers = send_all([url], requests, 16)
        assert {answer.status for answer in answers} == {200}

        def counted() -> float:
            request = urllib.request.Request(f"{url}/metrics", headers=BEARER)
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    found = values(answer.read().decode())
            except OSError:  # the worker that was asked is just ending
                return 0
            both = found["stats_workers"] == 2
            return found['stats_views_total{result="counted"}'] if both else 0

        wait_until(lambda: counted() == 200)
        for pid in _workers(url):
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: counted() == 200)


def _workers(url: str) -> list[int]:
    """Return the ids of the workers behind `url`, by the folder where they leave their sums."""
    port = url.rpartition(":")[2]
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
            parent = re.search(r"PPid:\t(\d+)", (folder / "status").read_text())
        except OSError:
            continue
        if f"STATS_BIND=127.0.0.1:{port}".encode() in environ and parent:
            found.append((int(folder.name), int(parent[1])))
    masters = {pid for pid, parent in found if parent == os.getpid()}
    return [pid for pid, parent in found if parent in masters]


def test_sums_of_processes(tmp_path: Path) -> None:
    """Those of living and ended processes add up, and each once."""
    first, second = Meters(), Meters()
    for meters, views in ((first, 3), (second, 4)):
        for _ in range(views):
            meters.view("counted")
        meters.time(0.003, "request", "a")
        meters.count("requests", "a", "200")
    (tmp_path / "77.json").write_text(_json(second))
    (tmp_path / "78.json").write_text(_json(second))
    process_ended(tmp_path, 77)
    process_ended(tmp_path, 77)
    first.share(tmp_path)

    sums, processes = first.total()

    assert processes == 2
    assert sums.counts["views", "counted"] == 3 + 4 + 4
    assert sums.counts["requests", "a", "200"] == 3
    assert sum(sums.times["request", "a"].buckets) == 3
    assert sums.times["request", "a"].buckets[BOUNDS.index(0.005)] == 3
    assert sums.times["request", "a"].seconds == pytest.approx(0.009)


def _json(meters: Meters) -> str:

    sums = Sums()
    sums.join(meters.document())
    return json.dumps(sums.to_document())


def test_the_example_dashboard_asks_for_metrics_that_exist(measured: Flask) -> None:
    """Each name in a query is one that `/metrics` has."""
    client = measured.test_client()
    view(client)
    text = client.get("/metrics", headers=BEARER).text
    known = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    dashboard = Path(__file__).parents[3] / "examples" / "grafana-dashboard.json"

    asked = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for panel in json.loads(dashboard.read_text())["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\bstats_\w+", target["expr"])
    }

    assert asked
    assert asked <= known
