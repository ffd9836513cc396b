"""The most viewed articles of a span, and those on the rise."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec

from stats_service.models.sites import Site
from stats_service.models.traffic.history import ComparedArticles, TopArticle
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.services.traffic.beginning import first_day
from stats_service.services.traffic.spans import (
    BEFORE,
    DAY,
    Comparison,
    Span,
    buckets,
    compared_with,
)
from stats_service.services.traffic.sums import fields_of, iso_days, part_of_day
from stats_service.services.traffic.titles import Titles
from stats_service.store.keys import ARTICLE_DAYS_KEPT
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.traffic.history import HistoryStore

#: How a list may be ordered: by views, or by what an article gained against the span compared.
VIEWS, RISING = "views", "rising"
ORDERS = (VIEWS, RISING)
#: Articles in a list.
SHOWN = 30
#: Articles of each day that may enter a list. Their sums are exact; an article that was below
#: this place on every single day is not looked at, which bounds the read on the largest site.
CANDIDATES_PER_DAY = 200
CANDIDATES = 300
#: A span of more days than this is read with fewer candidates, and compared with nothing.
LONG_DAYS, LONG_CANDIDATES_PER_DAY, LONG_CANDIDATES = 92, 50, 100
#: Fewer views than this in the span are no rise worth a mention.
RISING_MIN_VIEWS = 10

#: Articles whose titles are wanted: of each of so many days, and of all time.
LISTED_DAYS, LISTED_PER_DAY, LISTED_EVER = 28, 40, 100


class TopArticles:
    """Lists of articles."""

    def __init__(self, store: HistoryStore, aliases: AliasStore, titles: Titles) -> None:
        self._store = store
        self._aliases = aliases
        self._titles = titles

    def hidden(self, site: Site) -> frozenset[str]:
        """Return the articles that are left out of lists."""
        return self._aliases.hidden(site.slug)

    def of_span(
        self, site: Site, span: Span, now: float, compare: str = BEFORE
    ) -> list[TopArticle]:
        """Return the most viewed articles of a span, each with its views in the span compared.

        Articles are kept by day for 400 days; what is older counts by whole months.

        Args:
            site: the site.
            span: the days.
            now: this moment, in seconds; a span that is not over is compared with as much of the
                other one.
            compare: as in `services.traffic.spans.compared_with`.

        Raises:
            InvalidInputError: `compare` is none of these.
        """
        return self._titled(site, self._read(site, span, now, compare)[:SHOWN])

    def beside(self, site: Site, span: Span, now: float, compare: str = BEFORE) -> ComparedArticles:
        """Return the most viewed of a span, what rose and what fell; see `of_span`.

        Views beyond the cap, which have no article, are left out.
        """
        found = [
            article
            for article in self._read(site, span, now, compare, with_former=True)
            if article.key != OTHER_ARTICLES
        ]
        compared = sorted(
            (article for article in found if article.before is not None),
            key=lambda article: (-article.gain, article.key),
        )
        risen = [a for a in compared if a.gain > 0 and a.views >= RISING_MIN_VIEWS]
        fallen = [
            a for a in reversed(compared) if a.gain < 0 and (a.before or 0) >= RISING_MIN_VIEWS
        ]
        most = [article for article in found[:SHOWN] if article.views]
        risen, fallen = risen[:SHOWN], fallen[:SHOWN]
        titled = {one.key: one for one in self._titled(site, [*most, *risen, *fallen])}
        return ComparedArticles(
            tuple(titled[one.key] for one in most),
            tuple(titled[one.key] for one in risen),
            tuple(titled[one.key] for one in fallen),
            self.compared(site, span, now, compare) is not None,
        )

    def rising(self, site: Site, span: Span, now: float, compare: str = BEFORE) -> list[TopArticle]:
        """Return the articles that gained most views against the span compared; see `of_span`."""
        return self._titled(site, _risen(self._read(site, span, now, compare))[:SHOWN])

    def candidates(
        self, site: Site, span: Span | None, now: float, *, rising: bool = False
    ) -> list[TopArticle]:
        """Return all articles that may be in a list of a span, or of all time (None), in order."""
        articles = self._read(site, span, now, BEFORE) if span else self._ever(site)
        return self._titled(site, _risen(articles) if rising else articles)

    def compared(self, site: Site, span: Span, now: float, compare: str) -> Span | None:
        """Return the days beside which the articles of a span stand.

        None: the span is too long for that, or those days are forgotten, or were before the site.
        """
        found = self._comparison(site, span, local_time(site, now), compare)
        return found and found.span

    def _comparison(
        self, site: Site, span: Span, local: datetime, compare: str
    ) -> Comparison | None:
        comparison = compared_with(span, "day", compare, local.date(), site.timezone)
        if comparison is None or span.days > LONG_DAYS:
            return None
        other = comparison.span
        if not is_kept(other, local.date()):
            return None
        begin = self.begin(site, local.date())
        return comparison if begin and begin <= other.first else None

    def begin(self, site: Site, today: date) -> date | None:
        """Return the first day of which the site has a number."""
        return first_day(self._store, site, today)

    def of_all_time(self, site: Site) -> list[TopArticle]:
        """Return the articles most viewed of all time, their opening balances added."""
        return self._titled(site, self._ever(site)[:SHOWN])

    def _ever(self, site: Site) -> list[TopArticle]:
        (counted,) = self._store.top(site, (), CANDIDATES)
        hidden = self.hidden(site)
        keys = [key for key in counted if key not in hidden]
        openings = self._store.openings(site, keys)
        articles = [
            TopArticle(key, counted[key] + opening)
            for key, opening in zip(keys, openings, strict=True)
        ]
        return sorted(articles, key=lambda a: -a.views)

    def _titled(self, site: Site, articles: list[TopArticle]) -> list[TopArticle]:
        titles = self._titles.of(site, [article.key for article in articles])
        return [
            msgspec.structs.replace(article, title=titles.get(article.key, ""))
            for article in articles
        ]

    def listed(self, site: Site, now: float) -> list[str]:
        """Return the articles that reach a list of the last four weeks or of all time.

        The most read of today come first, then those of before.
        """
        today = local_time(site, now).date()
        days = iso_days(today - n * DAY for n in range(LISTED_DAYS))
        sums = Counter[str]()
        rows = self._store.top(site, list(days), LISTED_PER_DAY)
        for row in rows:
            sums.update(row)
        (ever,) = self._store.top(site, (), LISTED_EVER)
        left_out = {*self.hidden(site), OTHER_ARTICLES}
        keys = [*rows[0], *(key for key, _ in sums.most_common()), *ever]
        return [key for key in dict.fromkeys(keys) if key not in left_out]

    def _read(
        self, site: Site, span: Span, now: float, compare: str, *, with_former: bool = False
    ) -> list[TopArticle]:
        """Return articles of a span; with those that only the span compared had, if wanted."""
        local, is_long = local_time(site, now), span.days > LONG_DAYS
        today = local.date()
        comparison = self._comparison(site, span, local, compare)
        days, per_day = _kept_names(span, today), CANDIDATES_PER_DAY
        if is_long:
            per_day = LONG_CANDIDATES_PER_DAY
        if not days:  # of times of which nothing is known
            return []
        before, share = list[str](), 1.0
        if comparison:
            last = comparison.span.last
            if span.first <= today <= span.last:
                cut = comparison.moment(local, span)
                last, share = cut.date(), self.share_by(site, cut)
            before = _kept_names(Span(comparison.span.first, last), today)
        hidden = self.hidden(site)
        most = LONG_CANDIDATES if is_long else CANDIDATES
        keys = self._candidates(site, days, per_day, most, hidden)
        if with_former and before:
            former = self._candidates(site, before, per_day, most, hidden)
            keys = list(dict.fromkeys([*keys, *former]))
        rows = self._store.views(site, keys, [*days, *before])
        now_rows, before_rows = rows[: len(days)], rows[len(days) :]
        articles = [
            TopArticle(
                key,
                sum(row[at] for row in now_rows),
                sum(row[at] for row in before_rows[:-1]) + round(before_rows[-1][at] * share)
                if comparison
                else None,
            )
            for at, key in enumerate(keys)
        ]
        return sorted(articles, key=lambda a: -a.views)

    def _candidates(
        self, site: Site, days: Sequence[str], per_day: int, most: int, hidden: Collection[str]
    ) -> list[str]:
        """Return the articles that may enter a list of days, the most read first."""
        sums = Counter[str]()
        for row in self._store.top(site, days, per_day):
            sums.update(row)
        for key in hidden:
            sums.pop(key, None)
        return [key for key, _ in sums.most_common(most)]

    def share_by(self, site: Site, cut: datetime) -> float:
        """Return how much of a day's views had come by a moment of it, as a share of 1."""
        day = cut.date().isoformat()
        stored = self._store.read(site, fields_of([day]), (day,), ())
        whole = stored.pair(day).views
        part = part_of_day(stored, cut.date(), cut).views
        return min(1.0, part / whole) if whole else 1.0


def _risen(articles: list[TopArticle]) -> list[TopArticle]:
    """Return the articles that gained views, those that gained most first."""
    risen = [
        article
        for article in articles
        if article.before is not None
        and article.views >= RISING_MIN_VIEWS
        and article.views > article.before
    ]
    return sorted(risen, key=lambda article: -article.gain)


def is_kept(span: Span, today: date) -> bool:
    """Tell whether the articles of each day of a span are known, by the day or by its month."""
    oldest = _oldest(today)
    return all(bucket.first >= oldest or bucket.whole for bucket in buckets(span, "month"))


def _kept_names(span: Span, today: date) -> list[str]:
    """Return the days of a span, and of times of which the days are forgotten the whole months."""
    oldest, names = _oldest(today), list[str]()
    for month in buckets(span, "month"):
        if month.first < oldest and month.whole:
            names.append(month.name)
        else:
            days = Span(month.first, month.last).each()
            names += iso_days(day for day in days if day >= oldest)
    return names


def _oldest(today: date) -> date:
    return today - (ARTICLE_DAYS_KEPT - 1) * DAY


def local_time(site: Site, now: float) -> datetime:
    """Return a moment in the site's zone."""
    return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone))
