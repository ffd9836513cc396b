"""CSV exports of other counters, by their documented columns (docs/legacy.md)."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.services.articles.keys import canonical_article
from stats_service.services.periods import (
    FIRST_DAY,
    FIRST_MOMENT,
    LAST_DAY,
    LAST_MOMENT,
    is_countable_day,
    periods_at,
)
from stats_service.services.portability.legacy.tally import Tally
from stats_service.services.visitors.bots import is_bot

Row = Mapping[str, str]

#: Largest number that one cell may hold.
NUMBER_MAX = 10**12
#: Longest cell, in characters; titles and referrers are skipped but must be read.
CELL_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that a reader of exports needs to know of the site."""

    site: Site
    #: Address of an article by the id of its post; for the tables of WordPress.
    posts: Mapping[str, str] = field(default_factory=dict)
    #: What `posts` does not have: `{id}` stands for the post's id.
    pattern: str = "/?p={id}"

    def article(self, text: str) -> str:
        """Return the key of an article, or an empty text if it can be none."""
        try:
            return canonical_article(text, self.site.article_parameters) if text else ""
        except InvalidInputError:
            return ""

    def post(self, number: str) -> str:
        """Return the key of the article that a post of WordPress is."""
        return self.article(self.posts.get(number) or self.pattern.replace("{id}", number))


Reader = Callable[[Source, Iterator[Row], Tally], None]


def read_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Give the rows of a CSV file by the lower-case names of its columns."""
    csv.field_size_limit(CELL_MAX)
    try:
        reader = csv.reader(lines, dialect="excel")
        names = [name.strip().lstrip("\ufeff").lower() for name in next(reader, [])]
        for row in reader:
            if row:
                # Matomo's early days lack the columns that only later ones have.
                cells = row + [""] * (len(names) - len(row))
                yield dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise InvalidInputError("The file is no CSV: {error}.", error=error) from error


def goatcounter(source: Source, rows: Iterator[Row], tally: Tally) -> None:
    """One row a hit, version 2: times in UTC; `FirstVisit` begins a visit."""
    for row in _with(rows, "2path", "event", "bot", "firstvisit", "date"):
        tally.lines += 1
        if _true(row["event"]):
            tally.ignored["event"] += 1
        elif row["bot"] not in ("", "0") or _names_a_program(row):
            tally.ignored["bot"] += 1
        else:
            visits = int(_true(row["firstvisit"]))
            _hit(source, tally, row["date"], row["2path"], visits)


def umami(source: Source, rows: Iterator[Row], tally: Tally) -> None:
    """`website_event`, one row an event: `event_type` 1 is a view; a new `visit_id`, a visit."""
    visits = _Runs()
    for row in _with(rows, "url_path", "event_type", "created_at"):
        tally.lines += 1
        if row["event_type"] != "1" or row.get("event_name"):
            tally.ignored["event"] += 1
            continue
        query = row.get("url_query", "").removeprefix("?")
        path = row["url_path"] + (f"?{query}" if query else "")
        day = row["created_at"][:10]
        new = visits.begin(row.get("visit_id") or row.get("session_id") or "", day)
        _hit(source, tally, row["created_at"], path, int(new))


def plausible_visitors(_: Source, rows: Iterator[Row], tally: Tally) -> None:
    """`imported_visitors_*.csv`: the site's numbers by day."""
    for row in _with(rows, "date", "visits", "pageviews"):
        tally.lines += 1
        tally.add(_day(row["date"]), views=_number(row["pageviews"]), visits=_number(row["visits"]))


def plausible_pages(source: Source, rows: Iterator[Row], tally: Tally) -> None:
    """`imported_pages_*.csv`: views of pages by day; no number of the site's."""
    for row in _with(rows, "date", "page", "pageviews"):
        tally.lines += 1
        if article := source.article(row["page"]):
            tally.add_article(_day(row["date"]), article, _number(row["pageviews"]))
        else:
            tally.ignored["article-invalid"] += 1


def matomo(source: Source, rows: Iterator[Row], tally: Tally) -> None:
    """CSV of the reporting API by day: `API.get`, or `Actions.getPageUrls` with `flat=1`."""
    for row in _with(rows, "date"):
        tally.lines += 1
        if not row.keys().isdisjoint(("label", "url", "metadata_url")):
            address = row.get("metadata_url") or row.get("url")
            article = source.article(address or "/" + row.get("label", "").lstrip("/"))
            if article:
                hits = _number(row.get("nb_hits") or row.get("nb_visits", "0"))
                tally.add_article(_day(row["date"]), article, hits)
            else:
                tally.ignored["article-invalid"] += 1
        else:
            views = row.get("nb_pageviews") or row.get("nb_actions") or ""
            if not {"nb_pageviews", "nb_actions"} & row.keys():
                raise InvalidInputError(
                    "The report of Matomo has neither nb_pageviews nor nb_actions: export it with "
                    "method=API.get and translateColumnNames=0."
                )
            visits = _number(row.get("nb_visits", "0"))
            tally.add(_day(row["date"]), views=_number(views), visits=visits)


