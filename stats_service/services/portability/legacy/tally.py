"""Adds up a file of any size by day, hour and article, in bounded memory."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import groupby, islice

from stats_service.errors import InvalidInputError
from stats_service.models.legacy import PART_ARTICLES, DayPart, OpeningPart

#: Different sums kept in memory before they are added to those on disk.
MEMORY_SUMS = 200_000
#: Most views, visits, and views of articles of a file: Redis adds articles exactly up to 2^53.
SUM_MAX = 10**12

_SCHEMA = """
CREATE TABLE hours (day TEXT, hour TEXT, views INTEGER, visits INTEGER, PRIMARY KEY (day, hour))
    WITHOUT ROWID;
CREATE TABLE articles (day TEXT, article TEXT, views INTEGER, PRIMARY KEY (day, article))
    WITHOUT ROWID;
"""
_ADD_HOUR = """
INSERT INTO hours VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET views = views + excluded.views, visits = visits + excluded.visits
"""
_ADD_ARTICLE = """
INSERT INTO articles VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET views = views + excluded.views
"""


class Tally:
    """Sums of a file; a context that forgets them at its end.

    A day's own numbers are those of its hours, the nameless hour `""` included, which stands
    for what a source knows by day alone. The nameless day is what it knows without a date.
    """

    def __init__(self) -> None:
        # An empty name is a temporary file of SQLite's own, which nobody else can read.
        self._database = sqlite3.connect("")
        self._database.executescript(_SCHEMA)
        self._views: Counter[tuple[str, str]] = Counter()
        self._visits: Counter[tuple[str, str]] = Counter()
        self._articles: Counter[tuple[str, str]] = Counter()
        self._sums: Counter[str] = Counter()
        #: Ratings by score, by article.
        self.ratings: dict[str, Counter[int]] = {}
        self.ignored: Counter[str] = Counter()
        self.lines = 0

    def __enter__(self) -> "Tally":
        """Give the tally."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget the sums."""
        self._database.close()

    def add(self, day: str, hour: str = "", *, views: int = 0, visits: int = 0) -> None:
        """Add to the numbers of the site."""
        self._sums["views"] += views
        self._sums["visits"] += visits
        self._check_sums()
        self._views[day, hour] += views
        self._visits[day, hour] += visits

    def add_article(self, day: str, article: str, views: int = 1) -> None:
        """Add to the views of an article."""
        self._sums["views of articles"] += views
        self._check_sums()
        self._articles[day, article] += views
        if len(self._articles) >= MEMORY_SUMS:
            self._flush()

    def totals(self, before: str = "") -> tuple[int, int]:
        """Return views and visits, only of the days before `before` if it is given."""
        self._flush()
        row = self._database.execute(
            "SELECT TOTAL(views), TOTAL(visits) FROM hours WHERE day < ?1 OR ?1 = ''", (before,)
        ).fetchone()
        return int(row[0]), int(row[1])

    def article_views(self, before: str = "") -> int:
        """Return the views of all articles together, as `totals`."""
        self._flush()
        (views,) = self._database.execute(
            "SELECT TOTAL(views) FROM articles WHERE day < ?1 OR ?1 = ''", (before,)
        ).fetchone()
        return int(views)

    def days(self, before: str = "") -> list[str]:
        """Return the days that there is something of, in order."""
        self._flush()
        rows = self._database.execute(
            "SELECT day FROM hours WHERE day <> '' UNION SELECT day FROM articles WHERE day <> ''"
            " ORDER BY day"
        )
        return [day for (day,) in rows if not before or day < before]

    def article_number(self, before: str = "") -> int:
        """Return how many articles there are, only of the days before `before` if it is given."""
        self._flush()
        (number,) = self._database.execute(
            "SELECT COUNT(DISTINCT article) FROM articles WHERE day < ?1 OR ?1 = ''", (before,)
        ).fetchone()
        return int(number)

    def day_parts(self, before: str = "") -> Iterator[DayPart]:
        """Give what is to be added to each day, in the same order and parts every time."""
        for day in self.days(before):
            hours = {
                hour: (views, visits)
                for hour, views, visits in self._database.execute(
                    "SELECT hour, views, visits FROM hours WHERE day = ? ORDER BY hour", (day,)
                )
            }
            views = sum(views for views, _ in hours.values())
            visits = sum(visits for _, visits in hours.values())
            hours.pop("", None)
            articles = self._database.execute(
                "SELECT article, views FROM articles WHERE day = ? ORDER BY article", (day,)
            )
            first = dict(islice(articles, PART_ARTICLES))
            yield DayPart(day=day, views=views, visits=visits, hours=hours, articles=first)
            while more := dict(islice(articles, PART_ARTICLES)):
                yield DayPart(day=day, articles=more)

    def opening_parts(self, before: str = "") -> Iterator[OpeningPart]:
        """Give what is to be added to the opening balances, all days together."""
        views, visits = self.totals(before)
        yield OpeningPart(views=views, visits=visits)
        articles = self._database.execute(
            "SELECT article, SUM(views) FROM articles WHERE day < ?1 OR ?1 = '' "
            "GROUP BY article ORDER BY article",
            (before,),
        )
        while some := dict(islice(articles, PART_ARTICLES)):
            yield OpeningPart(articles=some)
        for _, group in groupby(enumerate(sorted(self.ratings)), lambda item: item[0] // 500):
            yield OpeningPart(
                ratings={article: _by_score(self.ratings[article]) for _, article in group}
            )

    def _check_sums(self) -> None:
        for name, number in self._sums.items():
            if number > SUM_MAX:
                raise InvalidInputError(
                    "The file has {number:,} {field} together, and may have {sum_max:,}.",
                    number=number,
                    field=name,
                    sum_max=SUM_MAX,
                )

    def _flush(self) -> None:
        with self._database:
            self._database.executemany(
                _ADD_HOUR,
                [(*key, n, self._visits[key]) for key, n in self._views.items()],
            )
            self._database.executemany(
                _ADD_ARTICLE, [(*key, views) for key, views in self._articles.items()]
            )
        self._views.clear()
        self._visits.clear()
        self._articles.clear()


def _by_score(numbers: Counter[int]) -> tuple[int, ...]:
    return tuple(numbers[score] for score in range(1, max(numbers) + 1))
