"""Ratings that are held, while a crowd goes on rating: no sum is wrong, nobody counts twice."""

import asyncio
import random
import threading
from contextlib import suppress

from flask.testing import FlaskClient

from stats_service.errors import NotFoundError
from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Visitor
from stats_service.services.container import Services
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.votes import WHO, new_voter

ARTICLES = ("/tin/1", "/tin/2", "/tin/3")
RATERS, STEPS, CEILING = 60, 6, 40


def decide(services: Services, site: Site, over: threading.Event) -> None:
    """Release, reject and restore at random until it is over."""
    review, chance = services.ratings.review, random.Random(9)
    while not over.is_set():
        held, voided = review.held(site), review.voided(site)
        # Its last rating may have been taken back meanwhile.
        with suppress(NotFoundError):
            if held:
                settle = chance.choice((review.release, review.reject))
                settle(site, chance.choice(held).id, WHO, services.clock.now())
            elif voided:
                review.restore(site, chance.choice(voided).id, WHO, services.clock.now())


def test_a_crowd_beyond_its_ceiling_while_it_is_decided_about(
    client: FlaskClient, services: Services, site: Site
) -> None:
    """Rate, change and take back at random; release, reject and restore at the same time."""
    services.sites.sites.edit("kimson", rating_ceiling=CEILING)
    for article in ARTICLES:
        view(client, article)
    chance = random.Random(7)
    plans = [
        [(chance.choice(ARTICLES), chance.choice((0, 1, 2, 3, 4, 5))) for _ in range(STEPS)]
        for _ in range(RATERS)
    ]
    now, review = services.clock.now(), services.ratings.review
    entry = services.sites.directory.load("kimson", now)
    visitor = Visitor("192.0.2.1", BROWSER, ORIGIN, private=False, prefetch=False)
    outcomes: list[str] = []

    async def rate(plan: list[tuple[str, int]], voter: str) -> dict[str, int]:
        given = {}
        for article, score in plan:
            query = RatingQuery(article, score, voter)
            answer = await services.ratings.ratings.rate_article(entry, query, visitor, now)
            outcomes.append(answer.outcome)
            given[article] = score
        return given

    async def crowd() -> list[dict[str, int]]:
        return await asyncio.gather(*(rate(plan, new_voter(services)) for plan in plans))

    over = threading.Event()
    administrator = threading.Thread(target=decide, args=(services, site, over))
    administrator.start()
    given = services.loop.run(crowd())
    over.set()
    administrator.join()
    for group in review.held(site):
        review.release(site, group.id, WHO, now)
    for one in review.voided(site):
        review.restore(site, one.id, WHO, now)

    assert {"held", "withdrawn", "counted"} <= set(outcomes)
    assert review.faults(site) == []
    for article in ARTICLES:
        scores = [rated.get(article, 0) for rated in given]
        expected = tuple(scores.count(score) for score in range(1, 6))
        found = services.ratings.ratings.get(site, [article]).ratings[article].rating
        assert found.counts == expected, article
        slots = [slot.counts for slot in review.slots(site, article, now)]
        assert tuple(map(sum, zip(*slots, strict=True))) == expected