def wp_statistics(source: Source, rows: Iterator[Row], tally: Tally) -> None:
    """The table `statistics_visit` (days) or `statistics_pages` (pages by day)."""
    for row in rows:
        tally.lines += 1
        if "last_counter" in row and "visit" in row:
            tally.add(_day(row["last_counter"]), views=_number(row["visit"]))
        elif {"uri", "date", "count"} <= row.keys():
            if article := source.article(row["uri"]):
                tally.add_article(_day(row["date"]), article, _number(row["count"]))
            else:
                tally.ignored["article-invalid"] += 1
        else:
            raise _columns(row, ("last_counter", "visit"), ("uri", "date", "count"))


def wp_postviews(source: Source, rows: Iterator[Row], tally: Tally) -> None:
    """The table `postmeta`: `views` of each post, since ever."""
    for row in _with(rows, "post_id", "meta_key", "meta_value"):
        tally.lines += 1
        article = source.post(row["post_id"]) if row["meta_key"] == "views" else ""
        if article:
            tally.add_article("", article, _number(row["meta_value"]))
            tally.add("", views=_number(row["meta_value"]))
        else:
            tally.ignored["other-meta"] += 1


def wp_postratings(source: Source, rows: Iterator[Row], tally: Tally) -> None:
    """The table `ratings`: one row a rating."""
    for row in _with(rows, "rating_postid", "rating_rating"):
        tally.lines += 1
        score, article = _number(row["rating_rating"]), source.post(row["rating_postid"])
        if article and 1 <= score <= source.site.rating_scale:
            tally.ratings.setdefault(article, Counter())[score] += 1
        else:
            tally.ignored["score-invalid"] += 1


READERS: dict[str, Reader] = {
    "goatcounter": goatcounter,
    "umami": umami,
    "plausible-visitors": plausible_visitors,
    "plausible-pages": plausible_pages,
    "matomo": matomo,
    "wp-statistics": wp_statistics,
    "wp-postviews": wp_postviews,
    "wp-postratings": wp_postratings,
}


def post_addresses(rows: Iterator[Row]) -> dict[str, str]:
    """Return the address of each post out of a CSV file with `id` and `url`, `path` or `guid`."""
    found = {}
    for row in _with(rows, "id"):
        address = row.get("url") or row.get("path") or row.get("permalink") or row.get("guid")
        if not address:
            raise _columns(row, ("id", "url"), ("id", "path"))
        found[row["id"]] = address
    return found


class _Runs:
    """Which visit ids have not been seen on this day or the one before."""

    def __init__(self) -> None:
        self._day = ""
        self._seen: set[str] = set()
        self._before: set[str] = set()

    def begin(self, number: str, day: str) -> bool:
        """Tell whether a row is the first of its visit; ids of former days are forgotten."""
        if not number:
            return False
        if day > self._day:
            self._day, self._before, self._seen = day, self._seen, set()
        if number in self._seen or number in self._before:
            return False
        self._seen.add(number)
        return True


def _hit(source: Source, tally: Tally, moment: str, path: str, visits: int) -> None:
    periods = periods_at(_time(moment), source.site.timezone)
    tally.add(periods.day, periods.hour, views=1, visits=visits)
    if article := source.article(path):
        tally.add_article(periods.day, article)


def _with(rows: Iterator[Row], *wanted: str) -> Iterator[Row]:
    for row in rows:
        if not all(name in row for name in wanted):
            raise _columns(row, wanted)
        yield row


def _columns(row: Row, *wanted: tuple[str, ...]) -> InvalidInputError:
    alternatives = " or ".join(", ".join(names) for names in wanted)
    return InvalidInputError(
        "The file has the columns {row!r}, and needs {alternatives}.",
        row=", ".join(row)[:200],
        alternatives=alternatives,
    )


def _number(text: str) -> int:
    try:
        number = int(float(text or 0))
    except (ValueError, OverflowError):
        number = -1
    if not 0 <= number <= NUMBER_MAX:
        raise InvalidInputError(
            "{text!r} is no number from 0 to {number_max}.", text=text[:40], number_max=NUMBER_MAX
        )
    return number


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text[:10]).isoformat()
    except ValueError as error:
        raise InvalidInputError(
            "{text!r} is no date such as 2026-11-23.", text=text[:40]
        ) from error
    if not is_countable_day(day):
        raise _no_day_to_count(day)
    return day


def _time(text: str) -> float:
    """Return the seconds since 1970 of an ISO time; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    except ValueError as error:
        raise InvalidInputError(
            "{text!r} is no time such as 2026-11-23T09:30:00Z.", text=text[:40]
        ) from error
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not FIRST_MOMENT <= seconds <= LAST_MOMENT:
        raise _no_day_to_count(moment.date().isoformat())
    return seconds


def _no_day_to_count(day: str) -> InvalidInputError:
    return InvalidInputError(
        "The file has numbers of {day}: take out what is before {first_day} or after {last_day}.",
        day=day,
        first_day=FIRST_DAY,
        last_day=LAST_DAY,
    )


def _true(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "t")


def _names_a_program(row: Row) -> bool:
    agent = row.get("useragent", "")  # newer versions leave it empty
    return bool(agent) and is_bot(agent)
