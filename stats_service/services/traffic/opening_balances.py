"""Opening balances of articles: the views that they had before they came here. Audited."""

import heapq
from collections.abc import Iterator

from stats_service.errors import InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic import ArticleOpening
from stats_service.services.accounts.audit import entry_of
from stats_service.services.articles.keys import canonical_article
from stats_service.services.sites.sites import BALANCE_MAX
from stats_service.store.traffic.traffic import TrafficStore


class OpeningBalances:
    """Set opening balances of articles."""

    def __init__(self, store: TrafficStore) -> None:
        self._store = store

    def largest(self, site: Site, limit: int) -> tuple[list[tuple[str, int]], int]:
        """Return the articles with the largest balances, at most `limit`, and how many have one."""
        number = 0

        def stored() -> Iterator[tuple[str, int]]:
            nonlocal number
            for found in self._store.openings(site.slug):
                number += 1
                yield found

        largest = heapq.nsmallest(limit, stored(), key=lambda found: (-found[1], found[0]))
        return largest, number

    def set(self, site: Site, article: str, views: int, who: str, now: float) -> ArticleOpening:
        """Set the balance of an article, which is part of its views; 0 removes it.

        Raises:
            InvalidInputError: the article can be none, or the number is out of range.
        """
        if not 0 <= views <= BALANCE_MAX:
            raise InvalidInputError(
                "views {views}: use a whole number from 0 to {balance_max}.",
                views=views,
                balance_max=BALANCE_MAX,
            )
        key = canonical_article(article, site.article_parameters)
        entry = entry_of(Author(who, now), "opening.set", key, after={"views": views})
        return ArticleOpening(key, views, self._store.set_opening(site, key, views, entry))
