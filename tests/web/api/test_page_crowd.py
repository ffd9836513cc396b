"""Many readers at the same moment, over real sockets: every total is exact."""

import json
import random
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.crowd import Request, send_all
from tests.support.pages import BROWSER, ORIGIN
from tests.support.server import running_service

VIEWS = 20_000
ARTICLES = 50
READERS = 400
CLIENTS = 200


@pytest.mark.parametrize("services_count", [1, 2])
def test_a_crowd_is_counted_exactly(
    settings: Settings, services: Services, site: Site, services_count: int
) -> None:
    """20,000 requests of 200 clients over 50 articles, a fifth of them repeats of a hit id."""
    settings = replace(settings, trusted_proxies=1)
    chance = random.Random(7)
    hits = [(f"hit-{number:012d}", chance.randrange(ARTICLES)) for number in range(VIEWS * 4 // 5)]
    loads = hits + chance.choices(hits, k=VIEWS - len(hits))
    chance.shuffle(loads)
    requests = [
        Request(
            "/v1/kimson/page",
            json.dumps({"hit": hit, "article": f"/tin/{article}"}).encode(),
            {
                "User-Agent": BROWSER,
                "Origin": ORIGIN,
                "X-Forwarded-For": f"198.18.{number % READERS // 250}.{number % READERS % 250}",
            },
        )
        for number, (hit, article) in enumerate(loads)
    ]

    with ExitStack() as stack:
        urls = [stack.enter_context(running_service(settings)) for _ in range(services_count)]
        answers = send_all(urls, requests, CLIENTS)

    assert Counter(answer.status for answer in answers) == {200: VIEWS}
    ignored = Counter(answer.headers.get("stats-ignored", "") for answer in answers)
    assert ignored == {"": len(hits), "duplicate": VIEWS - len(hits)}
    now = services.clock.now()
    counts = services.traffic.counts(site, now)
    assert counts.views.total == len(hits)
    articles = services.traffic.articles(site, [f"/tin/{n}" for n in range(ARTICLES)], now)
    expected = Counter(f"/tin/{article}" for _, article in hits)
    assert {name: numbers.views for name, numbers in articles.items()} == dict(expected)
    totals = [json.loads(answer.body)["site"]["views"]["total"] for answer in answers]
    assert max(totals) == len(hits)
