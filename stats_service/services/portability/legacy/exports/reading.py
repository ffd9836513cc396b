"""Read the tables in the files of one command, and sum them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import BadRow, FileSummary
from stats_service.models.sites import Site
from stats_service.services.portability.legacy.exports.cells import BadCell
from stats_service.services.portability.legacy.exports.dialects import RawTable, raw_tables
from stats_service.services.portability.legacy.exports.events import Events
from stats_service.services.portability.legacy.exports.polls import FoundPolls, LegacyPoll
from stats_service.services.portability.legacy.exports.recognise import (
    Recognised,
    is_wanted,
    recognise,
)
from stats_service.services.portability.legacy.exports.schema import Schema, Shared, TakeRow, Target
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.exports.systems import plain
from stats_service.services.portability.legacy.files import LegacyFile
from stats_service.services.portability.legacy.lines import (
    NAMED_VISIT_SECONDS,
    FileCount,
    KnownLine,
    Lines,
    Recount,
)
from stats_service.services.portability.legacy.tally import Tally

#: Unreadable rows that may be left out: this number or this share of a file, whichever is more, but
#: never half of the rows.
BAD_ROWS_MAX = 10
BAD_ROWS_SHARE = 0.01
#: Number of unreadable rows that the summary names.
BAD_ROWS_TOLD = 10


@dataclass(slots=True)
class _Part:
    """The contents of one table of one file."""

    schema: Schema
    #: Key of the numbers: of two parts with the same key, the larger one counts, or both.
    key: tuple[str, str]
    tally: Tally
    events: Events

    def has(self, what: str) -> bool:
        """Tell whether it has numbers of the `site`, or of its `articles`."""
        return self.tally.has(what) or self.events.added > 0


@dataclass(slots=True)
class _File:
    name: str
    events: Events
    digest: str = ""
    kinds: list[str] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)
    rows: int = 0
    bad: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)
    #: Known tables of the file that are not imported.
    unused: list[str] = field(default_factory=list)


class Outcome(NamedTuple):
    """The result of reading the files of one command."""

    kind: str
    files: list[FileSummary]
    polls: Callable[[float], Iterator[LegacyPoll | str]]
    #: Gives the key of an article by what stands in its events.
    resolve: Callable[[str], str]
    #: Numbers without a date are what the days do not have of a total.
    rest: bool


class ExportReader:
    """Reads the files of one command; a context manager that drops the sums at the end.

    Args:
        source: what the person states about the files.
        hint: the system that the person named; empty: detected by the columns.
        lines: receives the events.
        salt: behind the pseudonyms of the events.
    """

    def __init__(self, source: Source, hint: str, lines: Lines, salt: bytes) -> None:
        self._source = source
        self._lines = lines
        self._salt = salt
        self._hint = hint
        self._shared = Shared(source, FoundPolls())
        self._files: list[_File] = []
        self._tallies: list[Tally] = []

    def __enter__(self) -> "ExportReader":
        """Return the reader."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop the sums."""
        for tally in self._tallies:
            tally.__exit__()

    def read(self, file: LegacyFile) -> None:
        """Read the tables of a file.

        Raises:
            InvalidInputError: no known table, or too many unreadable rows.
        """
        found = _File(file.name, Events(self._lines, self._salt, len(self._files)))
        self._files.append(found)
        unknown: dict[str, None] = {}

        def wanted(table: str, columns: Sequence[str]) -> bool:
            known = is_wanted(self._hint, table, columns)
            if not known:
                unknown[table] = None
            return known

        open_tables: dict[str, tuple[_Part, Recognised, TakeRow]] = {}
        for raw in raw_tables(file.text(), wanted):
            self._table(raw, found, open_tables)
        found.digest = file.digest
        if not found.kinds and unknown:
            raise InvalidInputError(
                "{file} is a dump without a table that is known. It has {tables}.",
                file=file.name,
                tables=", ".join(islice(unknown, 20)),
            )
        self._check_bad(found)

    def finish(self, total: Tally, former: Collection[str] = ()) -> Outcome:
        """Add everything to `total`, except files whose digest is in `former`.

        Raises:
            InvalidInputError: no file has a row, or two systems have the same numbers.
        """
        for finish in self._shared.later:
            finish()
        if not any(file.rows for file in self._files):
            raise InvalidInputError(
                "{file} has no rows: the heading alone, or nothing.",
                file=self._files[0].name if self._files else "?",
            )
        parts = [part for file in self._files for part in file.parts]
        unused = [file for file in self._files if file.unused]
        if unused and not parts:
            raise InvalidInputError(
                "{file} has nothing of {kind} that is brought in: it is the table {table}. Leave "
                "it out; nothing was imported.",
                file=unused[0].name,
                kind=unused[0].kinds[0],
                table=unused[0].unused[0],
            )
        self._check_twice(parts)
        files = [_summary(file) for file in self._files]
        joined: dict[tuple[str, str], Tally] = {}
        for part in self._once(former):
            if part.key in joined:
                joined[part.key].join(part.tally, add=part.schema.events)
            else:
                joined[part.key] = part.tally
        for tally in joined.values():
            total.join(tally, add=True)
        kinds = {part.schema.kind for part in parts if part.schema.brings}
        return Outcome(
            "+".join(sorted(kinds)),
            files,
            lambda now: self._shared.polls.polls(self._source.language, now),
            self._shared.resolve,
            any(part.schema.rest and part.tally.lines for part in parts),
        )

    def _once(self, former: Collection[str]) -> Iterator[_Part]:
        """Yield the parts of all files; a file that was given twice counts once."""
        seen = set(former)
        for number, file in enumerate(self._files):
            if file.digest not in seen:
                yield from file.parts
            elif file.digest in former:
                self._lines.forget(number)
            seen.add(file.digest)

    def _table(
        self,
        raw: RawTable,
        found: _File,
        open_tables: dict[str, tuple[_Part, Recognised, TakeRow]],
    ) -> None:
        known = open_tables.get(raw.name) if raw.name else None
        if known is None:
            if raw.columns is None and not raw.sample:
                raw.sample = list(islice(raw.rows, 1))
                raw.rows = _put_back(raw.sample, raw.rows)
            what = recognise(raw, found.name, self._hint, self._source)
            found.kinds.append(what.schema.kind)
            tally = Tally()
            self._tallies.append(tally)
            table = raw.name or found.name.lower().split(".")[0]
            key = (what.schema.kind, _group(what.schema, table))
            part = _Part(what.schema, key, tally, found.events)
            if what.schema.bind is None:
                found.unused.append(what.schema.table)
                take: TakeRow = _ignore(tally)
            else:
                found.parts.append(part)
                take = what.schema.bind(
                    Target(self._shared, tally, table, found.events), what.columns
                )
            known = part, what, take
            if raw.name:
                open_tables[raw.name] = known
        self._rows(raw, found, known)

    def _rows(self, raw: RawTable, found: _File, known: tuple[_Part, Recognised, TakeRow]) -> None:
        part, what, take = known
        names = what.columns.names
        width, counter, lines = len(names), raw.counter, raw.sample_lines
        rows = raw.rows
        number = 0
        if what.heading:
            next(rows, None)
            number = 1
        bad = 0
        for row in rows:
            number += 1
            if len(row) < width:
                # Early days of Matomo lack columns that later days have.
                row.extend([""] * (width - len(row)))
            try:
                if len(row) > width and any(row[width:]):
                    raise BadCell(str(len(row)), f"the number of columns, {width}")
                take(row)
            except BadCell as error:
                bad += 1
                if len(found.bad_rows) < BAD_ROWS_TOLD:
                    line = lines[number - 1] if number <= len(lines) else counter.line
                    found.bad_rows.append(
                        BadRow(line, _column(names, row, error), error.text, error.wanted)
                    )
            except InvalidInputError as error:
                raise _in_file(found.name, error) from error
        number -= bool(what.heading)
        part.tally.lines += number
        found.rows += number
        if bad:
            part.tally.ignored["bad-cell"] += bad
            found.bad += bad

    def _check_bad(self, found: _File) -> None:
        most = max(BAD_ROWS_MAX, int(found.rows * BAD_ROWS_SHARE))
        if not found.bad or (found.bad <= most and found.bad * 2 < found.rows):
            return
        first = found.bad_rows[0]
        raise InvalidInputError(
            "{file}, line {line}, column {column}: {text!r} is not what the column holds. So it is "
            "with {bad:,} of {rows:,} rows, which is too many: is it the right file, and the right "
            "column? Nothing was imported.",
            file=found.name,
            line=first.line,
            column=first.column or "?",
            text=first.text,
            bad=found.bad,
            rows=found.rows,
        )

    def _check_twice(self, parts: Sequence[_Part]) -> None:
        """Refuse the same numbers from two systems, which would count readers twice."""
        undated = {
            part.schema.undated
            for part in parts
            if part.schema.kind == plain.KIND and "articles" in part.schema.brings
        }
        if len(undated) > 1:
            raise InvalidInputError(
                "The files have the views of the articles by day and in sum, and the same readers "
                "would count twice: take one of the two."
            )
        if len(kinds := _kinds_with(parts, "site")) > 1:
            raise InvalidInputError(
                "The files have the site's views from several counters ({kinds}), and the same "
                "readers would count twice: say which one with --from.",
                kinds=", ".join(kinds),
            )
        if len(kinds := _kinds_with(parts, "articles")) > 1:
            raise InvalidInputError(
                "The files have the views of articles from several counters ({kinds}), and the "
                "same readers would count twice: say which one with --from.",
                kinds=", ".join(kinds),
            )


