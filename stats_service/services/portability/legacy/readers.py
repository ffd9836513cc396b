"""What the visits of a file told of themselves: sums by day and line, bounded as live ones are.

A line is the letter of a dimension and a value (`models.traffic.readers`); the letter alone is
told, under no value that is kept.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from stats_service.models.portability.legacy import DayPart
from stats_service.models.traffic.readers import DIMENSIONS, LETTERS, VERSION_FROM
from stats_service.store.traffic.readers import KEPT

SCHEMA = """
CREATE TABLE readers (day TEXT, line TEXT, visits INTEGER, PRIMARY KEY (day, line)) WITHOUT ROWID;
"""
ADD_READERS = """
INSERT INTO readers VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET visits = visits + excluded.visits
"""
LARGER_READERS = """
INSERT INTO readers VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET
visits = MAX(visits, excluded.visits)
"""
#: Lines that are summed in memory on their way to the database.
SUMMED_LINES = 20_000
#: Stands in what a visit tells for the article at which it began.
ENTRY = "e"

_KEPT = {DIMENSIONS[name].letter: number for name, number in KEPT.items()}
#: A browser with its version is told of the browser.
_BROWSER, _VERSION = DIMENSIONS["browser"].letter, DIMENSIONS["browser_version"].letter


def kept_lines(told: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return what is kept by name of a day, or of a month made of days, and the remainder.

    A version that few visits have becomes its browser; of each dimension those values are kept
    that most visits have.
    """
    sums: Counter[str] = Counter()
    for line, visits in told:
        rare = line[0] == _VERSION and visits < VERSION_FROM
        sums[_BROWSER + line[1:].rpartition(" ")[0] if rare else line] += visits
    named: dict[str, list[str]] = {}
    for line in sums:
        if len(line) > 1 and line[0] in _KEPT:
            named.setdefault(line[0], []).append(line)
    for letter, lines in named.items():
        if len(lines) > _KEPT[letter]:
            lines.sort(key=lambda line: (-sums[line], line))
            for line in lines[_KEPT[letter] :]:
                sums[letter] += sums.pop(line)
    return {line: visits for line, visits in sorted(sums.items()) if visits}


