"""Sums a file of any size by day, hour and article, with bounded memory and disk space."""

import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice

from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import (
    PART_ARTICLES,
    DayPart,
    MonthPart,
    OpeningPart,
    Part,
)
from stats_service.services.portability.legacy import readers
from stats_service.services.portability.legacy.readers import ReaderSums
from stats_service.services.portability.legacy.scratch import scratch_database, when_full

#: Number of additions to sums in memory before they are added to those on disk.
MEMORY_SUMS = 200_000
#: Most bytes of temporary disk space for the sums; counting and sorting names for the summary takes
#: at most as much again. Seven million pairs of day and article of 100 bytes: ten years of two
#: thousand articles a day.
DISK_MAX_BYTES = 2**30
#: Most views, visits, and article views of a file: Redis adds article views exactly up to 2^53.
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
_LARGER_HOUR = """
INSERT INTO hours VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
views = MAX(views, excluded.views), visits = MAX(visits, excluded.visits)
"""
_LARGER_ARTICLE = """
INSERT INTO articles VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
views = MAX(views, excluded.views)
"""


class Tally:
    """The sums of a file; a context manager that drops them at the end.

    The numbers of a day are the sum of its hours, including the hour `""` for numbers that a source
    has by day only. The day `""` is for numbers without a date.
    """

    def __init__(self, disk_max_bytes: int = DISK_MAX_BYTES) -> None:
        self._disk_max_bytes = disk_max_bytes
        self._database = scratch_database(_SCHEMA + readers.SCHEMA, disk_max_bytes)
        self._readers = ReaderSums(self._database)
        self._views: Counter[tuple[str, str]] = Counter()
        self._visits: Counter[tuple[str, str]] = Counter()
        #: Views by day and article, and how often they have been added to.
        self._articles: dict[str, dict[str, int]] = {}
        self._added = 0
        self._sums: Counter[str] = Counter()
        #: Ratings by article and score.
        self.ratings: dict[str, Counter[int]] = {}
        self.ignored: Counter[str] = Counter()
        self.lines = 0

    def __enter__(self) -> "Tally":
        """Return the tally."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop the sums."""
        self._database.close()

    def add(self, day: str, hour: str = "", *, views: int = 0, visits: int = 0) -> None:
        """Add to the numbers of the site."""
        self._sums["views"] += views
        self._sums["visits"] += visits
        self._views[day, hour] += views
        self._visits[day, hour] += visits

    def add_article(self, day: str, article: str, views: int = 1) -> None:
        """Add to the views of an article."""
        self._sums["views of articles"] += views
        of_day = self._articles.setdefault(day, {})
        of_day[article] = of_day.get(article, 0) + views
        self._added += 1
        if self._added >= MEMORY_SUMS:
            self._flush()

    def add_articles(self, day: str, articles: Collection[str]) -> None:
        """Add a view to each of some articles, which may come several times."""
        self._sums["views of articles"] += len(articles)
        of_day = self._articles.setdefault(day, {})
        for article in articles:
            of_day[article] = of_day.get(article, 0) + 1
        self._added += len(articles)
        if self._added >= MEMORY_SUMS:
            self._flush()

    def tell(self, day: str, line: str, visits: int) -> None:
        """Add visits that tell a line: the letter of a dimension and a value."""
        self._readers.add(day, line, visits)
        if len(self._readers) >= MEMORY_SUMS:
            self._flush()

    def tell_visit(self, day: str, told: str, article: str, visits: int = 1) -> None:
        """Add a visit with all that it tells; see `ReaderSums.visit`."""
        self._readers.visit(day, told, article, visits)
        if len(self._readers) >= MEMORY_SUMS:
            self._flush()

    def tell_visits(self, day: str, told: Sequence[str], entries: Sequence[str]) -> None:
        """Add visits by what each tells, and the articles at which they began."""
        self._readers.visits(day, told, entries)
        if len(self._readers) >= MEMORY_SUMS:
            self._flush()

    def told(self, before: str = "") -> dict[str, int]:
        """Return how many visits tell each dimension, by its name; `before` as in `totals`."""
        self._flush()
        return self._readers.told(before)

    def settle_readers(self, earlier: Mapping[str, int]) -> None:
        """Bound what visits tell of each day, and to the visits here or `earlier` of the day."""
        visits = {day: visits for day, (_, visits) in self.day_sums().items()}
        visits |= {day: number for day, number in earlier.items() if number > visits.get(day, 0)}
        with self._disk(), self._database:
            if beyond := self._readers.settle(visits):
                self.ignored["told-beyond"] += beyond

    def bound_readers(self) -> None:
        """Leave of what visits tell of each day what is kept of it."""
        self._flush()
        with self._disk(), self._database:
            self._readers.bound()

    def undate(self, before: str) -> None:
        """Sum all days before `before` as one without a date, and drop the other days."""
        self._flush()
        with self._disk(), self._database as base:
            base.executescript(
                """
                CREATE TEMP TABLE all_hours AS SELECT TOTAL(views) AS views, TOTAL(visits) AS visits
                    FROM hours WHERE 0;
                CREATE TEMP TABLE all_articles AS SELECT article, views FROM articles WHERE 0;
                """
            )
            base.execute(
                "INSERT INTO all_hours SELECT SUM(views), SUM(visits) FROM hours"
                " WHERE day < ?1 OR ?1 = ''",
                (before,),
            )
            base.execute(
                "INSERT INTO all_articles SELECT article, SUM(views) FROM articles"
                " WHERE day < ?1 OR ?1 = '' GROUP BY article",
                (before,),
            )
            base.executescript(
                """
                DELETE FROM hours; DELETE FROM articles; DELETE FROM readers;
                INSERT INTO hours SELECT '', '', views, visits FROM all_hours WHERE views OR visits;
                INSERT INTO articles SELECT '', article, views FROM all_articles;
                DROP TABLE all_hours; DROP TABLE all_articles;
                """
            )

    def subtract(
        self,
        parts: Iterable[Part],
        *,
        rest: bool = False,
        known_visits: int = 0,
    ) -> int:
        """Subtract what is already imported; return how many views of the site that were.

        Of a number that has grown, the growth is left; of one that has shrunk, nothing.

        Args:
            parts: of earlier imports.
            rest: visits without a date are what the days do not have of a total, so that days that
                are in and that these sums know no more stand in them.
            known_visits: visits on days that these sums know although they are no part of them.
        """
        self._flush()
        before = self.totals()[0]
        dated, were = -known_visits, self.dated_visits()
        derived = self.is_derived()
        with self._disk(), self._database as base:
            for part in parts:
                if isinstance(part, MonthPart):
                    continue
                day = part.day if isinstance(part, DayPart) else ""
                dated += part.visits if day else 0
                hours = dict(part.hours) if isinstance(part, DayPart) else {}
                hours[""] = (
                    part.views - sum(views for views, _ in hours.values()),
                    part.visits - sum(visits for _, visits in hours.values()),
                )
                base.executemany(
                    "UPDATE hours SET views = MAX(0, views - ?), visits = MAX(0, visits - ?)"
                    " WHERE day = ? AND hour = ?",
                    [(views, visits, day, hour) for hour, (views, visits) in hours.items()],
                )
                base.executemany(
                    "UPDATE articles SET views = MAX(0, views - ?) WHERE day = ? AND article = ?",
                    [(views, day, article) for article, views in part.articles.items()],
                )
                if isinstance(part, DayPart):
                    self._readers.subtract(part)
                else:
                    for article, counts in part.ratings.items():
                        self.ratings.get(article, Counter()).subtract(dict(enumerate(counts, 1)))
            if rest:
                lost = max(0, dated - (were - self.dated_visits()))
                base.execute("UPDATE hours SET visits = MAX(0, visits - ?) WHERE day = ''", (lost,))
            self._derive(derived)
            base.execute("DELETE FROM hours WHERE views = 0 AND visits = 0")
            base.execute("DELETE FROM articles WHERE views = 0")
        ratings = {article: +counts for article, counts in self.ratings.items()}
        self.ratings = {article: counts for article, counts in ratings.items() if counts}
        return before - self.totals()[0]

    def join(self, other: "Tally", *, add: bool = False) -> None:
        """Add another file's sums; of a sum in both, take the larger, or the total with `add`."""
        derived = not add and self.is_derived() and other.is_derived()
        self._flush()
        hours, articles = (_ADD_HOUR, _ADD_ARTICLE) if add else (_LARGER_HOUR, _LARGER_ARTICLE)
        told = readers.ADD_READERS if add else readers.LARGER_READERS
        with self._disk(), self._database as base:
            base.executemany(hours, other.rows("SELECT * FROM hours"))
            base.executemany(articles, other.rows("SELECT * FROM articles"))
            base.executemany(told, other.rows("SELECT * FROM readers"))
            self._derive(derived)
        for article, counts in other.ratings.items():
            before = self.ratings.get(article, Counter())
            self.ratings[article] = before + counts if add else before | counts
        self.ignored += other.ignored
        self.lines += other.lines
        self._sums["views"], self._sums["visits"] = self.totals()
        self._sums["views of articles"] = self.article_views()
        self._check_sums()

    def has(self, what: str) -> bool:
        """Return whether there are numbers of the `site`, or of its `articles`."""
        return any(self.totals()) if what == "site" else bool(self.article_views())

    def has_sums(self) -> bool:
        """Return whether there is any number."""
        return bool(any(self.totals()) or self.article_views() or self.ratings or self.told())

    def undated(self) -> tuple[int, int, int]:
        """Return the views, visits and views of articles without a date."""
        self._flush()
        (row,) = self._database.execute(
            "SELECT (SELECT TOTAL(views) FROM hours WHERE day = ''),"
            " (SELECT TOTAL(visits) FROM hours WHERE day = ''),"
            " (SELECT TOTAL(views) FROM articles WHERE day = '')"
        )
        views, visits, articles = map(int, row)
        return views, visits, articles

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows of a query on the sums."""
        self._flush()
        return iter(self._database.execute(query))

    def is_derived(self) -> bool:
        """Return whether the site's undated views are the sum of those of the articles."""
        self._flush()
        (views,) = self._database.execute(
            "SELECT TOTAL(views) FROM hours WHERE day = ''"
        ).fetchone()
        (articles,) = self._database.execute(
            "SELECT TOTAL(views) FROM articles WHERE day = ''"
        ).fetchone()
        return bool(views == articles)

    def _derive(self, derived: bool) -> None:
        if derived:
            self._database.execute(
                "UPDATE hours SET views = (SELECT COALESCE(SUM(views), 0) FROM articles"
                " WHERE day = '') WHERE day = '' AND hour = ''"
            )

    def totals(self, before: str = "") -> tuple[int, int]:
        """Return views and visits, of the days before `before` if it is given."""
        self._flush()
        row = self._database.execute(
            "SELECT TOTAL(views), TOTAL(visits) FROM hours WHERE day < ?1 OR ?1 = ''", (before,)
        ).fetchone()
        return int(row[0]), int(row[1])

    def article_views(self, before: str = "") -> int:
        """Return the views of all articles together; `before` as in `totals`."""
        self._flush()
        (views,) = self._database.execute(
            "SELECT TOTAL(views) FROM articles WHERE day < ?1 OR ?1 = ''", (before,)
        ).fetchone()
        return int(views)

    def days(self, before: str = "") -> list[str]:
        """Return the days with numbers, in order."""
        self._flush()
        rows = self._database.execute(
            "SELECT day FROM hours WHERE day <> '' UNION SELECT day FROM articles WHERE day <> ''"
            " UNION SELECT day FROM readers WHERE day <> '' AND visits <> 0 ORDER BY day"
        )
        return [day for (day,) in rows if not before or day < before]

    def articles(
        self, most: int, before: str = "", targets: Mapping[str, str] | None = None
    ) -> tuple[int, list[tuple[str, int, str]]]:
        """Return how many articles there are, and the most viewed ones.

        Args:
            most: how many of these.
            before: as in `totals`.
            targets: articles that were merged or renamed, with those for which they count.

        Returns:
            Their number; and of the most viewed ones the article, its views, and a key that the
            files have of it: its own if they do.
        """
        self._flush()
        with self._disk(), self._database as base:
            base.execute("CREATE TEMP TABLE targets (key TEXT PRIMARY KEY, target TEXT)")
            base.executemany("INSERT INTO targets VALUES (?, ?)", (targets or {}).items())
            rows = base.execute(
                "SELECT COALESCE(target, article) AS name, SUM(views) AS views, COUNT(*) OVER (),"
                " MAX(article = COALESCE(target, article)), MIN(article)"
                " FROM articles LEFT JOIN targets ON key = article"
                " WHERE day < ?1 OR ?1 = '' GROUP BY name ORDER BY views DESC, name LIMIT ?2",
                (before, most),
            ).fetchall()
            base.execute("DROP TABLE targets")
        return rows[0][2] if rows else 0, [
            (name, views, name if own else former) for name, views, _, own, former in rows
        ]

    def day_views(self, before: str = "") -> dict[str, int]:
        """Return the views of each day."""
        self._flush()
        rows = self._database.execute(
            "SELECT day, SUM(views) FROM hours WHERE day <> '' AND (day < ?1 OR ?1 = '')"
            " GROUP BY day ORDER BY day",
            (before,),
        )
        return dict(rows)

    def dated_visits(self) -> int:
        """Return the visits of all days."""
        (visits,) = self._database.execute(
            "SELECT TOTAL(visits) FROM hours WHERE day <> ''"
        ).fetchone()
        return int(visits)

    def day_sums(self, before: str = "") -> dict[str, tuple[int, int]]:
        """Return the views and visits of each day."""
        self._flush()
        rows = self._database.execute(
            "SELECT day, SUM(views), SUM(visits) FROM hours"
            " WHERE day <> '' AND (day < ?1 OR ?1 = '') GROUP BY day ORDER BY day",
            (before,),
        )
        return {day: (views, visits) for day, views, visits in rows}

    def day_parts(self, before: str = "") -> Iterator[DayPart]:
        """Yield the parts to add to each day, in the same order and sizes every time."""
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
            told = self._readers.of_day(day)
            yield DayPart(
                day=day, views=views, visits=visits, hours=hours, articles=first, readers=told
            )
            while more := dict(islice(articles, PART_ARTICLES)):
                yield DayPart(day=day, articles=more)

    def month_parts(self, before: str = "") -> Iterator[MonthPart]:
        """Yield what visits told in each month of these days."""
        for month, told in self._readers.by_month(self.days(before)):
            yield MonthPart(month=month, readers=told)

    def opening_parts(self) -> Iterator[OpeningPart]:
        """Yield the parts to add to the opening balances: the numbers without a date."""
        views, visits, _ = self.undated()
        if views or visits:
            yield OpeningPart(views=views, visits=visits)
        articles = self._database.execute(
            "SELECT article, views FROM articles WHERE day = '' ORDER BY article"
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
        self._check_sums()
        with self._disk(), self._database:
            self._database.executemany(
                _ADD_HOUR,
                [(*key, n, self._visits[key]) for key, n in self._views.items()],
            )
            self._database.executemany(
                _ADD_ARTICLE,
                (
                    (day, article, views)
                    for day, of_day in self._articles.items()
                    for article, views in of_day.items()
                ),
            )
            self._readers.flush()
        self._views.clear()
        self._visits.clear()
        self._articles.clear()
        self._added = 0

    def _disk(self) -> contextlib.AbstractContextManager[None]:
        return when_full(
            InvalidInputError(
                "The file names so many articles on so many days that adding them up takes more "
                "temporary disk than the {megabytes:,} MB that it may, or than there is. Split it, "
                "by year for example, or leave out what no reader asked for.",
                megabytes=self._disk_max_bytes // 10**6,
            )
        )


def _by_score(numbers: Counter[int]) -> tuple[int, ...]:
    return tuple(numbers[score] for score in range(1, max(numbers) + 1))
