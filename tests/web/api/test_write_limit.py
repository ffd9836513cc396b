"""How many ballots and ratings a network may send at a time, whichever way they are answered."""

import json
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
import redis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stats_service.app import create_app, create_asgi_app
from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.http.context import EXTENSION
from tests.support.asgi import in_process
from tests.support.clock import FakeClock
from tests.support.openapi import Serve, conforming_client
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.votes import make_poll, new_voter, vote

POLL = "muc-quan-tam"


@pytest.fixture(autouse=True)
def _poll(site: Site, services: Services) -> None:
    """Every test here has the site and a poll."""
    make_poll(services)


def rate(client: FlaskClient, body: str, address: str = "192.0.2.1") -> TestResponse:
    """Send what may be a rating."""
    return client.post(
        "/v1/kimson/ratings",
        data=body,
        headers={"User-Agent": BROWSER, "Origin": ORIGIN},
        environ_base={"REMOTE_ADDR": address},
    )


def test_too_many_of_one_network_have_to_wait(
    serve: Serve, settings: Settings, services: Services
) -> None:
    """429 with Retry-After and CORS; another network, and page views, go on."""
    client = serve(replace(settings, write_limit=3))

    answers = [vote(client, new_voter(services), "a") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert answers[-1].get_json()["code"] == "too-many-requests"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].headers["Access-Control-Allow-Origin"] == ORIGIN
    assert vote(client, new_voter(services), "a", address="192.0.2.2").status_code == 200
    assert view(client).status_code == 200
    assert services.polls.polls.tally("kimson", POLL).ballots == 4
    report = services.polls.integrity.report(
        "kimson", POLL, "Asia/Ho_Chi_Minh", services.clock.now()
    )
    assert report.outcomes == {"counted": 4, "too-many-requests": 2}
    assert report.hours[0].ballots == report.outcomes
    assert report.sound


def test_a_flood_at_a_poll_that_is_none_leaves_nothing_behind(
    serve: Serve, settings: Settings, redis_client: redis.Redis
) -> None:
    """Names of polls can be invented; reports of them are not kept."""
    client = serve(replace(settings, write_limit=1))

    answers = [vote(client, "", "a", poll=f"none-{n}") for n in range(20)]

    assert [answer.status_code for answer in answers[1:]] == [429] * 19
    assert not list(redis_client.scan_iter("*:none-*"))


def test_what_cannot_be_used_counts_as_well_and_each_route_by_itself(
    serve: Serve, settings: Settings, services: Services
) -> None:
    """Rubbish takes from the limit of its sender, who is a /64, and only from that of its route."""
    client = serve(replace(settings, write_limit=2))

    rubbish = [rate(client, "{", f"2001:db8::{number}") for number in range(3)]
    other = vote(client, new_voter(services), "a", address="2001:db8::1")

    assert [answer.status_code for answer in rubbish] == [400, 400, 429]
    assert other.status_code == 200


def test_nobody_shares_a_limit_with_those_whose_address_is_not_known(
    serve: Serve, settings: Settings
) -> None:
    """Behind a Unix socket, if the proxy says nothing."""
    client = serve(replace(settings, write_limit=1))

    assert [rate(client, "{", "").status_code for _ in range(3)] == [400] * 3


def test_the_limit_is_one_for_all_workers_and_both_ways(
    settings: Settings, services: Services, clock: FakeClock
) -> None:
    """Two event loops and a plain Flask get 300 ballots of a network at once: 100 count."""
    settings = replace(settings, write_limit=100, site_cache_seconds=60)
    voters = [new_voter(services) for _ in range(300)]
    flask = create_app(settings, clock)

    def send(number: int) -> TestResponse:
        return vote(clients[number % 3], voters[number], "a", ballot=secrets.token_hex(12))

    with ExitStack() as stack, ThreadPoolExecutor(30) as threads:
        loops = [create_asgi_app(settings, clock) for _ in range(2)]
        apps = [flask, *(stack.enter_context(in_process(loop)) for loop in loops)]
        clients = [conforming_client(app) for app in apps]
        answers = list(threads.map(send, range(300)))
    flask.extensions[EXTENSION].close()

    assert Counter(answer.status_code for answer in answers) == {200: 100, 429: 200}
    assert services.polls.polls.tally("kimson", POLL).ballots == 100
    assert {json.loads(a.data)["code"] for a in answers if a.status_code == 429} == {
        "too-many-requests"
    }