class ReaderSums:
    """Sums by day and line in a scratch database; `Tally` writes them to it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._lines: Counter[tuple[str, str]] = Counter()
        #: Visits by day and all that each told, which many tell alike; and by entry article.
        self._visits: dict[str, dict[str, int]] = {}
        self._entries: dict[str, dict[str, int]] = {}
        self._added = 0

    def __len__(self) -> int:
        """Return how many sums are in memory, at most."""
        return len(self._lines) + self._added

    def add(self, day: str, line: str, visits: int) -> None:
        """Add visits that tell a line."""
        self._lines[day, line] += visits

    def visit(self, day: str, told: str, article: str, visits: int = 1) -> None:
        """Add a visit that began at an article, `""`: at none.

        Args:
            day: on which it began.
            told: its lines, joined by line feeds; `ENTRY` among them stands for the article.
            article: its key.
            visits: -1 takes one back.
        """
        self._added += 2
        of_day = self._visits.setdefault(day, {})
        of_day[told] = of_day.get(told, 0) + visits
        if article and ENTRY in told.split("\n"):
            entries = self._entries.setdefault(day, {})
            entries[article] = entries.get(article, 0) + visits

    def visits(self, day: str, told: Sequence[str], entries: Sequence[str]) -> None:
        """Add visits by what each told, and the articles at which they began, as `visit` does."""
        self._added += len(told) + len(entries)
        for values, by_day in ((told, self._visits), (entries, self._entries)):
            of_day = by_day.setdefault(day, {})
            for value in values:
                of_day[value] = of_day.get(value, 0) + 1

    def flush(self) -> None:
        """Write what is in memory."""
        self._database.executemany(
            ADD_READERS, [(*key, n) for key, n in self._lines.items() if key[1] and n]
        )
        self._lines.clear()
        self._database.executemany(
            ADD_READERS,
            (
                (day, ENTRY + article, n)
                for day, entries in self._entries.items()
                for article, n in entries.items()
                if n
            ),
        )
        self._entries.clear()
        self._database.executemany(ADD_READERS, self._by_line())
        self._visits.clear()
        self._added = 0

    def _by_line(self) -> Iterator[tuple[str, str, int]]:
        """Yield what visits told line by line, some thousands of lines summed at a time."""
        for day, of_day in self._visits.items():
            sums: dict[str, int] = {}
            for told, visits in of_day.items():
                for line in told.split("\n"):
                    sums[line] = sums.get(line, 0) + visits
                if len(sums) > SUMMED_LINES:
                    yield from _of_lines(day, sums)
                    sums.clear()
            yield from _of_lines(day, sums)

    def of_day(self, day: str) -> dict[str, int]:
        """Return what visits of a day told, as it is kept."""
        rows = self._database.execute("SELECT line, visits FROM readers WHERE day = ?", (day,))
        return kept_lines(rows)

    def by_month(self, days: Iterable[str]) -> Iterator[tuple[str, dict[str, int]]]:
        """Yield the months of some sorted days, and what was told in each."""
        sums: Counter[str] = Counter()
        month = ""
        for day in days:
            if day[:7] != month:
                if sums:
                    yield month, kept_lines(sums.items())
                month, sums = day[:7], Counter()
            sums.update(self.of_day(day))
        if sums:
            yield month, kept_lines(sums.items())

    def told(self, before: str) -> dict[str, int]:
        """Return how many visits tell each dimension, by its name, of the days before `before`."""
        rows = self._database.execute(
            "SELECT substr(line, 1, 1), SUM(visits) FROM readers"
            " WHERE day < ?1 OR ?1 = '' GROUP BY 1",
            (before,),
        )
        sums: Counter[str] = Counter()
        for letter, visits in rows:
            sums[LETTERS[_BROWSER if letter == _VERSION else letter]] += visits
        return {name: sums[name] for name in DIMENSIONS if sums[name]}

    def settle(self, visits: Mapping[str, int]) -> int:
        """Bound each day as it is kept, and to the visits that it has.

        Returns:
            How many were told beyond the visits of their days, which are dropped.
        """
        days = [day for (day,) in self._database.execute("SELECT DISTINCT day FROM readers")]
        beyond = 0
        for day in days:
            sums = self.of_day(day)
            for letter, told in _families(sums).items():
                excess = sum(sums[line] for line in told) - visits.get(day, 0)
                if excess > 0:
                    beyond += excess
                    _drop(sums, told, letter, excess)
            self._write(day, sums)
        return beyond

    def bound(self) -> None:
        """Leave of each day what is kept of it, so that it is worked out once."""
        for (day,) in self._database.execute("SELECT DISTINCT day FROM readers").fetchall():
            self._write(day, self.of_day(day), least=None)

    def subtract(self, part: DayPart) -> None:
        """Subtract what an earlier import brought; both are as they are kept.

        No dimension of the day gets more than it has grown by, whatever has a name now.
        """
        if not part.readers:
            return
        sums = self.of_day(part.day)
        families = _families(sums)
        for letter, lines in _families(part.readers).items():
            left = 0
            for line in lines:
                here = sums.get(line, 0)
                less = min(here, part.readers[line])
                left += part.readers[line] - less
                sums[line] = here - less
            if left:
                _drop(sums, families.get(letter, []), letter, left)
        self._write(part.day, sums)

    def _write(self, day: str, sums: Mapping[str, int], least: int | None = 1) -> None:
        """Write the sums of a day, those from `least` on; None: all."""
        kept = {line: n for line, n in sums.items() if least is None or n >= least}
        self._database.execute("DELETE FROM readers WHERE day = ?", (day,))
        self._database.executemany(ADD_READERS, [(day, line, n) for line, n in kept.items()])


def _of_lines(day: str, sums: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    return ((day, line, n) for line, n in sums.items() if line and line != ENTRY)


def _families(sums: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the lines by letter; versions are with their browsers."""
    found: dict[str, list[str]] = {}
    for line in sums:
        letter = _BROWSER if line[0] == _VERSION else line[0]
        found.setdefault(letter, []).append(line)
    return found


def _drop(sums: dict[str, int], lines: Iterable[str], letter: str, number: int) -> None:
    """Take visits away from lines: from what has no name first, then from the rarest."""
    for line in sorted(lines, key=lambda line: (line != letter, sums[line], line)):
        less = min(sums[line], number)
        sums[line] -= less
        number -= less