def event_recount(
    site: Site,
    known: Callable[[int], Iterable[KnownLine]],
    skips: Callable[[str], bool],
    tally: Tally,
    outcome: Outcome,
) -> Recount:
    """Return what goes through the events of the files; see `Recount`."""
    return Recount(
        site,
        known,
        skips,
        tally,
        len(outcome.files),
        gap=NAMED_VISIT_SECONDS,
        ceilings=False,
        resolve=outcome.resolve,
    )


def with_events(file: FileSummary, count: FileCount) -> FileSummary:
    """Return what a file holds, with what its events add."""
    if not count.views and not count.visits and not count.known:
        return file
    days = [day for day in (file.first_day, file.last_day, count.first, count.last) if day]
    return msgspec.structs.replace(
        file,
        views=file.views + count.views,
        visits=file.visits + count.visits,
        known_views=count.known,
        first_day=min(days, default=""),
        last_day=max(days, default=""),
    )


def _kinds_with(parts: Sequence[_Part], what: str) -> list[str]:
    """Return the systems with numbers of the `site`, or of its `articles`."""
    found = (p.schema.kind for p in parts if what in p.schema.brings and p.has(what))
    return sorted(set(found))


def _column(names: Sequence[str], row: Sequence[str], error: BadCell) -> str:
    """Return the name of the column with the unreadable cell."""
    cells = zip(names, row, strict=False)
    return next((name for name, cell in cells if cell.strip() == str(error).strip()), "")


