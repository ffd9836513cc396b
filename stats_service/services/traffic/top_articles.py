"""The most viewed articles of a span, and those on the rise."""

from datetime import date, timedelta

from stats_service.errors import InvalidInputError
from stats_service.models.history import TopArticle
from stats_service.models.sites import Site
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.traffic.history import HistoryStore

#: The lists that people choose from, with their days; that of all time has none.
SPANS = {"today": 1, "7": 7, "30": 30, "all": 0, "rising": 7}
#: Articles in a list.
SHOWN = 30
#: Articles of each day that may enter a list. Their sums are exact; an article that was below
#: this place on every single day is not looked at, which bounds the read on the largest site.
CANDIDATES_PER_DAY = 200
CANDIDATES = 300
#: Fewer views than this in the span are no rise worth a mention.
RISING_MIN_VIEWS = 10


class TopArticles:
    """Lists of articles."""

    def __init__(self, store: HistoryStore, aliases: AliasStore) -> None:
        self._store = store
        self._aliases = aliases

    def hidden(self, site: Site) -> frozenset[str]:
        """Return the articles that are left out of lists."""
        return self._aliases.hidden(site.slug)

    def of_span(self, site: Site, span: str, today: date, share: float) -> list[TopArticle]:
        """Return the list of a span of `SPANS`, `share` as in `of_days`.

        Raises:
            InvalidInputError: there is no such span.
        """
        if span not in SPANS:
            raise InvalidInputError(
                "span {span!r}: use one of {spans}.", span=span[:40], spans=", ".join(SPANS)
            )
        if span == "all":
            return self.of_all_time(site)
        find = self.rising if span == "rising" else self.of_days
        return find(site, today, SPANS[span], share)

    def of_days(self, site: Site, last: date, days: int, share: float = 1.0) -> list[TopArticle]:
        """Return the most viewed of the `days` days up to `last`, with as much of the span before.

        Args:
            site: the site.
            last: the last day.
            days: their number.
            share: how much of its last day the span before counts; less than 1 where `last` is
                not over yet.
        """
        return self._read(site, last, days, share)[:SHOWN]

    def rising(self, site: Site, last: date, days: int = 7, share: float = 1.0) -> list[TopArticle]:
        """Return the articles that gained most views against the span before; see `of_days`."""
        risen = [
            article
            for article in self._read(site, last, days, share)
            if article.views >= RISING_MIN_VIEWS and article.views > article.before
        ]
        return sorted(risen, key=lambda a: a.before - a.views)[:SHOWN]

    def of_all_time(self, site: Site) -> list[TopArticle]:
        """Return the articles most viewed since ever, their opening balances added."""
        (counted,) = self._store.top(site, (), CANDIDATES)
        hidden = self.hidden(site)
        keys = [key for key in counted if key not in hidden]
        openings = self._store.openings(site, keys)
        articles = [
            TopArticle(key, counted[key] + opening)
            for key, opening in zip(keys, openings, strict=True)
        ]
        return sorted(articles, key=lambda a: -a.views)[:SHOWN]

    def _read(self, site: Site, last: date, days: int, share: float) -> list[TopArticle]:
        names = [(last - timedelta(days=n)).isoformat() for n in range(2 * days)]
        sums: dict[str, int] = {}
        for row in self._store.top(site, names[:days], CANDIDATES_PER_DAY):
            for key, views in row.items():
                sums[key] = sums.get(key, 0) + views
        hidden = self.hidden(site)
        shown = (key for key in sums if key not in hidden)
        keys = sorted(shown, key=lambda key: -sums[key])[:CANDIDATES]
        rows = self._store.views(site, keys, names)
        articles = [
            TopArticle(
                key,
                sum(row[at] for row in rows[:days]),
                round(rows[days][at] * share) + sum(row[at] for row in rows[days + 1 :]),
            )
            for at, key in enumerate(keys)
        ]
        return sorted(articles, key=lambda a: -a.views)
