"""`stats-service rating`: what it prints, and what is stored."""

import json
import time

import pytest
from flask.testing import FlaskClient

from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Visitor
from stats_service.services.container import Services
from stats_service.services.periods import local_minute
from tests.cli.conftest import Run
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.votes import new_voter

ARTICLE = "/tin/1"


@pytest.fixture(autouse=True)
def _rated(site: Site, client: FlaskClient, services: Services) -> None:
    """Every test here has an article with two ratings."""
    view(client, ARTICLE)
    for score in (4, 5):
        body = {"article": ARTICLE, "score": score, "voter": new_voter(services)}
        headers = {"User-Agent": BROWSER, "Origin": ORIGIN}
        client.post("/v1/kimson/ratings", data=json.dumps(body), headers=headers)


def test_show_and_top(run: Run) -> None:
    """For people and for programs."""
    assert "4.50 of 5 (2 ratings" in run("rating", "show", "kimson", ARTICLE).stdout
    shown = json.loads(run("rating", "show", "kimson", ARTICLE, "--json").stdout)
    assert shown["ratings"][ARTICLE]["rating"]["counts"] == [0, 0, 0, 1, 1]
    assert ARTICLE not in run("rating", "top", "kimson").stdout
    assert ARTICLE in run("rating", "top", "kimson", "--min", "2").stdout
    top = json.loads(run("rating", "top", "kimson", "--min", "1", "--json").stdout)
    assert top["articles"][0]["weighted"] == 4.5


def test_void_restore_and_check(run: Run) -> None:
    """What is taken out can be put back; the sums agree throughout."""
    assert "(0 ratings" in run("rating", "void", "kimson", ARTICLE).stdout
    assert "Sound" in run("rating", "check", "kimson").stdout
    decision = run("rating", "voided", "kimson").stdout.splitlines()[1].split()[0]
    assert "(2 ratings" in run("rating", "restore", "kimson", decision).stdout
    assert "no decision" in run("rating", "restore", "kimson", decision, code=2).stderr
    assert "no ratings" in run("rating", "void", "kimson", "/none", code=2).stderr


def test_held_ratings(run: Run, services: Services, client: FlaskClient) -> None:
    """Listed, counted, taken out, put back."""
    services.sites.sites.edit("kimson", rating_ceiling=1)
    for score in (1, 1):
        body = {"article": ARTICLE, "score": score, "voter": new_voter(services)}
        headers = {"User-Agent": BROWSER, "Origin": ORIGIN}
        client.post("/v1/kimson/ratings", data=json.dumps(body), headers=headers)
    group = run("rating", "held", "kimson").stdout.splitlines()[1].split()[0]

    assert "2 ratings" in run("rating", "reject", "kimson", group).stdout
    assert "Sound" in run("rating", "check", "kimson").stdout
    assert "(4 ratings" in run("rating", "restore", "kimson", group).stdout
    assert "No ratings wait" in run("rating", "release", "kimson", "all", code=2).stderr
    assert "Sound" in run("rating", "check", "kimson").stdout


def test_a_span_is_taken_out_alone(run: Run, services: Services, site: Site) -> None:
    """In the site's own time; what was rated outside of it stays."""
    now = time.time()
    entry, voter = (
        services.sites.directory.entry("kimson", now),
        services.polls.voters.issue("kimson", now - 9),
    )
    visitor = Visitor("", BROWSER, ORIGIN, private=False, prefetch=False)
    services.loop.run(
        services.ratings.ratings.rate_article(entry, RatingQuery(ARTICLE, 1, voter), visitor, now)
    )
    void = ("rating", "void", "kimson", ARTICLE, "--from")
    begin, end = local_minute(now - 60, site.timezone), local_minute(now + 60, site.timezone)

    assert "no ratings" in run(*void, "2026-03-03T12:00", "--to", "2026-03-04T12:00", code=2).stderr
    assert "go together" in run(*void, begin, code=2).stderr
    assert "Write times like" in run(*void, begin, "--to", "noon", code=2).stderr
    assert "Taken out: 1" in run(*void, begin, "--to", end).stdout
    assert "(2 ratings" in run("rating", "show", "kimson", ARTICLE).stdout
    assert ARTICLE in run("rating", "voided", "kimson").stdout
    assert "RATINGS" in run("rating", "bursts", "kimson").stdout


def test_check_fails_where_sums_do_not_agree(run: Run, services: Services) -> None:
    """Exit code 1, and the article."""
    key = f"{services.settings.key_prefix}:{{kimson}}:ratings"
    services.ratings.ratings._store._client.hset(key, ARTICLE, "0,0,0,2,1")

    assert f"NOT SOUND: {ARTICLE}" in run("rating", "check", "kimson", code=1).stdout
