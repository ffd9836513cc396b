"""The lines of access logs and the events of exports, sorted by time on disk, and which are new.

Files come in any order, overlap, and may have been imported in part. So lines are first collected,
then processed by half hour, together with the known lines of earlier imports. If a line occurs as
often as it is known, it is not new; further copies are new. A visit begins where a reader was not
seen for half an hour, in whatever file.

An event of an export is a line whose row says itself what it is: a view, a visit, a rating.
"""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import groupby
from operator import itemgetter, or_
from typing import NamedTuple

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.models.traffic.views import VISIT_GAP_SECONDS
from stats_service.services.periods import QUARTER_SECONDS, is_countable_day, periods_at
from stats_service.services.portability.legacy.marks import (
    DAY_SECONDS,
    Flip,
    Reader,
    pack_flips,
    pack_marks,
    pack_readers,
)
from stats_service.services.portability.legacy.readers import ENTRY
from stats_service.services.portability.legacy.rows import (
    CEILING_SECONDS,
    IN_ORDER,
    ONCE,
    RUN,
    SCORE_SHIFT,
    VIEW,
    VISIT,
    Row,
    pack_rows,
    unpack_rows,
)
from stats_service.services.portability.legacy.scratch import scratch_database, when_full
from stats_service.services.portability.legacy.tally import Tally

#: The ceiling of a /48 as a multiple of that of an address; `record_views.lua` has the same.
IPV6_48_VIEWS_FACTOR = 10
#: Seconds for which an event goes on with a visit that the export names.
NAMED_VISIT_SECONDS = DAY_SECONDS
#: Lines that are written to disk together.
BATCH = 10_000
#: Most bytes of temporary disk space for the lines; sorting needs as much again.
DISK_MAX_BYTES = 2**30
#: Texts of what visits tell that are in memory.
TOLD_MAX = 20_000

_SCHEMA = """
CREATE TABLE lines (bucket INTEGER, file INTEGER, rows BLOB);
CREATE TABLE told (number INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE kept (day INTEGER, marks BLOB, flips BLOB, readers BLOB);
"""


class KnownLine(NamedTuple):
    """A line of an earlier import."""

    at: int
    print: int
    #: Whether it began a visit.
    visit: int
    owner: str
    #: None: not known any more.
    reader: Reader | None


class FileCount:
    """What one file adds."""

    __slots__ = ("first", "known", "last", "views", "visits")

    def __init__(self) -> None:
        self.views = self.visits = self.known = 0
        self.first = self.last = ""

    def add(self, day: str, views: int, visits: int) -> None:
        """Count lines of a day; days come in their order."""
        self.views += views
        self.visits += visits
        if self.last != day:
            self.first, self.last = self.first or day, day


class DayLines(NamedTuple):
    """What is stored about a day of UTC."""

    day: int
    #: Tuples as `Mark` and `Reader` are, in the order of the lines.
    marks: list[tuple[int, int, int]]
    readers: list[tuple[int, int, int]]
    flips: list[Flip]


class _Entry:
    """One line, in any number of files, of which it is the first or which are known."""

    __slots__ = ("file", "known", "line", "reader")

    def __init__(
        self,
        reader: Reader | None,
        known: KnownLine | None,
        line: Row | None = None,
        file: int = -1,
    ) -> None:
        self.reader = reader
        self.known = known
        self.line = line
        #: The last file that had the line.
        self.file = file


