"""Parse a file into tables; the first lines tell the format."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.sql import Wanted, sql_tables

#: Longest cell, in characters; titles and referrers are not used but must be parsed.
CELL_MAX = 1_000_000
#: Number of rows by which the format and the table are recognised.
SAMPLE_ROWS = 20
#: Longest JSON file in characters, because it is parsed as a whole; JSON Lines may be longer.
JSON_MAX = 50_000_000

_DELIMITERS = ",;\t|"
_NULLS = ("NULL", r"\N")
_SQL = ("--", "/*", "insert ", "create ", "set ", "drop ", "use ", "copy ", "lock ", "replace ")


@dataclass(slots=True)
class RawTable:
    """A table of a file."""

    #: Name of the table in the dump, in lower case; empty: unknown.
    name: str
    #: Names of the columns, or the cells of a possible heading, in lower case; None: unknown.
    columns: tuple[str, ...] | None
    #: The first rows, including the heading if there is one; `rows` yields them again.
    sample: Sequence[list[str]]
    rows: Iterator[list[str]]
    counter: "LineCounter"
    #: Line numbers of the ends of the rows in `sample`.
    sample_lines: Sequence[int] = ()


class LineCounter:
    """Holds the line number at the end of the row that was yielded last."""

    def __init__(self) -> None:
        self.line = 0


def is_table(lines: Sequence[str]) -> bool:
    """Return whether the first lines of a file look like a table or a dump."""
    first = next((line for line in lines if line.strip()), "").lstrip("\ufeff \t").lower()
    return first.startswith((*_SQL, "{", "[")) or any(sign in first for sign in _DELIMITERS)


def raw_tables(lines: Iterator[str], wanted: Wanted) -> Iterator[RawTable]:
    """Yield the tables of a file; of a dump, only the wanted ones.

    Raises:
        InvalidInputError: the file is not a table.
    """
    counter = LineCounter()
    counted = _counted(lines, counter)
    first = list(islice(counted, 1))
    while first and not first[0].strip():
        first = list(islice(counted, 1))
    if not first:
        return
    begin = first[0].lstrip("\ufeff \t").lower()
    everything = chain(first, counted)
    if begin.startswith(_SQL):
        for name, columns, rows in sql_tables(everything, wanted):
            yield RawTable(name, columns or None, (), rows, counter)
    elif begin.startswith(("{", "[")):
        yield from _json(everything, counter)
    else:
        yield _delimited(chain(first, lines), counter)


def _counted(lines: Iterator[str], counter: LineCounter) -> Iterator[str]:
    for counter.line, line in enumerate(lines, 1):
        yield line


def _delimited(lines: Iterator[str], counter: LineCounter) -> RawTable:
    csv.field_size_limit(CELL_MAX)
    sample = list(islice(lines, SAMPLE_ROWS))
    excel = sample[0].lower().startswith("sep=")
    delimiter = sample.pop(0)[4:5] if excel else _delimiter(sample)
    counter.line += excel - 1
    rows = _parsed(chain(sample, lines), delimiter, counter)
    head: list[list[str]] = []
    numbers: list[int] = []
    for row in islice(rows, SAMPLE_ROWS):
        head.append(row)
        numbers.append(counter.line)
    names = tuple(cell.strip().lower() for cell in head[0]) if head else None
    return RawTable("", names, head, chain(head, rows), counter, numbers)


def _delimiter(sample: Sequence[str]) -> str:
    """Return the delimiter: the one with which most rows have the same number of cells."""
    best, found = (0, 0), ","
    for delimiter in _DELIMITERS:
        widths = Counter(map(len, _parsed(iter(sample), delimiter, LineCounter())))
        width, number = max(widths.items(), key=lambda item: (item[1], item[0]))
        if width > 1 and (number, width) > best:
            best, found = (number, width), delimiter
    return found


def _parsed(lines: Iterator[str], delimiter: str, counter: LineCounter) -> Iterator[list[str]]:
    """Yield each row; `counter` has the lines before the first one, then up to each one's end."""
    before = counter.line
    # mysql -B writes no quotes, and a title may begin with one.
    plain = delimiter == "\t"
    reader = csv.reader(
        lines, delimiter=delimiter, quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL
    )
    try:
        for row in reader:
            if not row:
                continue
            if plain and row[0].startswith('"'):
                row[:] = [cell.strip('"') for cell in row]
            if "NULL" in row or r"\N" in row:
                row[:] = ["" if cell in _NULLS else cell for cell in row]
            counter.line = before + reader.line_num
            yield row
    except csv.Error as error:
        raise InvalidInputError("The file is no CSV: {error}.", error=error) from error


def _json(lines: Iterator[str], counter: LineCounter) -> Iterator[RawTable]:
    """Yield the tables of phpMyAdmin's JSON, or the one table of a JSON Lines file."""
    first = next(lines)
    try:
        value = msgspec.json.decode(first)
    except msgspec.DecodeError:
        value = None
    if isinstance(value, dict) and value.get("type") != "header":
        names = tuple(name.lower() for name in value)
        rows = _objects(chain((first,), lines), names)
        head = list(islice(rows, SAMPLE_ROWS))
        yield RawTable("", names, (), chain(head, rows), counter)
        return
    text = first
    for line in lines:
        text += line
        if len(text) > JSON_MAX:
            raise InvalidInputError("The file has too much JSON at once: export it as CSV or SQL.")
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise InvalidInputError("The file is no JSON: {error}.", error=error) from error
    parts = value if isinstance(value, list) else [value]
    tables = [part for part in parts if isinstance(part, dict) and part.get("type") == "table"]
    if not tables and parts and all(isinstance(part, dict) for part in parts):
        tables = [{"name": "", "data": parts}]
    for table in tables:
        objects = [row for row in table.get("data") or () if isinstance(row, dict)]
        names = tuple(dict.fromkeys(name.lower() for row in objects for name in row))
        cells = ([_text(_lower(row).get(name)) for name in names] for row in objects)
        yield RawTable(str(table.get("name", "")).lower(), names, (), cells, counter)


def _objects(lines: Iterator[str], names: Sequence[str]) -> Iterator[list[str]]:
    for line in lines:
        if not line.strip():
            continue
        try:
            value = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise InvalidInputError("The file is no JSON: {error}.", error=error) from error
        row = _lower(value) if isinstance(value, dict) else {}
        yield [_text(row.get(name)) for name in names]


def _lower(row: dict[str, object]) -> dict[str, object]:
    return {name.lower(): value for name, value in row.items()}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)
