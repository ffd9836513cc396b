"""Ratings of articles: `lua/rate_article.lua`, and reads of the same numbers.

`store.rating_review` has what an administrator takes out.
"""

from collections.abc import Sequence
from typing import Any

from stats_service.errors import UnknownSiteError
from stats_service.models.ratings import RatingCommand, RatingResult
from stats_service.models.sites import Site
from stats_service.store.keys import (
    ADDRESS_BUCKET_SECONDS,
    DAY_SECONDS,
    RATED_BUCKET_SECONDS,
    SiteKeys,
    rate_article_keys,
)
from stats_service.store.ratings.histograms import histogram
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.loop_client import LoopClient
from stats_service.store.redis.scripts import load_script

RATE_ARTICLE = load_script("ratings/rate_article")


class RatingStore:
    """The ratings of every site of one installation."""

    def __init__(self, client: RedisClient, loop: LoopClient, prefix: str) -> None:
        self._client = client
        self._loop = loop
        self._prefix = prefix

    async def rate(self, site: Site, command: RatingCommand, now: float) -> RatingResult:
        """Record a score in one round trip, at `now` (seconds).

        Raises:
            UnknownSiteError: the site was removed in the meantime.
            StoreUnavailableError: nothing was recorded; the same score may be sent again.
        """
        keys, args = rate_article_call(self._prefix, site, command, now)
        return rate_article_reply(site, await self._loop.run(RATE_ARTICLE, keys, args))

    def get(self, slug: str, articles: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the ratings by score for each article, empty where there are none."""
        if not articles:
            return []
        with store_errors():
            stored = self._client.hmget(SiteKeys(self._prefix, slug).ratings, list(articles))
        return [histogram(value) for value in stored]

    def all(self, slug: str) -> dict[str, tuple[int, ...]]:
        """Return the ratings of every article; zeros where all of them were taken out."""
        with store_errors():
            stored = self._client.hgetall(SiteKeys(self._prefix, slug).ratings)
        return {text_of(article): histogram(value) for article, value in stored.items()}

    def raters(self, slug: str, article: str) -> int:
        """Return how many voters have rated an article."""
        with store_errors():
            return int(self._client.scard(SiteKeys(self._prefix, slug).raters(article)))


def rate_article_call(
    prefix: str, site: Site, command: RatingCommand, now: float
) -> tuple[tuple[str, ...], list[Any]]:
    """Return the KEYS and ARGV of `rate_article.lua`; its header documents them."""
    keys = rate_article_keys(
        prefix,
        site.slug,
        site.birth,
        command.article,
        int(now // RATED_BUCKET_SECONDS),
        int(now // ADDRESS_BUCKET_SECONDS),
        int(now // DAY_SECONDS),
        tuple(former for former, _ in command.merged),
    )
    args: list[Any] = [
        int(now * 1000),
        command.article,
        command.score,
        site.rating_scale,
        command.rater,
        command.address,
        command.ipv6_48,
        site.rating_ceiling,
        *(part for pair in command.merged for part in pair),
    ]
    return keys, args


def rate_article_reply(site: Site, reply: Any) -> RatingResult:
    """Return the result of `rate_article.lua`; UnknownSiteError if the site was removed."""
    outcome = text_of(reply[0])
    if outcome == "no-site":
        raise UnknownSiteError(site.slug)
    return RatingResult(outcome, histogram(reply[1]), int(reply[2]) / 1000)