class Lines:
    """The lines of some files; a context manager that drops them at the end."""

    def __init__(self, disk_max_bytes: int = DISK_MAX_BYTES) -> None:
        self._disk_max_bytes = disk_max_bytes
        self._database = scratch_database(_SCHEMA, disk_max_bytes)
        self._batch: list[Row] = []
        self._numbers: dict[str, int] = {}
        self._texts: dict[int, str] = {0: ""}
        self._told = 0

    def __enter__(self) -> "Lines":
        """Return the lines."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop the lines."""
        self._database.close()

    def add(self, line: Row) -> None:
        """Add a line."""
        self._batch.append(line)
        if len(self._batch) >= BATCH:
            self._flush()

    def add_packed(
        self, file: int, packed: Mapping[int, bytes], told: Iterable[tuple[int, str]]
    ) -> None:
        """Add lines of a file as `pack_rows` packs them, by half hour, and what has which number.

        Numbers are given out by who packs, or by `number_of`, but not by both.
        """
        with self._disk(), self._database:
            self._database.executemany("INSERT INTO told VALUES (?, ?)", told)
            self._database.executemany(
                "INSERT INTO lines VALUES (?, ?, ?)",
                [(bucket, file, rows) for bucket, rows in packed.items()],
            )

    def number_of(self, told: str) -> int:
        """Return the number of what a visit tells: its lines, as `Tally.tell_visit` takes them."""
        if not told:
            return 0
        number = self._numbers.get(told)
        if number is None:
            self._told += 1
            number = self._told
            with self._disk(), self._database:
                self._database.execute("INSERT INTO told VALUES (?, ?)", (number, told))
            if len(self._numbers) >= TOLD_MAX:
                self._numbers.clear()
            self._numbers[told] = number
        return number

    def text_of(self, number: int) -> str:
        """Return what has this number."""
        text = self._texts.get(number)
        if text is None:
            row = self._database.execute("SELECT text FROM told WHERE number = ?", (number,))
            (text,) = row.fetchone()
            if len(self._texts) >= TOLD_MAX:
                self._texts = {0: ""}
            self._texts[number] = text
        return str(text)

    def forget(self, file: int) -> None:
        """Forget the lines of a file."""
        self._flush()
        with self._disk(), self._database:
            self._database.execute("DELETE FROM lines WHERE file = ?", (file,))

    def buckets(self) -> list[int]:
        """Return the half hours with lines, in order."""
        self._flush()
        rows = self._database.execute("SELECT DISTINCT bucket FROM lines ORDER BY 1")
        return [bucket for (bucket,) in rows]

    def by_bucket(self) -> Iterator[tuple[int, list[Row]]]:
        """Yield the lines of each half hour, by time, mark and file; each is a tuple as `Line`."""
        self._flush()
        with self._disk():
            found = self._database.execute("SELECT bucket, rows FROM lines ORDER BY bucket, rowid")
            for bucket, packed in groupby(found, itemgetter(0)):
                rows = [row for _, some in packed for row in unpack_rows(some)]
                rows.sort(key=IN_ORDER)
                yield bucket, rows

    def keep(self, some: "DayLines") -> None:
        """Collect what is to be stored about a day."""
        packed = (
            some.day,
            pack_marks(some.marks) if some.marks else b"",
            pack_flips(some.flips) if some.flips else b"",
            pack_readers(some.readers) if some.marks else b"",
        )
        with self._disk(), self._database:
            self._database.execute("INSERT INTO kept VALUES (?, ?, ?, ?)", packed)

    def kept(self) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        """Yield what was collected: day of UTC, marks, flips, readers."""
        return iter(self._database.execute("SELECT * FROM kept ORDER BY day"))

    def kept_days(self) -> tuple[int, int] | None:
        """Return the first and the last day of UTC of which something was kept."""
        first, last = self._database.execute("SELECT MIN(day), MAX(day) FROM kept").fetchone()
        return None if first is None else (first, last)

    def _flush(self) -> None:
        packed: dict[tuple[int, int], list[Row]] = {}
        for row in self._batch:
            packed.setdefault((row[0] // CEILING_SECONDS, row[2]), []).append(row)
        self._batch.clear()
        with self._disk(), self._database:
            self._database.executemany(
                "INSERT INTO lines VALUES (?, ?, ?)",
                ((*place, pack_rows(rows)) for place, rows in packed.items()),
            )

    def _disk(self) -> contextlib.AbstractContextManager[None]:
        return when_full(
            InvalidInputError(
                "The files have so many page views that sorting them takes more temporary disk "
                "than the {megabytes:,} MB that it may, or than there is. Split them, by month for "
                "example, and import the parts one after the other.",
                megabytes=self._disk_max_bytes // 10**6,
            )
        )


class Recount:
    """Processes lines by time and adds the new ones to a tally.

    Args:
        site: the site whose settings apply.
        known: returns the lines of earlier imports on a day of UTC, by time.
        skips: returns whether a day, in the site's zone, is left out.
        tally: receives the sums.
        files: number of files.
        gap: seconds after which a reader who comes again begins a visit.
        ceilings: tells whether an address may have only so many views and visits.
        resolve: gives the key of an article that was not known yet when its line was read.
    """

    def __init__(
        self,
        site: Site,
        known: Callable[[int], Iterable[KnownLine]],
        skips: Callable[[str], bool],
        tally: Tally,
        files: int,
        *,
        gap: int = VISIT_GAP_SECONDS,
        ceilings: bool = True,
        resolve: Callable[[str], str] = str,
    ) -> None:
        self._gap = gap
        self._ceilings = ceilings
        self._resolve = resolve
        self._site = site
        self._known = known
        self._skips = skips
        self._tally = tally
        self.files = [FileCount() for _ in range(files)]
        #: Views on days that are left out, and lines above the ceilings.
        self.overlapping = 0
        self._last_seen: dict[int, int] = {}
        #: By reader, what the visit under way told where it began here: day, number, article.
        self._begun: dict[int, tuple[str, int, str]] = {}
        self._text_of: Callable[[int], str] = str
        #: By number, what a visit tells, and whether its article is told.
        self._texts: dict[int, tuple[str, bool]] = {}
        self._swept = 0
        self._views: dict[int, int] = {}
        self._identities: dict[int, int] = {}
        self._known_day = -1
        self._known_lines: dict[int, list[KnownLine]] = {}
        self._kept = DayLines(-1, [], [], [])

    def run(self, lines: Lines) -> Iterator[DayLines]:
        """Process the lines; yield what is to be stored, by day of UTC."""
        self._text_of = lines.text_of
        touched = lines.buckets()
        rows = lines.by_bucket()
        bucket, some = next(rows, (-1, []))
        for number in self._near(touched):
            day = number * CEILING_SECONDS // DAY_SECONDS
            if day != self._kept.day:
                if self._kept.marks or self._kept.flips:
                    yield self._kept
                self._kept = DayLines(day, [], [], [])
            here: list[Row] = []
            if number == bucket:
                here = some
                bucket, some = next(rows, (-1, []))
            known = self._known_in(number)
            if here or known:
                self._bucket(number, known, here)
        if self._kept.marks or self._kept.flips:
            yield self._kept

    def _near(self, touched: Iterable[int]) -> Iterator[int]:
        """Give the half hours in which a new line may join or part visits, in order."""
        reach = -(-self._gap // CEILING_SECONDS)
        after = 0
        for one in touched:
            yield from range(max(after, one - reach), one + reach + 1)
            after = max(after, one + reach + 1)

    def _known_in(self, bucket: int) -> list[KnownLine]:
        day = bucket * CEILING_SECONDS // DAY_SECONDS
        if day != self._known_day:
            self._known_day = day
            found = defaultdict(list)
            for line in self._known(day):
                found[line.at // CEILING_SECONDS].append(line)
            self._known_lines = found
        return self._known_lines.get(bucket, [])

    def _bucket(self, bucket: int, known: list[KnownLine], rows: list[Row]) -> None:
        """Process the lines of half an hour."""
        self._views.clear()
        self._identities.clear()
        gone = bucket * CEILING_SECONDS - self._gap
        if bucket * CEILING_SECONDS >= self._swept + self._gap:
            self._swept = bucket * CEILING_SECONDS
            self._last_seen = {who: last for who, last in self._last_seen.items() if last > gone}
            self._begun = {who: it for who, it in self._begun.items() if who in self._last_seen}
        if not known and len({row[2] for row in rows}) == 1:
            self._count_new(rows)
            return
        entries = self._merged(known, rows)
        for entry in entries:
            if self._ceilings and entry.known and entry.reader:  # towards the ceiling
                _count(self._views, entry.reader)
        new: list[Row] = []
        for entry in entries:
            if entry.line:
                new.append(entry.line)
            elif entry.known and entry.reader:
                self._count_new(new)
                new.clear()
                self._count_known(entry.known, entry.reader)
        self._count_new(new)

    def _merged(self, known: list[KnownLine], rows: list[Row]) -> list[_Entry]:
        """Return each line by time, as often as the file, or Redis, that has it most often."""
        groups: dict[tuple[int, int], list[_Entry]] = {}
        for line in known:
            entry = _Entry(line.reader, line)
            groups.setdefault((line.at, line.print), []).append(entry)
        for row in rows:
            at, mark, file = row[:3]
            group = groups.setdefault((at, mark), [])
            if row[7] & ONCE and any(entry.file == file for entry in group):
                self._tally.ignored["repeated"] += 1
                continue
            reader = Reader._make(row[3:6])
            free = [entry for entry in group if entry.file != file]
            # A line of the same reader, or one whose reader is not known any more.
            same = [entry for entry in free if entry.reader == reader]
            same = same or [entry for entry in free if entry.reader in _UNKNOWN]
            if same:
                same[0].file = file
                same[0].reader = reader
                self.files[file].known += 1
            else:
                group.append(_Entry(reader, None, row, file))
        ordered = sorted(groups.items(), key=itemgetter(0))
        return [entry for _, group in ordered for entry in group]

    def _count_known(self, line: KnownLine, reader: Reader) -> None:
        """Process a known line; a visit that began there may have begun earlier now."""
        if not reader.who:
            return
        last = self._last_seen.get(reader.who)
        self._last_seen[reader.who] = max(last or 0, line.at)
        if not line.visit:
            return
        begun = self._begun.pop(reader.who, None)
        if last is None or line.at - last >= self._gap:
            if self._ceilings:
                _count(self._identities, reader)
            return
        periods = periods_at(line.at, self._site.timezone)
        if not self._skips(periods.day):
            if begun:  # the visit has told where it began before; which line that was is not known
                day, told, article = begun
                self._tally.tell_visit(day, self._text_of(told), article, -1)
            self._tally.add(periods.day, periods.hour, visits=-1)
            self._kept.flips.append(Flip(line.at % DAY_SECONDS, line.print, line.owner))

    # One function: calls for each of a million lines would take as long as the rest of it.
    def _count_new(self, rows: Sequence[Row]) -> None:  # noqa: C901, PLR0912
        """Count lines of half an hour, sorted."""
        kinds = reduce(or_, map(_WHAT, rows), 0)
        if kinds >> SCORE_SHIFT:
            self._rate(rows)
            return
        if kinds & ONCE:
            rows = self._once(rows)
        if self._ceilings:
            rows = self._under_ceilings(rows)
        marks, readers = self._kept.marks, self._kept.readers
        last_seen, begun, gap = self._last_seen, self._begun, self._gap
        hour = _Hour(0, "", "", skipped=False)
        for at, mark, file, who, network, ipv6_48, article, what, told in rows:
            if at >= hour.end:
                self._close(hour)
                hour = self._hour_of(at)
            if what & RUN:
                last = last_seen.get(who)
                if last is not None and at - last < gap:
                    last_seen[who] = at
                    visit = 0
                else:
                    visit = self._begins_visit(at, who, network, ipv6_48)
            else:
                visit = what // VISIT & 1
            if hour.skipped:
                self.overlapping += what & VIEW
                continue
            if what & VIEW:
                hour.views.append(file)
                if article:
                    hour.articles.append(article)
            if visit:
                hour.visits.append(file)
                if told:
                    hour.told.append((told, article))
                    begun[who] = (hour.day, told, article)
            marks.append((at % DAY_SECONDS, mark, visit))
            readers.append((who, network, ipv6_48))
        self._close(hour)

    def _once(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the lines without those that their file has again."""
        pairs = zip(rows, (None, *rows), strict=False)
        found = [row for row, before in pairs if not _repeats(row, before)]
        if len(found) < len(rows):
            self._tally.ignored["repeated"] += len(rows) - len(found)
        return found

    def _under_ceilings(self, rows: Sequence[Row]) -> Sequence[Row]:
        views, ceiling = self._views, self._site.view_ceiling
        if not views:  # nearly always, nothing is near a ceiling
            networks = Counter(map(_NETWORK, rows))
            wider = Counter(filter(None, map(_IPV6_48, rows)))
            most = max(networks.values(), default=0), max(wider.values(), default=0)
            if (
                most[0] <= ceiling
                and most[1] <= ceiling * IPV6_48_VIEWS_FACTOR
                and networks.keys().isdisjoint(wider)
            ):
                views.update(networks)
                views.update(wider)
                return rows
        found = [row for row in rows if not _beyond(views, row[4], row[5], ceiling)]
        if len(found) < len(rows):
            self._tally.ignored["ceiling"] += len(rows) - len(found)
        return found

    def _hour_of(self, at: int) -> "_Hour":
        """Return the quarter of an hour of a moment, in which neither day nor hour changes."""
        end = (at // QUARTER_SECONDS + 1) * QUARTER_SECONDS
        periods = periods_at(at, self._site.timezone)
        return _Hour(end, periods.day, periods.hour, skipped=self._skips(periods.day))

    def _close(self, hour: "_Hour") -> None:
        """Add what was counted in a quarter of an hour."""
        if not (hour.views or hour.visits):
            return
        views, visits = Counter(hour.views), Counter(hour.visits)
        for file in views | visits:
            self.files[file].add(hour.day, views[file], visits[file])
        self._tally.add(hour.day, hour.hour, views=len(hour.views), visits=len(hour.visits))
        self._tally.add_articles(hour.day, hour.articles)
        texts: list[str] = []
        entries: list[str] = []
        for number, article in hour.told:
            text, has_entry = self._texts.get(number) or self._told(number)
            texts.append(text)
            if has_entry and article:
                entries.append(article)
        self._tally.tell_visits(hour.day, texts, entries)

    def _told(self, number: int) -> tuple[str, bool]:
        """Return what has a number, and whether the article is among it."""
        if len(self._texts) >= TOLD_MAX:
            self._texts.clear()
        text = self._text_of(number)
        found = self._texts[number] = text, ENTRY in text.split("\n")
        return found

    def _rate(self, rows: Sequence[Row]) -> None:
        """Count lines of which some are ratings."""
        for row in rows:
            at, mark, key, what = row[0], row[1], row[6], row[7]
            if not what >> SCORE_SHIFT:
                self._count_new((row,))
            elif article := self._resolve(key):
                ratings = self._tally.ratings.setdefault(article, Counter())
                ratings[what >> SCORE_SHIFT] += 1
                self._kept.marks.append((at % DAY_SECONDS, mark, 0))
                self._kept.readers.append(row[3:6])
            else:
                self._tally.ignored["article-invalid"] += 1

    def _begins_visit(self, at: int, who: int, network: int, ipv6_48: int) -> int:
        """Return whether a reader who was not seen for a while begins a visit, as 0 or 1."""
        if self._ceilings and _beyond(self._identities, network, ipv6_48, self._site.identity_cap):
            return 0
        self._last_seen[who] = at
        return 1


class _Hour:
    """What is counted in a quarter of an hour."""

    __slots__ = ("articles", "day", "end", "hour", "skipped", "told", "views", "visits")

    def __init__(self, end: int, day: str, hour: str, *, skipped: bool) -> None:
        self.end = end
        self.day = day
        self.hour = hour
        self.skipped = skipped
        #: Of each view and of each visit, the file.
        self.views: list[int] = []
        self.visits: list[int] = []
        self.articles: list[str] = []
        #: Of visits, the number of what each tells, and its article.
        self.told: list[tuple[int, str]] = []


_NETWORK, _IPV6_48 = itemgetter(4), itemgetter(5)
_WHAT = itemgetter(7)
#: Readers of known lines that are not known any more, or never were.
_UNKNOWN = (None, Reader(0, 0, 0))


def _repeats(row: Row, before: Row | None) -> bool:
    """Return whether a line is the one before it in the same file, once more."""
    return before is not None and row[7] & ONCE > 0 and row[:2] == before[:2]


def _count(counted: dict[int, int], reader: Reader) -> None:
    for network in filter(None, (reader.network, reader.ipv6_48)):
        counted[network] = counted.get(network, 0) + 1


def _beyond(counted: dict[int, int], network: int, ipv6_48: int, ceiling: int) -> bool:
    """Count one line of a network and of its /48, if any; return whether it is above a ceiling."""
    number = counted[network] = counted.get(network, 0) + 1
    if number > ceiling:
        return True
    if ipv6_48:
        number = counted[ipv6_48] = counted.get(ipv6_48, 0) + 1
        return number > ceiling * IPV6_48_VIEWS_FACTOR
    return False


def check_days(days: Iterable[str]) -> None:
    """Return if `days` are ISO dates; otherwise raise InvalidInputError."""
    for day in days:
        if not is_countable_day(day):
            raise InvalidInputError("{text!r} is no date such as 2026-11-23.", text=day[:40])


def skipping(before: str, days: Collection[str] = ()) -> Callable[[str], bool]:
    """Return a function that tells if a day is left out: from `before` on, or one of `days`."""
    return lambda day: bool(before and day >= before) or day in days
