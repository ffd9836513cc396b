"""One article: its views over time, the visits that began with it, its other keys."""

from collections.abc import Sequence
from datetime import date

from stats_service.errors import InvalidInputError, NotFoundError
from stats_service.models.sites import Site
from stats_service.models.traffic.history import ArticlePage, Pair, Point, Series
from stats_service.models.traffic.readers import SHOWN_FROM
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.services.traffic.spans import (
    BEFORE,
    DAY,
    Bucket,
    Comparison,
    Span,
    buckets,
    compared_with,
    last_of_month,
)
from stats_service.services.traffic.sums import iso_days
from stats_service.services.traffic.top_articles import TopArticles, is_kept, local_time
from stats_service.store.keys import ARTICLE_DAYS_KEPT
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.traffic.article_changes import ArticleChangeStore
from stats_service.store.traffic.history import HistoryStore
from stats_service.store.traffic.readers import ReadersStore

#: Other keys of an article whose entries are added to its own.
OTHERS_MAX = 50
#: Sources of those visits that are listed.
SOURCES_MAX = 20


class ArticlePages:
    """Looks up everything about an article of a site."""

    def __init__(
        self,
        articles: ArticleChangeStore,
        history: HistoryStore,
        readers: ReadersStore,
        aliases: AliasStore,
        top_articles: TopArticles,
    ) -> None:
        self._articles = articles
        self._history = history
        self._readers = readers
        self._aliases = aliases
        self._top_articles = top_articles

    def target(self, site: Site, key: str) -> str:
        """Return the article of a key: itself unless it was merged or renamed."""
        return self._aliases.target(site.slug, key)

    def get(
        self, site: Site, key: str, span: Span, unit: str, now: float, compare: str = BEFORE
    ) -> ArticlePage:
        """Return the numbers of an article.

        Args:
            site: the site.
            key: of the article.
            span: the days; those whose views by article are forgotten count by whole months.
            unit: `day`, `week` or `month`.
            now: this moment, in seconds.
            compare: as in `services.traffic.spans.compared_with`.

        Raises:
            NotFoundError: there is no such article.
            InvalidInputError: no article is named, or `compare` is none of these.
        """
        if not key:
            raise InvalidInputError("key: name an article.")
        if key == OTHER_ARTICLES or not self._articles.known(site.slug, key):
            raise NotFoundError("The article {key!r} does not exist.", key=key[:80])
        aliases = self._aliases.read(site.slug)
        others = tuple(one for one, target in aliases.targets.items() if target == key)
        (counted,) = self._articles.views(site.slug, [key])
        (opening,) = self._history.openings(site, [key])
        today = local_time(site, now).date()
        series = self._series(site, key, span, unit, now, compare)
        keys = (key, *others[:OTHERS_MAX])
        entries = self._entries(site, keys, span, today)
        before = None
        if series.first_before and series.last_before:
            before = self._entries(site, keys, Span(series.first_before, series.last_before), today)
        return ArticlePage(
            key=key,
            total=counted + opening,
            opening=opening,
            hidden=key in aliases.hidden,
            others=others,
            series=series,
            entries=entries if entries >= SHOWN_FROM else None,
            sources=self._sources(site, keys, span, today),
            entries_before=before if before is not None and before >= SHOWN_FROM else None,
            gone=sum(not _names(Span(day, day), today) for day in span.each())
            if unit != "month"
            else 0,
        )

    def _series(
        self, site: Site, key: str, span: Span, unit: str, now: float, compare: str
    ) -> Series:
        local = local_time(site, now)
        today, parts = local.date(), buckets(span, unit)
        comparison = self._comparison(site, span, unit, today, compare)
        before = [comparison.part(part, span) if comparison else None for part in parts]
        groups = [_names(Span(part.first, part.last), today) for part in parts]
        groups += [_names(part, today) if part else [] for part in before]
        rows = self._history.views(site, [key], [name for group in groups for name in group])
        numbers = iter(row[0] for row in rows)
        sums = [sum(next(numbers) for _ in group) for group in groups]
        points = tuple(
            Point(
                part.name,
                Pair(0, sums[at]),
                Pair(0, sums[len(parts) + at]) if before[at] is not None else None,
            )
            for at, part in enumerate(parts)
        )
        begun = _begun(parts, today)
        total_before = None
        if comparison:
            total_before = Pair(0, self._before(site, key, span, comparison, now))
        return Series(
            unit,
            span.first,
            span.last,
            points,
            total_before,
            comparison.span.first if comparison else None,
            comparison.span.last if comparison else None,
            begun,
        )

    def _comparison(
        self, site: Site, span: Span, unit: str, today: date, compare: str
    ) -> Comparison | None:
        """Return what the span is compared with, if the site was counting and it is kept."""
        found = compared_with(span, unit, compare, today)
        if found is None or not is_kept(found.span, today):
            return None
        begin = self._top_articles.begin(site, today)
        return found if begin and begin <= found.span.first else None

    def _before(self, site: Site, key: str, span: Span, comparison: Comparison, now: float) -> int:
        """Return the views of the span compared, up to the same moment if this one is not over."""
        local = local_time(site, now)
        last, share = comparison.span.last, 1.0
        if span.first <= local.date() <= span.last:
            cut = comparison.moment(local, span)
            if cut.date() <= last:
                last, share = cut.date(), self._top_articles.share_by(site, cut)
        names = _names(Span(comparison.span.first, last), local.date())
        rows = [row[0] for row in self._history.views(site, [key], names)]
        return sum(rows[:-1]) + round(rows[-1] * share) if rows else 0

    def _sources(
        self, site: Site, keys: Sequence[str], span: Span, today: date
    ) -> tuple[tuple[str, int], ...]:
        """Return from where those visits came, as far as a name is kept and may be shown."""
        days = [name for name in _names(span, today) if len(name) > len("2026-11")]
        found = self._readers.entry_sources(site, keys, days)
        named = [(source, n) for source, n in found.items() if n >= SHOWN_FROM]
        return tuple(sorted(named, key=lambda pair: (-pair[1], pair[0])))[:SOURCES_MAX]

    def _entries(self, site: Site, keys: Sequence[str], span: Span, today: date) -> int:
        """Return the visits of a span that began with one of the keys."""
        return sum(self._readers.entries(site, keys, _names(span, today)))


def _names(span: Span, today: date) -> list[str]:
    """Return the days of a span that are kept, and for forgotten ones the whole months."""
    oldest, names = today - (ARTICLE_DAYS_KEPT - 1) * DAY, list[str]()
    first = span.first
    while first <= span.last:
        last = min(last_of_month(first), span.last)
        if first >= oldest or (last >= oldest and not _is_month(first, last)):
            names += iso_days(day for day in Span(first, last).each() if oldest <= day <= today)
        elif _is_month(first, last):
            names.append(f"{first:%Y-%m}")
        first = last + DAY
    return names


def _is_month(first: date, last: date) -> bool:
    return first.day == 1 and last == last_of_month(first)


def _begun(parts: Sequence[Bucket], today: date) -> int | None:
    """Return how many parts have begun, if the last of them is not over yet."""
    for at, part in enumerate(parts):
        if part.first <= today <= part.last:
            return at + 1
    return None
