"""Opening balances of articles: the views that they had before they came here. Audited."""

import heapq
from collections.abc import Iterator

from stats_service.errors import InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic.views import ArticleOpening
from stats_service.services.accounts.audit import entry_of
from stats_service.services.articles.keys import canonical_article
from stats_service.services.revisions import check_revision, revision_of
from stats_service.services.sites.sites import BALANCE_MAX
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.traffic.traffic import TrafficStore


def balance_revision(views: int) -> str:
    """Return the revision of an article's balance."""
    return revision_of({"views": views})


class OpeningBalances:
    """Set opening balances of articles."""

    def __init__(self, store: TrafficStore, aliases: AliasStore) -> None:
        self._store = store
        self._aliases = aliases

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

    def get(self, site: Site, article: str) -> ArticleOpening:
        """Return the balance of an article; InvalidInputError if it can be none."""
        key = self._key(site, article)
        views = self._store.opening(site, key)
        return ArticleOpening(key, views, views)

    def set(
        self, site: Site, article: str, views: int, who: str, now: float, revision: str = ""
    ) -> ArticleOpening:
        """Set the balance of an article, which is part of its views; 0 removes it.

        Args:
            site: the site.
            article: its address or key.
            views: the balance.
            who: sets it.
            now: seconds since 1970.
            revision: of the balance as it was read (`balance_revision`); empty: whatever it is.

        Raises:
            InvalidInputError: the article can be none, or the number is out of range.
            StaleError: the balance is not what it was when it was read.
        """
        if not 0 <= views <= BALANCE_MAX:
            raise InvalidInputError(
                "views {views}: use a whole number from 0 to {balance_max}.",
                views=views,
                balance_max=BALANCE_MAX,
            )
        key = self._key(site, article)
        entry = entry_of(Author(who, now), "opening.set", key, after={"views": views})
        while True:
            standing = None
            if revision:
                standing = self._store.opening(site, key)
                check_revision(revision, {"views": standing}, {"views": views})
            before = self._store.set_opening(site, key, views, entry, standing)
            if before is not None:
                return ArticleOpening(key, views, before)
            # Somebody was faster: with a revision that is stale by now, unless both want the same.

    def _key(self, site: Site, article: str) -> str:
        key = canonical_article(article, site.article_parameters)
        return self._aliases.target(site.slug, key)
