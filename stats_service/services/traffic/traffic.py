"""Views and the numbers that they make: record one, read those of a site and its articles."""

import contextlib
from collections.abc import Callable, Iterator, Sequence

from stats_service.errors import (
    SiteLostError,
    StoreUnavailableError,
    UnknownSiteError,
    ViewSpooledError,
)
from stats_service.models.sites import Site
from stats_service.models.traffic import (
    ArticleCounts,
    PageAnswer,
    PageQuery,
    SiteCounts,
    Visitor,
)
from stats_service.services.articles.keys import canonical_articles
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import periods_at
from stats_service.services.traffic.numbers import article_counts, site_counts
from stats_service.services.traffic.page_views import answer_view, decide_view
from stats_service.store.traffic.spool import Spool, SpooledView
from stats_service.store.traffic.traffic import TrafficStore


class Traffic:
    """Record views, and read the numbers of a site and its articles."""

    def __init__(
        self,
        store: TrafficStore,
        spool: Spool,
        on_kept: Callable[[], None],
        is_lost: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._store = store
        self._is_lost = is_lost
        self._spool = spool
        self._on_kept = on_kept

    def record_view(
        self, entry: SiteEntry, query: PageQuery, visitor: Visitor, now: float
    ) -> PageAnswer:
        """Record one load (or heartbeat) of a page, and return what its widgets show.

        Raises:
            InvalidInputError: naming the field of `query` that cannot be used; nothing is stored.
            UnknownSiteError: the site was removed meanwhile.
            ViewSpooledError: Redis did not acknowledge the view; it is kept and will be counted.
            StoreUnavailableError: Redis did not acknowledge the view (or beat).
        """
        command = decide_view(entry, query, visitor, now)
        periods = periods_at(now, entry.site.timezone)
        try:
            with self._lost_sites(entry.site):
                stored, results = self._store.record_views(entry.site, periods, now, (command,))
        except StoreUnavailableError as error:
            if command.kind != "view":
                raise
            try:
                self._spool.add([SpooledView(entry.site.slug, now, command, entry.site.birth)])
            finally:
                self._on_kept()  # also what is lost is told, once Redis takes it
            raise ViewSpooledError from error
        counts = site_counts(entry.site, stored)
        return answer_view(entry, query, command, counts, results[0], now)

    def counts(self, site: Site, now: float) -> SiteCounts:
        """Return the numbers of a site without counting anything."""
        periods = periods_at(now, site.timezone)
        with self._lost_sites(site):
            return site_counts(site, self._store.counts(site, periods, now))

    @contextlib.contextmanager
    def _lost_sites(self, site: Site) -> Iterator[None]:
        """Tell a site that Redis has lost from one that was removed."""
        try:
            yield
        except UnknownSiteError as error:
            if self._is_lost(site.slug):
                raise SiteLostError(site.slug) from error
            raise

    def articles(self, site: Site, articles: Sequence[str], now: float) -> dict[str, ArticleCounts]:
        """Return the views of articles, by the text asked for; unknown ones have 0.

        Raises:
            InvalidInputError: too many, or one that cannot be an article.
        """
        keys = canonical_articles(articles, site.article_parameters)
        periods = periods_at(now, site.timezone)
        stored = self._store.articles(site, periods, keys)
        return {
            asked: article_counts(site, key, numbers, rated=False)
            for asked, key, numbers in zip(articles, keys, stored, strict=True)
        }
