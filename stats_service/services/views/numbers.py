"""Numbers as they are shown: what Redis holds, with the opening balances."""

from functools import lru_cache

from stats_service.models.sites import Site
from stats_service.models.traffic.views import (
    ArticleCounts,
    Peak,
    RatingTally,
    SiteCounts,
    StoredArticle,
    StoredCounts,
    StoredTotals,
    Totals,
)
from stats_service.services.periods import local_time


def site_counts(site: Site, stored: StoredCounts) -> SiteCounts:
    """Return a site's numbers with its opening balances."""
    return SiteCounts(
        headline=site.headline,
        visits=_totals(stored.visits, site.opening_visits),
        views=_totals(stored.views, site.opening_views),
        online=stored.online,
        peak=Peak(stored.peak[0], local_time(stored.peak[1], site.timezone))
        if stored.peak
        else None,
    )


def _totals(stored: StoredTotals, opening: int) -> Totals:
    return Totals(
        total=stored.total + opening,
        today=stored.today,
        yesterday=stored.yesterday,
        week=stored.week,
        month=stored.month,
        year=stored.year,
        opening=opening,
        record=stored.record,
    )


def article_counts(
    site: Site,
    key: str,
    stored: StoredArticle,
    *,
    rated: bool,
    note: str = "",
    downloads: int | None = None,
) -> ArticleCounts:
    """Return an article's numbers with its opening balance; `note` is why it may have none."""
    return ArticleCounts(
        key=key,
        views=None if stored.views is None else stored.views + stored.opening,
        today=stored.today,
        rating=rating_tally(stored.ratings, site.rating_scale)
        if rated and stored.views is not None
        else None,
        note="" if stored.views is not None else note or "article-cap",
        downloads=downloads,
    )


@lru_cache(maxsize=4096)
def rating_tally(counts: tuple[int, ...], scale: int) -> RatingTally:
    """Return the tally of `counts`, the number of ratings by score from 1."""
    padded = counts + (0,) * (scale - len(counts))
    number = sum(padded)
    points = sum(score * n for score, n in enumerate(padded, 1))
    return RatingTally(number, round(points / number, 2) if number else 0.0, scale, padded)
