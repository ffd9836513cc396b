"""Rating articles over HTTP: one score a voter, on the site's scale, changeable for a day.

One contract for both ways to answer it: Flask's route and the event loop.
"""

import json
from typing import Any
from unittest.mock import ANY

import pytest
import redis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stats_service.config import Settings
from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.redis_groups import client_of, keys_of
from tests.support.votes import WHO, new_voter

ARTICLE = "/tin/1"


@pytest.fixture(autouse=True)
def _viewed(site: Site, client: FlaskClient) -> None:
    """Every test here has the site, and one article that somebody has read."""
    view(client, ARTICLE)


def rate(
    client: FlaskClient,
    voter: str,
    score: Any,
    article: str = ARTICLE,
    *,
    address: str = "192.0.2.1",
    origin: str = ORIGIN,
) -> TestResponse:
    """Send a rating; a string as score goes into the JSON as it is."""
    text = score if isinstance(score, str) else json.dumps(score)
    body = f'{{"article": {json.dumps(article)}, "score": {text}, "voter": {json.dumps(voter)}}}'
    return client.post(
        "/v1/kimson/ratings",
        data=body,
        content_type="text/plain",
        headers={"User-Agent": BROWSER, "Origin": origin},
        environ_base={"REMOTE_ADDR": address},
    )


def counts(client: FlaskClient, article: str = ARTICLE) -> list[int]:
    """Return the histogram of an article."""
    answer = client.get("/v1/kimson/ratings", query_string={"article": article}).get_json()
    return list(answer["ratings"][article]["rating"]["counts"])


def outcome(response: TestResponse) -> str:
    """Return what became of a rating that was taken."""
    return str(response.get_json()["outcome"])


def code(response: TestResponse) -> tuple[int, str]:
    """Return status and code of a problem."""
    return response.status_code, response.get_json()["code"]


def test_a_rating_counts_and_comes_with_the_page_view(
    client: FlaskClient, services: Services
) -> None:
    """For the article itself and for the listed ones, only where ratings are asked for."""
    rate(client, new_voter(services), 4)

    response = rate(client, new_voter(services), 5)

    expected = {"count": 2, "average": 4.5, "scale": 5, "counts": [0, 0, 0, 1, 1]}
    body = response.get_json()
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert (body["outcome"], body["score"]) == ("counted", 5)
    assert body["until"] == "2026-03-05T12:00:00+07:00"
    assert body["article"] == {"key": ARTICLE, "rating": expected}
    page = view(client, "/tin/2", articles=[ARTICLE], rating=True).get_json()
    assert page["articles"][ARTICLE]["rating"] == expected
    assert page["article"]["rating"]["count"] == 0
    assert "rating" not in view(client, ARTICLE).get_json()["article"]


@pytest.mark.parametrize(
    "score",
    ["NaN", "1e400", "1e5", str(2**63), "1" * 5_000, "-1", "6", "4.5", '"5"', "[5]", "null"],
)
def test_a_score_that_is_none_adds_nothing(
    client: FlaskClient, services: Services, score: str
) -> None:
    """T4: 400, whatever the number looks like."""
    assert code(rate(client, new_voter(services), score)) == (400, "invalid-input")
    assert sum(counts(client)) == 0


