"""Ratings in an event loop: `ArticleRatings.rate_article`.

The same rules before the script, and the same answers after it; what is asked of Redis goes over
the connection that page views share.
"""

from stats_service.models.ratings import RatingAnswer, RatingQuery
from stats_service.models.traffic import Visitor
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.ratings import ratings
from stats_service.store.ratings.ratings import LoopRatingStore


class LoopRatings:
    """Takes ratings; when a coroutine returns, Redis has it."""

    def __init__(self, ratings: LoopRatingStore) -> None:
        self._ratings = ratings

    async def rate_article(
        self, entry: SiteEntry, query: RatingQuery, visitor: Visitor, now: float
    ) -> RatingAnswer:
        """Record a score; arguments and errors as `ArticleRatings.rate_article`."""
        command = ratings.decide_rating(entry, query, visitor, now)
        result = await self._ratings.rate(entry.site, command, now)
        return ratings.answer_rating(entry.site, command, result, now)
