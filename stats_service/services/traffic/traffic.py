"""The numbers that views make: those of a site and of its articles."""

from collections.abc import Callable, Sequence

from stats_service.errors import SiteLostError, UnknownSiteError
from stats_service.models.sites import Site
from stats_service.models.traffic.views import ArticleCounts, SiteCounts
from stats_service.services.articles.keys import canonical_articles
from stats_service.services.periods import periods_at
from stats_service.services.views.numbers import article_counts, site_counts
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.traffic.traffic import TrafficStore


class Traffic:
    """Read the numbers of a site and its articles."""

    def __init__(
        self, store: TrafficStore, aliases: AliasStore, is_lost: Callable[[str], bool]
    ) -> None:
        self._store = store
        self._aliases = aliases
        self._is_lost = is_lost

    def counts(self, site: Site, now: float) -> SiteCounts:
        """Return the numbers of a site without counting anything."""
        periods = periods_at(now, site.timezone)
        try:
            return site_counts(site, self._store.counts(site, periods, now))
        except UnknownSiteError as error:
            if self._is_lost(site.slug):  # and was not removed
                raise SiteLostError(site.slug) from error
            raise

    def articles(self, site: Site, articles: Sequence[str], now: float) -> dict[str, ArticleCounts]:
        """Return the views of articles, by the requested text; unknown articles have 0.

        Raises:
            InvalidInputError: too many articles, or a text that cannot be an article.
        """
        keys = canonical_articles(articles, site.article_parameters)
        periods = periods_at(now, site.timezone)
        targets = self._aliases.targets(site.slug, keys)
        keys = tuple(targets.get(key, key) for key in keys)
        stored = self._store.articles(site, periods, keys)
        return {
            asked: article_counts(site, key, numbers, rated=False)
            for asked, key, numbers in zip(articles, keys, stored, strict=True)
        }