def _put_back(first: list[list[str]], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield from first
    yield from rest


def _ignore(tally: Tally) -> TakeRow:
    def take(_: list[str]) -> None:
        tally.ignored["not-used"] += 1

    return take


def _group(schema: Schema, table: str) -> str:
    """Return the group of a table; tables of one system with the same numbers share a group."""
    if schema.same:
        return schema.same
    return table if schema.any_name or table.endswith(schema.table) else schema.table


def _in_file(name: str, error: InvalidInputError) -> InvalidInputError:
    return type(error)("{file}: " + error.message, file=name, **error.values)


def _summary(file: _File) -> FileSummary:
    days = sorted({day for part in file.parts for day in part.tally.days()})
    totals = [part.tally.totals() for part in file.parts]
    ignored: dict[str, int] = {}
    for part in file.parts:
        for reason, number in part.tally.ignored.items():
            ignored[reason] = ignored.get(reason, 0) + number
    if file.unused and not file.parts:
        ignored["not-used"] = file.rows
    return FileSummary(
        name=file.name,
        format="+".join(dict.fromkeys(file.kinds)),
        digest=file.digest,
        lines=file.rows,
        views=sum(views for views, _ in totals),
        visits=sum(visits for _, visits in totals),
        first_day=days[0] if days else "",
        last_day=days[-1] if days else "",
        ignored=ignored,
        bad_rows=tuple(file.bad_rows),
    )
