"""Tables of a site for spreadsheets: one CSV file each, or a workbook with a sheet each."""

import csv
import io
import traceback
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import IO, Any

import msgspec
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from stats_service.models.portability.archive import Row, columns, flat, table_name

#: Rows of a sheet in XLSX, the headings among them.
SHEET_ROWS = 1_048_576
#: Characters of a cell in XLSX.
CELL_LENGTH = 32_767
#: A spreadsheet reads a text with such a first character as a formula; some also accept the
#: full-width and small East Asian forms. Article keys and free texts come from visitors.
_FORMULA = frozenset("=+-@\t\r" + "＝＋－＠" + "﹦﹢﹣﹫")
#: Unicode categories that a spreadsheet may strip first: invisible characters (U+200B, a second
#: byte order mark), controls, spaces.
_DROPPED = frozenset(("Cf", "Cc", "Zs", "Zl", "Zp"))


def write_csv(rows: Iterable[Row], folder: Path) -> list[Path]:
    """Write `<table>.csv` into `folder` for each table of `rows`; return the files.

    They get their names once all are whole: a full disk leaves no part of a table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[Path, Path] = {}
    try:
        for name, table in groupby(rows, table_name):
            path = folder / f"{name}.csv"
            parts[path] = folder / f"{name}.csv.part"
            # Excel needs the BOM
            with parts[path].open("w", encoding="utf-8-sig", newline="") as file:
                for line in csv_lines(table):
                    file.write(line)
        for path, part in parts.items():
            part.replace(path)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return list(parts)


def csv_lines(rows: Iterable[Row], table: str = "") -> Iterator[str]:
    """Yield the rows of one table as lines of CSV, headings first.

    If there are no rows, the headings come from `table`, if it is given.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for number, row in enumerate(rows):
        values = flat(row)
        if number == 0:
            writer.writerow(values)
        writer.writerow([escape_formula(_plain(value)) for value in values.values()])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        table = ""
    if table:
        writer.writerow(columns(table))
        yield buffer.getvalue()


def write_xlsx(rows: Iterable[Row], place: Path | IO[bytes]) -> None:
    """Write a workbook with a sheet for each table; a long table is split over several sheets.

    OSError if the disk takes no more.
    """
    if not isinstance(place, Path):
        _write_book(rows, place)
        return
    with _UntilFull(place, "w") as file:
        try:
            _write_book(rows, file)  # closes the book, and with it the archive
        except FileCreateError as error:
            # Ends the half archive while its file is open: it would complain on stderr later.
            cause = error.args[0]
            traceback.clear_frames(cause.__traceback__)
            raise OSError(*cause.args) from None


class _UntilFull(io.FileIO):
    """A file that takes all of what it is given, or, once its disk was full, nothing."""

    _full = False

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Write all of `data`."""
        left = memoryview(data).cast("B")
        number = len(left)
        while left and not self._full:
            try:
                left = left[super().write(left) or 0 :]
            except OSError:
                self._full = True
                raise
        return number


def _write_book(rows: Iterable[Row], file: IO[bytes]) -> None:
    with ExitStack() as stack:
        options = {"constant_memory": True, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options)
        stack.callback(book.close)
        bold = book.add_format({"bold": True})
        for name, table in groupby(rows, table_name):
            sheet, line, part = book.add_worksheet(name), 0, 1
            for row in table:
                if line == SHEET_ROWS:
                    part, line = part + 1, 0
                    sheet = book.add_worksheet(f"{name} {part}")
                values = flat(row)
                if line == 0:
                    sheet.freeze_panes(1, 0)
                    sheet.write_row(0, 0, list(values), bold)
                    line = 1
                for column, value in enumerate(values.values()):
                    _write_cell(sheet, line, column, _plain(value))
                line += 1


def escape_formula(value: str | float | None) -> str | float | None:
    """Return a value that no spreadsheet reads as a formula."""
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def _is_formula(text: str) -> bool:
    for char in text:
        if char in _FORMULA:
            return True
        if unicodedata.category(char) not in _DROPPED:
            return False
    return False


def _write_cell(sheet: Any, line: int, column: int, value: str | float) -> None:
    if isinstance(value, str):
        sheet.write_string(line, column, value[:CELL_LENGTH])
    else:
        sheet.write_number(line, column, value)


def _plain(value: Any) -> str | float:
    if isinstance(value, str | int | float):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
