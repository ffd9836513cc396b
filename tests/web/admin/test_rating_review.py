"""Taking a burst of ratings out: exactly these, reversibly, with sums that stay right."""

import random
from collections import Counter
from contextlib import suppress

import pytest
from flask.testing import FlaskClient

from stats_service.errors import InvalidInputError, NotFoundError
from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Visitor
from stats_service.services.container import Services
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.votes import WHO, new_voter

ARTICLE = "/tin/1"
VISITOR = Visitor("192.0.2.1", BROWSER, ORIGIN, private=False, prefetch=False)


@pytest.fixture(autouse=True)
def _viewed(site: Site, client: FlaskClient) -> None:
    """Every test here has the site, and two articles that somebody has read."""
    view(client, ARTICLE)
    view(client, "/tin/2")


def rate(services: Services, score: int, article: str = ARTICLE, voter: str = "") -> str:
    """Rate as a new voter, or as one who is known; return the voter's token."""
    voter = voter or new_voter(services)
    now = services.clock.now()
    entry = services.sites.directory.entry("kimson", now)
    services.loop.run(
        services.ratings.ratings.rate_article(
            entry, RatingQuery(article, score, voter), VISITOR, now
        )
    )
    return voter


def counts(services: Services, site: Site, article: str = ARTICLE) -> list[int]:
    """Return the histogram that readers see."""
    return list(services.ratings.ratings.get(site, [article]).ratings[article].rating.counts)


def test_a_burst_is_seen_and_taken_out_alone(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """What came before, after, and to other articles stays; one decision takes it back."""
    rate(services, 5)
    clock.advance(3600)
    for _ in range(12):
        rate(services, 1)
        rate(services, 4, "/tin/2")
    burst_at = clock.now()
    clock.advance(3600)
    rate(services, 4)

    found = services.ratings.review.bursts(site, clock.now())
    (burst,) = [one for one in found if one.article == ARTICLE]
    assert (burst.rating.count, burst.rating.average) == (12, 1.0)
    assert burst.begin <= burst_at < burst.end
    made = services.ratings.review.void(site, ARTICLE, (burst.begin, burst.end), WHO, clock.now())

    assert made.counts == (12, 0, 0, 0, 0)
    assert counts(services, site) == [0, 0, 0, 1, 1]
    assert counts(services, site, "/tin/2") == [0, 0, 0, 12, 0]
    assert services.ratings.review.faults(site) == []
    assert [one.article for one in services.ratings.review.bursts(site, clock.now())] == ["/tin/2"]
    entry = services.accounts.audit.newest("kimson")[0]
    assert (entry.what, entry.subject, entry.who) == ("rating.voided", ARTICLE, WHO)
    assert entry.after["ratings"] == 12
    services.ratings.review.restore(site, made.id, WHO, clock.now())
    assert counts(services, site) == [12, 0, 0, 1, 1]
    assert len(services.ratings.review.bursts(site, clock.now())) == 2


def test_a_burst_around_the_full_hour_is_one(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """An hour begins with any ten minutes; a single rating far from the others is not in it."""
    rate(services, 5)
    clock.advance(2 * 3600 - 1200)
    for _ in range(4):
        for _ in range(4):
            rate(services, 1)
        clock.advance(600)
    clock.advance(3 * 3600)
    rate(services, 5)
    clock.advance(48 * 3600)
    for _ in range(10):
        rate(services, 2)

    later, burst = services.ratings.review.bursts(site, clock.now())

    assert burst.rating.counts == (16, 0, 0, 0, 0)
    assert burst.end - burst.begin == 2400
    assert later.rating.counts == (0, 10, 0, 0, 0)
    assert later.end - later.begin == 600


def test_a_score_that_was_taken_out_can_change_and_stays_out(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """A change within the day moves it where it is, so that no sum goes below zero."""
    voter = rate(services, 1)
    begin = clock.now()
    made = services.ratings.review.void(site, ARTICLE, (begin, begin + 600), WHO, clock.now())
    clock.advance(7200)

    rate(services, 5, voter=voter)

    assert counts(services, site) == [0, 0, 0, 0, 0]
    assert services.ratings.review.voided(site)[0].counts == (0, 0, 0, 0, 1)
    services.ratings.review.restore(site, made.id, WHO, clock.now())
    assert counts(services, site) == [0, 0, 0, 0, 1]
    rate(services, 2, voter=voter)
    assert counts(services, site) == [0, 1, 0, 0, 0]
    assert services.ratings.review.faults(site) == []


def test_what_comes_later_in_the_same_ten_minutes_shares_the_fate(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """A burst that goes on while it is taken out does not slip through."""
    rate(services, 1)
    begin = clock.now()
    services.ratings.review.void(site, ARTICLE, (begin, begin + 1), WHO, clock.now())

    rate(services, 1)
    clock.advance(600)
    rate(services, 3)

    assert counts(services, site) == [0, 0, 1, 0, 0]
    assert services.ratings.review.voided(site)[0].counts == (2, 0, 0, 0, 0)


def test_two_weeks_later_a_burst_is_history(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """All ratings of the article can still be taken out, and a decision taken back."""
    rate(services, 1)
    begin = clock.now()
    made = services.ratings.review.void(site, ARTICLE, (begin, begin + 600), WHO, clock.now())
    clock.advance(40 * 86_400)
    rate(services, 5)
    whole = services.ratings.review.void(site, ARTICLE, None, WHO, clock.now())

    with pytest.raises(NotFoundError):
        services.ratings.review.void(site, ARTICLE, (begin, begin + 600), WHO, clock.now())
    with pytest.raises(InvalidInputError):
        services.ratings.review.void(site, ARTICLE, (begin, begin - 600), WHO, clock.now())
    services.ratings.review.restore(site, made.id, WHO, clock.now())
    services.ratings.review.restore(site, whole.id, WHO, clock.now())

    assert counts(services, site) == [1, 0, 0, 0, 1]
    assert services.ratings.review.faults(site) == []


def test_any_order_of_events_keeps_every_sum(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Rating, changing, taking out and putting back at random, against a count by hand."""
    chance = random.Random(6)
    scores: dict[str, int] = {}
    for _ in range(250):
        act = chance.random()
        if act < 0.5 or not scores:
            score = chance.randint(1, 5)
            scores[rate(services, score)] = score
        elif act < 0.7:
            voter = chance.choice(list(scores)[-5:])
            scores[voter] = chance.randint(1, 5)
            rate(services, scores[voter], voter=voter)
        elif act < 0.85:
            begin = clock.now() - chance.randint(0, 3600)
            span = None if act < 0.72 else (begin, begin + chance.randint(1, 2400))
            with suppress(NotFoundError):
                services.ratings.review.void(site, ARTICLE, span, WHO, clock.now())
        elif services.ratings.review.voided(site):
            one = chance.choice(services.ratings.review.voided(site))
            services.ratings.review.restore(site, one.id, WHO, clock.now())
        clock.advance(chance.randint(0, 200))

        total = Counter[int](dict(enumerate(counts(services, site), 1)))
        for one in services.ratings.review.voided(site):
            total.update(dict(enumerate(one.counts, 1)))
        assert +total == Counter(scores.values())

    for one in services.ratings.review.voided(site):
        services.ratings.review.restore(site, one.id, WHO, clock.now())
    assert +Counter(dict(enumerate(counts(services, site), 1))) == Counter(scores.values())
    assert services.ratings.review.faults(site) == []