def test_rating_again_within_a_day_moves_one_unit(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Once the day is over the score is fixed; the day begins with the first score."""
    voter = new_voter(services)
    rate(client, voter, 2)
    rate(client, new_voter(services), 2)

    same = rate(client, voter, 2).get_json()
    clock.advance(86_400 - 1)
    changed = rate(client, voter, 5).get_json()
    clock.advance(1)
    late = rate(client, voter, 1)
    clock.advance(10 * 86_400)
    later = rate(client, voter, 1)

    assert same["outcome"] == "unchanged"
    assert changed["outcome"] == "changed"
    assert changed["until"] == same["until"]
    assert code(late) == code(later) == (409, "already-rated")
    assert late.get_json()["article"]["rating"]["counts"] == [0, 1, 0, 0, 1]
    assert counts(client) == [0, 1, 0, 0, 1]


def test_an_article_that_nobody_has_read_cannot_be_rated(
    client: FlaskClient, services: Services, redis_client: redis.Redis, settings: Settings
) -> None:
    """So inventing articles costs no memory beyond the cap on articles."""
    before = keys_of(redis_client, f"{settings.key_prefix}:*")

    assert code(rate(client, new_voter(services), 4, "/none")) == (404, "unknown-article")

    # The limiter's counter of the minute.
    assert len(keys_of(redis_client, f"{settings.key_prefix}:*")) <= len(before) + 1
    assert code(rate(client, new_voter(services), 4, "javascript:x")) == (400, "invalid-input")


def test_the_same_rules_for_who_may_rate(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Token, its age and site; the page's host."""
    assert code(rate(client, "", 4)) == (403, "voter-refused")
    assert code(rate(client, new_voter(services, slug="other"), 4)) == (403, "voter-refused")
    assert code(rate(client, new_voter(services, age=1), 4)) == (403, "voter-too-new")
    assert code(rate(client, new_voter(services), 4, origin="null")) == (403, "host")
    assert sum(counts(client)) == 0


def test_one_network_rates_up_to_a_ceiling(
    client: FlaskClient, services: Services, site: Site
) -> None:
    """Beyond it ratings are held, and changed there; a change of one that counts counts."""
    services.sites.sites.edit("kimson", rating_ceiling=2)
    voters = [new_voter(services) for _ in range(3)]

    answers = [outcome(rate(client, voter, 4)) for voter in voters]

    assert answers == ["counted", "counted", "held"]
    assert outcome(rate(client, voters[0], 5)) == "changed"
    assert outcome(rate(client, voters[2], 5)) == "held"
    assert outcome(rate(client, voters[2], 5)) == "held"
    assert outcome(rate(client, new_voter(services), 1, address="192.0.2.2")) == "counted"
    assert counts(client) == [1, 0, 0, 1, 1]
    (group,) = services.ratings.review.held(site)
    assert (group.article, group.counts) == (ARTICLE, (0, 0, 0, 0, 1))
    assert services.ratings.review.faults(site) == []


def test_ratings_that_are_held_are_released_or_rejected(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """With an entry in the log; what their voters do afterwards follows; a rejection is undone."""
    services.sites.sites.edit("kimson", rating_ceiling=1)
    rate(client, new_voter(services), 4)
    released, rejected = new_voter(services), new_voter(services)
    rate(client, released, 1)
    review, now = services.ratings.review, clock.now()

    review.release(site, review.held(site)[0].id, WHO, now)
    assert counts(client) == [1, 0, 0, 1, 0]
    assert outcome(rate(client, released, 2)) == "changed"
    rate(client, rejected, 5)
    (group,) = review.held(site)
    review.reject(site, group.id, WHO, now)

    assert counts(client) == [0, 1, 0, 1, 0]
    assert outcome(rate(client, rejected, 3)) == "held"
    assert outcome(rate(client, new_voter(services), 3)) == "held"  # of the same ten minutes
    assert review.held(site) == []
    assert [one.counts for one in review.voided(site)] == [(0, 0, 2, 0, 0)]
    assert review.faults(site) == []
    review.restore(site, group.id, WHO, now)
    assert counts(client) == [0, 1, 2, 1, 0]
    assert sum(sum(slot.counts) for slot in review.slots(site, ARTICLE, now)) == 4
    assert review.faults(site) == []
    log = services.accounts.audit.newest("kimson")[:3]
    assert [entry.what for entry in log] == [
        "rating.restored",
        "rating.rejected",
        "rating.released",
    ]
    assert [entry.subject for entry in log] == [ARTICLE] * 3
    assert (log[2].before, log[1].after["ratings"]) == ({"group": ANY, "ratings": 1}, 1)
    for decide in (review.release, review.reject):
        with pytest.raises(NotFoundError):
            decide(site, "0" * 12, WHO, now)


def test_a_rating_can_be_taken_back_within_its_day(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """As if it had never been given: its voter may rate anew; twice is once; later it stays."""
    services.sites.sites.edit("kimson", rating_ceiling=4)
    voter, other = new_voter(services), new_voter(services)
    rate(client, voter, 5)
    rate(client, other, 5)

    clock.advance(86_399)
    first, again = rate(client, voter, 0), rate(client, voter, 0)
    assert first.get_json() == again.get_json()
    assert (outcome(first), first.get_json()["score"], first.get_json()["until"]) == (
        "withdrawn",
        0,
        "",
    )
    assert counts(client) == [0, 0, 0, 0, 1]
    assert services.ratings.review.faults(site) == []
    clock.advance(1)
    assert code(rate(client, other, 0)) == (409, "already-rated")
    assert outcome(rate(client, voter, 2)) == "counted"
    # Each of these counts for the network, so that nobody turns in a circle.
    outcomes = [outcome(rate(client, voter, score)) for score in (0, 3, 0, 3, 0, 3, 0, 3)]
    assert outcomes[1::2] == ["counted", "counted", "counted", "held"]
    assert len(services.ratings.review.held(site)) == 1
    assert outcome(rate(client, voter, 0)) == "withdrawn"
    assert services.ratings.review.held(site) == []
    assert counts(client) == [0, 0, 0, 0, 1]
    assert services.ratings.review.faults(site) == []


def test_a_customer_with_many_networks_rates_up_to_a_ceiling(
    client: FlaskClient, services: Services
) -> None:
    """A /48 may give three times as many ratings as one of its 65,536 networks."""
    services.sites.sites.edit("kimson", rating_ceiling=2)

    answers = [
        rate(client, new_voter(services), 1, address=f"2001:db8:1:{number:x}::1")
        for number in range(7)
    ]

    assert [outcome(answer) for answer in answers] == ["counted"] * 6 + ["held"]
    assert outcome(rate(client, new_voter(services), 1, address="2001:db8:2::1")) == "counted"


def test_thumbs_are_a_scale_of_two_fixed_by_the_first_rating(
    client: FlaskClient, services: Services
) -> None:
    """A score of 2 would mean something else on another scale."""
    services.sites.sites.edit("kimson", rating_scale=2)
    rate(client, new_voter(services), 2)

    assert code(rate(client, new_voter(services), 3)) == (400, "invalid-input")
    assert counts(client) == [0, 1]
    with pytest.raises(ConflictError, match="rating_scale 5"):
        services.sites.sites.edit("kimson", rating_scale=5)
    services.sites.sites.edit("kimson", name="Kim Sơn mới")


def test_the_best_rated_are_ranked_by_the_bayesian_average(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """One 5 does not beat ten ratings of 4 or more; too few are not ranked."""
    many, one, bad = "/tin/many", "/tin/one", "/tin/bad"
    for article, scores in ((many, [5] * 6 + [4] * 4), (one, [5]), (bad, [1] * 5)):
        view(client, article)
        for score in scores:
            rate(client, new_voter(services), score, article)

    top = client.get("/v1/kimson/ratings/top?min=1").get_json()
    strict = client.get("/v1/kimson/ratings/top").get_json()

    mean = (46 + 5 + 5) / 16
    assert top["mean"] == mean
    assert [article["key"] for article in top["articles"]] == [many, one, bad]
    assert top["articles"][0]["weighted"] == round((10 * mean + 46) / 20, 2)
    assert top["articles"][1]["weighted"] == round((10 * mean + 5) / 11, 2)
    assert [article["key"] for article in strict["articles"]] == [many, bad]
    for query in ("limit=0", "limit=101", "limit=x", "min=0", "min=-1"):
        assert code(client.get(f"/v1/kimson/ratings/top?{query}")) == (400, "invalid-input")


def json_ld(client: FlaskClient, **query: str) -> TestResponse:
    """Ask for the rating of an article as schema.org has it."""
    return client.get("/v1/kimson/ratings/jsonld", query_string=query)


def test_a_rating_can_be_printed_as_json_ld(client: FlaskClient, services: Services) -> None:
    """With nothing in it that could end a script element; nothing at all without ratings."""
    key = """bài 'viết' & "khác\""""
    view(client, key)
    rate(client, new_voter(services), 4)
    rate(client, new_voter(services), 3, key)

    answer = json_ld(client, article="http://kimson.example.vn/tin/1#a")
    explicit = json_ld(client, article=key)
    named = json_ld(client, article=key, name="</script><b>")
    empty = json_ld(client, article="/tin/3")

    assert answer.mimetype == "application/ld+json"
    assert json.loads(answer.data) == {
        "@context": "https://schema.org",
        "@type": "AggregateRating",
        "itemReviewed": {
            "@type": "MediaObject",
            "name": "Kim Sơn: /tin/1",
            "url": "http://kimson.example.vn/tin/1",
        },
        "ratingValue": 4.0,
        "ratingCount": 1,
        "bestRating": 5,
        "worstRating": 1,
    }
    assert b"<" not in named.data
    assert json.loads(named.data)["itemReviewed"]["name"] == "</script><b>"
    assert json.loads(explicit.data)["itemReviewed"] == {
        "@type": "MediaObject",
        "name": f"Kim Sơn: {key}",
    }
    assert (empty.status_code, empty.data) == (204, b"")


def test_site_and_page_say_what_is_rated(client: FlaskClient, services: Services) -> None:
    """Its type, its name, its address; none that the rules of search engines forbid."""
    services.sites.sites.edit("kimson", rated_type="Course", rated_name="Khóa học")
    view(client, ARTICLE)
    rate(client, new_voter(services), 4)

    def item(**query: str) -> dict[str, str]:
        return dict(json.loads(json_ld(client, article=ARTICLE, **query).data)["itemReviewed"])

    assert item() == {"@type": "Course", "name": "Khóa học: /tin/1"}
    assert item(type="Book", name="Sách", url="https://kimson.example.vn/s?id=1") == {
        "@type": "Book",
        "name": "Sách",
        "url": "https://kimson.example.vn/s?id=1",
    }
    for bad in (
        {"type": "Article"},
        {"type": "CreativeWork"},
        {"name": "a\u202eb"},
        {"url": "https://evil.example/"},
        {"url": "javascript:alert(1)"},
    ):
        assert code(json_ld(client, article=ARTICLE, **bad)) == (400, "invalid-input"), bad
    with pytest.raises(InvalidInputError, match="rated_type 'NewsArticle'"):
        services.sites.sites.edit("kimson", rated_type="NewsArticle")


def test_ratings_can_be_taken_out_and_put_back(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """Audited; who has rated does not rate again; the sums stay sound."""
    voter = new_voter(services)
    rate(client, voter, 1)
    rate(client, new_voter(services), 1)

    made = services.ratings.review.void(site, ARTICLE, None, WHO, clock.now())

    assert sum(counts(client)) == 0
    assert services.ratings.review.voided(site) == [made]
    assert (made.article, made.counts, made.begin) == (ARTICLE, (2, 0, 0, 0, 0), 0)
    assert services.ratings.review.faults(site) == []
    clock.advance(600)
    rate(client, new_voter(services), 5)
    assert counts(client) == [0, 0, 0, 0, 1]
    services.ratings.review.restore(site, made.id, WHO, clock.now())
    assert counts(client) == [2, 0, 0, 0, 1]
    assert services.ratings.review.voided(site) == []
    assert services.ratings.review.faults(site) == []
    whats = [entry.what for entry in services.accounts.audit.newest("kimson")]
    assert whats[:2] == ["rating.restored", "rating.voided"]
    with pytest.raises(NotFoundError):
        services.ratings.review.restore(site, made.id, WHO, clock.now())


def test_nothing_that_names_a_rater_outlives_the_change_but_a_pseudonym(
    client: FlaskClient, services: Services, redis_server: str, settings: Settings
) -> None:
    """Which score came from whom is gone after 36 hours; that somebody has rated stays."""
    rate(client, new_voter(services), 4)

    with client_of(redis_server, decode_responses=False) as raw:
        recent = keys_of(raw, f"{settings.key_prefix}:{{kimson}}:rated:*")
        raters = keys_of(raw, f"{settings.key_prefix}:{{kimson}}:raters:*")
        assert len(recent) == len(raters) == 1
        assert 0 < raw.ttl(recent[0]) <= 36 * 3600
        assert {len(rater) for rater in raw.smembers(raters[0])} == {8}
