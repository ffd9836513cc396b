"""The numbers of a report: a week or a month that has ended, beside the one before."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from stats_service.models.history import Ignored, Pair, Part, Point, TopArticle
from stats_service.models.sites import Site
from stats_service.services.traffic.history import History
from stats_service.services.traffic.spans import DAY, Span
from stats_service.services.traffic.top_articles import TopArticles

ARTICLES_SHOWN = 10
#: The hour, in the site's zone, from which a report is sent.
FROM_HOUR = 6


class ReportNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """All numbers of a report."""

    site: Site
    #: `week` or `month`
    every: str
    first: date
    last: date
    total: Pair
    #: None: the site was not counting yet.
    before: Pair | None
    points: tuple[Point, ...]
    articles: tuple[TopArticle, ...]
    ignored: tuple[Ignored, ...]
    #: Views that were counted only in part.
    parts: tuple[Part, ...] = ()

    @property
    def busiest(self) -> Point:
        """The first day with the most visits."""
        return max(self.points, key=lambda point: (point.now.visits, point.now.views))


def period(every: str, site: Site, now: float) -> tuple[date, date]:
    """Return the first and the last day of the last week or month that has ended."""
    local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone))
    today = (local - timedelta(hours=FROM_HOUR)).date()
    end = today - today.weekday() * DAY if every == "week" else today.replace(day=1)
    last = end - DAY
    return (last - 6 * DAY if every == "week" else last.replace(day=1)), last


def read_numbers(
    history: History, top_articles: TopArticles, site: Site, every: str, now: float
) -> ReportNumbers:
    """Return the numbers of a report of the last period."""
    first, last = period(every, site, now)
    span = Span(first, last)
    series = history.series(site, "day", span, now)
    shortfall = history.shortfall(site, first, last)
    return ReportNumbers(
        site=site,
        every=every,
        first=first,
        last=last,
        total=series.total,
        before=series.total_before,
        points=series.points,
        articles=tuple(top_articles.of_span(site, span, now)[:ARTICLES_SHOWN]),
        ignored=shortfall.ignored,
        parts=shortfall.parts,
    )
